// The speaker's time, as a moderator sets it and everybody in the room sees it. Pure.

/** @typedef {{since: number, seconds: number} | null} Timer  `since` in epoch milliseconds */

/** What a moderator may give. @type {readonly number[]} */
export const TIMER_MINUTES = Object.freeze([1, 2, 3, 5, 10]);
/** The last seconds are shown otherwise. */
export const TIMER_SOON_S = 30;

/**
 * @param {{timer?: Timer}} state
 * @param {number} now_ms  epoch milliseconds, by the server's clock
 * @returns {{left_s: number, phase: "running" | "soon" | "over"} | null} negative seconds once it is over
 */
export function timerNow({ timer = null }, now_ms) {
  if (!timer) return null;
  const left_s = Math.ceil(timer.seconds - (now_ms - timer.since) / 1000);
  return { left_s, phase: left_s <= 0 ? "over" : left_s <= TIMER_SOON_S ? "soon" : "running" };
}
