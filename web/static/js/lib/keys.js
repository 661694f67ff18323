// The keys of the console. By place on the keyboard, not by letter: a Ukrainian layout has other letters on them.

import { PHRASES } from "./phrases.js";

/**
 * @typedef {"mic" | "cough" | "handover" | "decline" | "pivot" | "ears" | "replay" | "monitor" | "shift" | "slower"
 *   | "repeat" | "louder" | "call" | "chat" | "papers" | "glossary" | "help"} Plain
 */
/** @typedef {{act: Plain} | {act: "incoming" | "outgoing" | "phrase", index: number} | {act: "turn", knob: Knob, by: 1 | -1}} KeyAction */
/** @typedef {"volume" | "monitor-volume" | "bass" | "treble"} Knob */
/** @typedef {Pick<KeyboardEvent, "code" | "key" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "repeat">} KeyPress */

/** Beside the microphone's key, so that one hand finds both. */
export const COUGH = "KeyN";

/** @type {Record<string, KeyAction>} */
const BY_CODE = {
  KeyM: { act: "mic" },
  [COUGH]: { act: "cough" },
  KeyH: { act: "handover" },
  KeyJ: { act: "decline" },
  KeyA: { act: "outgoing", index: 0 },
  KeyB: { act: "outgoing", index: 1 },
  KeyC: { act: "outgoing", index: 2 },
  KeyP: { act: "pivot" },
  KeyE: { act: "ears" },
  Backspace: { act: "replay" },
  KeyG: { act: "monitor" },
  KeyW: { act: "shift" },
  KeyS: { act: "slower" },
  KeyR: { act: "repeat" },
  KeyL: { act: "louder" },
  KeyT: { act: "call" },
  KeyK: { act: "chat" },
  KeyU: { act: "papers" },
  KeyF: { act: "glossary" },
};

/** Turned by arrows: up and down is louder and softer, right and left is more and less; with Shift the other knob. */
/** @type {Record<string, [plain: Knob, shifted: Knob, by: 1 | -1]>} */
const ARROWS = {
  ArrowUp: ["volume", "monitor-volume", 1],
  ArrowDown: ["volume", "monitor-volume", -1],
  ArrowRight: ["bass", "treble", 1],
  ArrowLeft: ["bass", "treble", -1],
};

/**
 * What a key does. A key that is held acts once, but for the arrows; with a modifier it belongs to the browser or a
 * screen reader. The question mark comes first: on some layouts it is Shift and a digit.
 * @param {KeyPress} press
 * @returns {KeyAction | null}
 */
export function keyAction({ code, key, altKey, ctrlKey, metaKey, shiftKey, repeat }) {
  if (altKey || ctrlKey || metaKey) return null;
  const arrow = ARROWS[code];
  if (arrow) return { act: "turn", knob: arrow[shiftKey ? 1 : 0], by: arrow[2] };
  if (repeat) return null;
  if (key === "?") return { act: "help" };
  const digit = Number(/^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1] ?? 0);
  if (digit && shiftKey) return digit <= PHRASES.length ? { act: "phrase", index: digit - 1 } : null;
  if (digit) return { act: "incoming", index: digit - 1 };
  return shiftKey ? null : (BY_CODE[code] ?? null);
}

/** @typedef {"none" | "list" | "range" | "text"} Field  what has the focus, as far as keys go */

/**
 * Whether a key is the console's although something has the focus. In a text all keys are the writer's; a list and a
 * slider keep their arrows alone, so that the microphone's key works right after a list was used.
 * @param {Field} field
 * @param {KeyAction} action
 */
export function isForConsole(field, action) {
  if (field === "text") return false;
  return field === "none" || action.act !== "turn";
}
