// The keys at work: which key does what stands in lib/keys.js, here is where it goes.

import { COUGH, isForConsole, keyAction } from "../../lib/keys.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { byId } from "../shell.js";

const PREFS = "tolmach.booth.keys";

/** @typedef {import("../../lib/keys.js").KeyAction} KeyAction */
/** @typedef {{[A in KeyAction as A["act"]]: (action: A) => void}} Acts  what each key does */

/**
 * @param {Acts} acts
 * @param {() => void} releaseCough
 * @param {() => boolean} isAwake  keys sleep before one has sat down
 */
export function mountKeyboard(acts, releaseCough, isAwake) {
  const prefs = readPrefs(browserStore("localStorage"), PREFS, { on: true });
  const shortcuts = byId("shortcuts", HTMLInputElement);
  shortcuts.checked = prefs.on;
  shortcuts.addEventListener("change", () => {
    prefs.on = shortcuts.checked;
    writePrefs(browserStore("localStorage"), PREFS, prefs);
  });
  addEventListener("keydown", (event) => {
    const action = keyAction(event);
    const isOurs = prefs.on && isAwake() && !document.querySelector("dialog[open]");
    if (!action || !isOurs || !isForConsole(fieldOf(event.target), action)) return;
    event.preventDefault();
    /** @type {(action: KeyAction) => void} */ (acts[action.act])(action);
  });
  addEventListener("keyup", ({ code }) => code === COUGH && releaseCough());
  addEventListener("blur", releaseCough);
}

/**
 * @param {EventTarget | null} target
 * @returns {import("../../lib/keys.js").Field}
 */
function fieldOf(target) {
  if (target instanceof HTMLSelectElement) return "list";
  if (target instanceof HTMLTextAreaElement) return "text";
  if (!(target instanceof HTMLInputElement)) return isScrolled(target) ? "range" : "none";
  if (target.type === "range") return "range";
  return target.type === "checkbox" ? "none" : "text";
}

/**
 * What is read by scrolling keeps its arrows, as a slider does.
 * @param {EventTarget | null} target
 */
function isScrolled(target) {
  return target instanceof HTMLElement && target.tabIndex === 0 && target.scrollHeight > target.clientHeight + 1;
}
