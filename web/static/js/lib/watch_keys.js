// The keys of the player. By place on the keyboard, not by letter: a Ukrainian layout has other letters on them.

/** @typedef {"toggle" | "mute" | "full" | "captions" | "window" | "help" | "louder" | "quieter"} PlayerAct */
/** @typedef {{act: PlayerAct} | {act: "step", seconds: number}} PlayerAction */
/** @typedef {Pick<KeyboardEvent, "code" | "key" | "altKey" | "ctrlKey" | "metaKey" | "repeat">} KeyPress */
/**
 * What has the focus, by what it does with keys itself: nothing; a button (space); a slider or a choice of radio
 * buttons (arrows, space); a list (letters too).
 * @typedef {"page" | "button" | "slider" | "list"} Focus
 */

/** @type {Record<string, PlayerAction>} */
const LETTERS = {
  KeyK: { act: "toggle" },
  KeyM: { act: "mute" },
  KeyF: { act: "full" },
  KeyC: { act: "captions" },
  KeyI: { act: "window" },
  KeyJ: { act: "step", seconds: -10 },
  KeyL: { act: "step", seconds: 10 },
};
/** @type {Record<string, PlayerAction>} */
const ARROWS = {
  ArrowLeft: { act: "step", seconds: -5 },
  ArrowRight: { act: "step", seconds: 5 },
  ArrowUp: { act: "louder" },
  ArrowDown: { act: "quieter" },
};
const REPEATED = new Set(["step", "louder", "quieter"]);

/**
 * What a key does, unless what has the focus wants it. With a modifier it belongs to the browser or a screen reader.
 * @param {KeyPress} press
 * @param {Focus} focus
 * @returns {PlayerAction | null}
 */
export function playerAction({ code, key, altKey, ctrlKey, metaKey, repeat }, focus) {
  if (altKey || ctrlKey || metaKey || focus === "list") return null;
  const action = key === "?" ? { act: /** @type {const} */ ("help") } : find(code, focus);
  return action && repeat && !REPEATED.has(action.act) ? null : action;
}

/**
 * @param {string} code
 * @param {Focus} focus
 * @returns {PlayerAction | null}
 */
function find(code, focus) {
  if (code === "Space") return focus === "page" ? { act: "toggle" } : null;
  const arrow = focus === "slider" ? undefined : ARROWS[code];
  return arrow ?? LETTERS[code] ?? null;
}
