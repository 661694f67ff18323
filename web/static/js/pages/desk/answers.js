// What became of an act, in words for everybody at the desk, and the way back.

import { Undoing } from "../../lib/desk_acts.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk_acts.js").Act} Act */
/** @typedef {import("../../lib/desk_acts.js").Done} Done */

const SHOWN_MS = 8_000;

const box = byId("answer", HTMLElement);
const undoKey = byId("answer-undo", HTMLButtonElement);
export const undoing = new Undoing();
/** @type {Map<string, Card>} */
const cards = new Map();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let hiding;

/** @param {Card} card  a room in which acts are undone */
export function answerFor(card) {
  cards.set(card.room, card);
}

/**
 * Say that an act is done. What can be undone is so by a button and a key.
 * @param {Card} card
 * @param {string} name  of the command or request
 * @param {Act | null} back
 */
export function done(card, name, back) {
  if (back) undoing.push({ room: card.room, act: back });
  const key = `desk.did_${name}`;
  say(t("desk.did_in", { room: card.title, what: t(key in page.messages ? key : "desk.did") }), "done");
  undoKey.hidden = !back;
}

/** @param {string} words  why it was not done; nothing when all is well */
export function refuse(words) {
  if (!words) return;
  say(t("desk.refused", { why: words }), "refused");
  undoKey.hidden = true;
}

/**
 * @param {string} words
 * @param {"done" | "refused"} kind
 */
function say(words, kind) {
  clearTimeout(hiding);
  box.dataset.kind = kind;
  box.dataset.shown = "true";
  write(byId("answer-words", HTMLElement), words);
  // What was refused stays until something else is said: it may not have been what they looked at.
  if (kind === "done") hiding = setTimeout(hide, SHOWN_MS);
}

function hide() {
  box.dataset.shown = "false";
  undoKey.hidden = true;
  write(byId("answer-words", HTMLElement), "");
}

/**
 * Undo the newest act that is meant.
 * @param {(done: Done) => boolean} [isMeant]
 */
export async function undo(isMeant) {
  const found = undoing.pop(isMeant);
  const card = found && cards.get(found.room);
  if (!found || !card) return;
  if (await card.put(found.act)) {
    done(card, "undo", null);
  }
}

undoKey.addEventListener("click", () => void undo());
byId("answer-close", HTMLButtonElement).addEventListener("click", hide);
