// The keys at work: which key does what stands in lib/moderating_keys.js, here is where it goes.

import { moderatorAct } from "../../lib/moderating_keys.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { byId } from "../shell.js";

/** @typedef {import("../../lib/moderating_keys.js").ModeratorAct} ModeratorAct */

const PREFS = "tolmach.moderator.keys";

/** @param {{[A in ModeratorAct as A["act"]]: (act: A) => void}} acts  what each key does */
export function mountKeyboard(acts) {
  const prefs = readPrefs(browserStore("localStorage"), PREFS, { on: true });
  const shortcuts = byId("shortcuts", HTMLInputElement);
  shortcuts.checked = prefs.on;
  shortcuts.addEventListener("change", () => {
    prefs.on = shortcuts.checked;
    writePrefs(browserStore("localStorage"), PREFS, prefs);
  });
  addEventListener("keydown", (event) => {
    const act = moderatorAct(event);
    if (!act || !prefs.on || document.querySelector("dialog[open]") || isWriting(event.target)) return;
    event.preventDefault();
    /** @type {(act: ModeratorAct) => void} */ (acts[act.act])(act);
  });
}

/** @param {EventTarget | null} target  whether all keys are the writer's */
function isWriting(target) {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "range"].includes(target.type);
}
