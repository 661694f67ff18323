// The desk by keyboard: which act a key is, and the list of them.

import { deskKey } from "../../lib/desk_keys.js";
import { byId } from "../shell.js";
import { acknowledgeFirst } from "./alarms.js";
import { undo } from "./answers.js";
import { toggleBell } from "./bell.js";
import { hush } from "./ear.js";
import { closeLarge, showLarge } from "./large.js";
import { closePanel } from "./panel.js";

const help = byId("keys", HTMLDialogElement);

/** @param {KeyboardEvent} event */
function press(event) {
  const act = deskKey(event);
  if (!act || document.querySelector("dialog[open]") || isWriting(event)) return;
  const row = event.target instanceof Element ? event.target.closest(".column") : null;
  if (act.act === "step" && !row) return;
  if (act.act === "mute") return; // a meter's own
  event.preventDefault();
  if (act.act === "room") showLarge(act.index);
  else if (act.act === "step") step(row, act.by);
  else if (act.act === "mend") mendKey(row)?.click();
  else if (act.act === "wall") closePanel() || closeLarge();
  else if (act.act === "help") help.showModal();
  else if (act.act === "acknowledge") acknowledgeFirst();
  else if (act.act === "hush") hush();
  else if (act.act === "undo") void undo();
  else toggleBell();
}

/**
 * A text keeps its letters, a list and a slider their arrows and digits; Escape is always ours.
 * @param {KeyboardEvent} event
 */
function isWriting({ target, code }) {
  if (code === "Escape") return false;
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type !== "checkbox");
}

/** @param {Element | null} row */
function mendKey(row) {
  const found = row?.querySelector(".mend");
  return found instanceof HTMLButtonElement ? found : null;
}

/**
 * @param {Element | null} row
 * @param {1 | -1} by
 */
function step(row, by) {
  const next = by > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  const isMend = document.activeElement?.classList.contains("mend");
  const found = next?.querySelector(isMend ? ".mend" : ".listen");
  if (found instanceof HTMLElement) found.focus();
}

export function mountKeys() {
  addEventListener("keydown", press);
  byId("help", HTMLButtonElement).addEventListener("click", () => help.showModal());
}
