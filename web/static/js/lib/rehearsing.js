// The rehearsal's checklist as rows to be shown. No DOM.

/** @typedef {"ok" | "bad" | "hand"} CheckState */
/** @typedef {{state: CheckState, by: string | null, at: number}} Kept  how a check stood when it was kept or ticked */
/**
 * @typedef {object} Check
 * @property {string} id
 * @property {CheckState} state
 * @property {string} words  in the page's language, with what to do
 * @property {Record<string, Kept | null>} kept  by stage
 */
/** @typedef {{now: number, checks: Check[]}} Checklist */

/** Shapes that can be told apart without colour. @type {Record<CheckState, string>} */
export const SIGNS = { ok: "✓", bad: "✗", hand: "?" };

/**
 * Ask for the checklist again and again, one question at a time, until it is stopped.
 * @param {() => Promise<Checklist | null>} ask  null when the server did not answer
 * @param {(list: Checklist) => void} show
 * @param {import("./timing.js").Timers} timers
 * @param {number} every_ms
 * @returns {() => void} stops it
 */
export function keepAsking(ask, show, timers, every_ms) {
  let isOver = false;
  let timer = timers.after(next, every_ms);
  async function next() {
    const list = await ask();
    if (isOver) return;
    if (list) show(list);
    timer = timers.after(next, every_ms);
  }
  return () => {
    isOver = true;
    timers.cancel(timer);
  };
}

/**
 * How many checks stand how.
 * @param {Check[]} checks
 * @returns {Record<CheckState, number>}
 */
export function tally(checks) {
  const counts = { ok: 0, bad: 0, hand: 0 };
  for (const { state } of checks) counts[state] += 1;
  return counts;
}
