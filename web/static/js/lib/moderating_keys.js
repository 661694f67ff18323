// The moderator's keys. By place on the keyboard, not by letter: a Ukrainian layout has other letters on them.

import { TIMER_MINUTES } from "./timer.js";

/**
 * @typedef {"give" | "take" | "next" | "own_floor" | "mic" | "backstage" | "admit" | "hall_hand" | "slide" | "clear"
 *   | "find" | "chat" | "help"} PlainAct
 */
/** @typedef {{act: PlainAct} | {act: "timer", seconds: number | null}} ModeratorAct */

/** @type {Record<string, ModeratorAct>} */
const BY_CODE = {
  KeyG: { act: "give" },
  KeyT: { act: "take" },
  KeyN: { act: "next" },
  KeyW: { act: "own_floor" },
  KeyM: { act: "mic" },
  KeyB: { act: "backstage" },
  KeyA: { act: "admit" },
  KeyH: { act: "hall_hand" },
  KeyS: { act: "slide" },
  KeyC: { act: "clear" },
  KeyF: { act: "find" },
  KeyK: { act: "chat" },
  KeyO: { act: "timer", seconds: null },
};

/** Minutes by digit; the nought is ten. */
const BY_DIGIT = new Map(TIMER_MINUTES.map((minutes) => [minutes % 10, minutes * 60]));

/**
 * What a key does. A key that is held acts once; with a modifier it belongs to the browser or a screen reader. The
 * question mark comes first: on some layouts it is Shift and a digit.
 * @param {import("./keys.js").KeyPress} press
 * @returns {ModeratorAct | null}
 */
export function moderatorAct({ code, key, altKey, ctrlKey, metaKey, shiftKey, repeat }) {
  if (altKey || ctrlKey || metaKey || repeat) return null;
  if (key === "?") return { act: "help" };
  if (shiftKey) return null;
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code)?.[1];
  const seconds = digit === undefined ? undefined : BY_DIGIT.get(Number(digit));
  if (seconds !== undefined) return { act: "timer", seconds };
  return BY_CODE[code] ?? null;
}
