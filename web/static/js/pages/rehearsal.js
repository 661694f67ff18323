// The rehearsal's checklist: looked at every three seconds, ticked by hand, kept at T−60 and T−10, printed.

import { SIGNS, keepAsking, tally } from "../lib/rehearsing.js";
import { browserTimers } from "../lib/timing.js";
import { byData, byId, onLeaving, page, t, write } from "./shell.js";

/** @typedef {import("../lib/rehearsing.js").Check} Check */
/** @typedef {import("../lib/rehearsing.js").Checklist} Checklist */
/** @typedef {{checks: Check[], now: number, by_hand: string[], stages: string[]}} Data */

const LOOK_MS = 3000;
// A chain test takes seven seconds.
const LONGEST_MS = 30_000;
const data = /** @type {Data} */ (/** @type {unknown} */ (page));
const rows = byId("checks", HTMLElement);
const said = byId("said", HTMLElement);
const path = `/rooms/${encodeURIComponent(page.room)}/rehearsal?lang=${page.lang}`;
const clock = new Intl.DateTimeFormat(page.lang, { hour: "2-digit", minute: "2-digit" });

/**
 * Ask the server as who we are here; null when it did not answer, and its error otherwise.
 * @param {string} url
 * @param {unknown} [body]  asks by POST
 * @returns {Promise<any>}
 */
async function ask(url, body) {
  try {
    const answer = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers: { Authorization: `Bearer ${page.token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    return await answer.json();
  } catch {
    return null;
  }
}

/** @returns {Promise<Checklist | null>} */
async function look() {
  const list = await ask(path);
  return list?.checks ? list : null;
}

/** @param {unknown} wish */
async function say(wish) {
  const told = await ask(path, wish);
  if (told?.checks) show(told);
  else write(said, told?.error?.text ?? t("network.command_lost"));
  return Boolean(told?.checks);
}

/**
 * @param {Element} cell
 * @param {string} state
 * @param {string} sign
 * @param {string} words
 */
function mark(cell, state, sign, words) {
  cell.setAttribute("data-state", state);
  const shape = document.createElement("span");
  shape.className = "sign";
  shape.setAttribute("aria-hidden", "true");
  shape.textContent = sign;
  cell.replaceChildren(shape, words);
}

/**
 * @param {Check} check
 * @param {string} stage
 */
function stageCell(check, stage) {
  const cell = document.createElement("td");
  const kept = check.kept[stage];
  cell.dataset.stage = t("rehearsal.stage", { minutes: stage });
  const by = kept ? t("rehearsal.kept_by", { time: clock.format(kept.at), who: kept.by ?? "" }) : "";
  if (!data.by_hand.includes(check.id)) {
    if (kept) mark(cell, kept.state, SIGNS[kept.state], by);
    return cell;
  }
  const label = document.createElement("label");
  label.className = "switch";
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = kept?.state === "ok";
  tick.dataset.tick = `${check.id}-${stage}`;
  tick.setAttribute("aria-label", `${check.words} ${t("rehearsal.stage", { minutes: stage })}`);
  tick.addEventListener("change", () => void say({ stage, check: check.id, is_done: tick.checked }));
  label.append(tick, tick.checked ? by : t("rehearsal.tick"));
  cell.append(label);
  return cell;
}

/** @param {Check} check */
function row(check) {
  const line = document.createElement("tr");
  line.dataset.check = check.id;
  const now = document.createElement("td");
  mark(now, check.state, SIGNS[check.state], t(`rehearsal.state_${check.state}`));
  const what = document.createElement("td");
  what.textContent = check.words;
  line.append(now, what, ...data.stages.map((stage) => stageCell(check, stage)));
  return line;
}

let shown = "";

/** @param {Checklist} list */
function show({ now, checks }) {
  write(byId("now", HTMLElement), clock.format(now));
  const news = JSON.stringify(checks);
  if (news === shown) return;
  shown = news;
  write(byId("sum", HTMLElement), t("rehearsal.sum", tally(checks)));
  const ticked = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.tick : undefined;
  rows.replaceChildren(...checks.map(row));
  // The row that somebody ticks by the keyboard was made anew under their hands.
  const again = ticked ? rows.querySelector(`[data-tick="${CSS.escape(ticked)}"]`) : null;
  if (again instanceof HTMLElement) again.focus();
}

/** @param {HTMLButtonElement} key */
async function testChain(key) {
  key.disabled = true;
  write(said, t("rehearsal.chain_runs"));
  const url = `/chain/${encodeURIComponent(page.room)}?lang=${page.lang}`;
  let told = await ask(url, {});
  if (told?.error?.code === "room_live" && (await isSure())) told = await ask(url, { confirm: true });
  key.disabled = false;
  write(said, told?.hops ? t("rehearsal.chain_done") : (told?.error?.text ?? t("network.command_lost")));
  const list = await look();
  if (list) show(list);
}

/** @returns {Promise<boolean>} */
function isSure() {
  const dialog = byId("sure", HTMLDialogElement);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

for (const [stage, button] of byData("keep")) {
  button.addEventListener("click", async () => {
    if (await say({ stage })) write(said, t("rehearsal.kept", { minutes: stage }));
  });
}
const chain = byId("chain", HTMLButtonElement);
chain.addEventListener("click", () => void testChain(chain));
byId("print", HTMLButtonElement).addEventListener("click", () => print());
show(data);
onLeaving(keepAsking(look, show, browserTimers, LOOK_MS));
