// The keys of the desk. By place on the keyboard, not by letter: a Ukrainian layout has other letters on them.

/** @typedef {{act: "help" | "acknowledge" | "hush" | "undo" | "bell" | "wall" | "mute" | "mend"} | {act: "room", index: number} | {act: "step", by: 1 | -1}} DeskAct */
/** @typedef {Pick<KeyboardEvent, "code" | "key" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "repeat">} KeyPress */

/** @type {Record<string, DeskAct>} */
const BY_CODE = {
  KeyA: { act: "acknowledge" },
  KeyX: { act: "hush" },
  KeyZ: { act: "undo" },
  KeyB: { act: "bell" },
  KeyM: { act: "mute" },
  KeyO: { act: "mend" },
  Digit0: { act: "wall" },
  Numpad0: { act: "wall" },
  Escape: { act: "wall" },
  ArrowLeft: { act: "step", by: -1 },
  ArrowRight: { act: "step", by: 1 },
};

/**
 * What a key does on the desk; null when it is not ours. The question mark comes first: on some layouts it is Shift and
 * a digit.
 * @param {KeyPress} press
 * @returns {DeskAct | null}
 */
export function deskKey({ code, key, altKey, ctrlKey, metaKey, shiftKey, repeat }) {
  if (altKey || ctrlKey || metaKey) return null;
  if (key === "?") return { act: "help" };
  const act = BY_CODE[code];
  if (shiftKey || (repeat && act?.act !== "step")) return null;
  const digit = Number(/^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1] ?? 0);
  return digit ? { act: "room", index: digit - 1 } : (act ?? null);
}
