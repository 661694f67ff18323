// The keys of the console. By place on the keyboard, not by letter: a Ukrainian layout has other letters on them.

/** @typedef {{act: "mic" | "handover" | "help" | "cough"} | {act: "incoming" | "outgoing", index: number}} KeyAction */
/** @typedef {Pick<KeyboardEvent, "code" | "key" | "altKey" | "ctrlKey" | "metaKey" | "repeat">} KeyPress */

/** @type {Record<string, KeyAction>} */
const BY_CODE = {
  KeyM: { act: "mic" },
  KeyC: { act: "cough" },
  KeyH: { act: "handover" },
  KeyA: { act: "outgoing", index: 0 },
  KeyB: { act: "outgoing", index: 1 },
};

/**
 * What a key does. A key that is held acts once; with a modifier it belongs to the browser or a screen reader.
 * @param {KeyPress} press
 * @returns {KeyAction | null}
 */
export function keyAction({ code, key, altKey, ctrlKey, metaKey, repeat }) {
  if (altKey || ctrlKey || metaKey || repeat) return null;
  if (key === "?") return { act: "help" };
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
  if (digit) return { act: "incoming", index: Number(digit) - 1 };
  return BY_CODE[code] ?? null;
}
