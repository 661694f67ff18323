// The hall's microphones as a desk has them: one strip each, with its device, its half, its level. Pure.

/** @typedef {"both" | "left" | "right"} Side  of a device with two channels; both: mixed as the browser does it */
/**
 * @typedef {object} Strip
 * @property {string | null} device  null: the one the computer itself would take
 * @property {Side} side
 * @property {number} gain_db
 * @property {boolean} muted
 */

/** So many the server takes from one hall. */
export const MOST_STRIPS = 4;
export const LEAST_DB = -24;
export const MOST_DB = 12;
const SIDES = ["both", "left", "right"];

/** @returns {Strip} a microphone as it comes */
export function freshStrip() {
  return { device: null, side: "both", gain_db: 0, muted: false };
}

/**
 * The microphones that were remembered, at least one; what is none is left out.
 * @param {unknown} stored
 * @returns {[Strip, ...Strip[]]}
 */
export function stripsOf(stored) {
  const strips = Array.isArray(stored) ? stored.filter(isStrip) : [];
  const [first = freshStrip(), ...more] = strips.slice(0, MOST_STRIPS).map(({ device, side, gain_db, muted }) => ({
    device,
    side,
    gain_db: Math.min(MOST_DB, Math.max(LEAST_DB, gain_db)),
    muted,
  }));
  return [first, ...more];
}

/**
 * Whether the device's own track can be sent as it is. It then does not depend on the browser letting a page compute
 * sound, which some do only after a press.
 * @param {Strip} strip
 */
export function isPlain({ side, gain_db }) {
  return side === "both" && gain_db === 0;
}

/**
 * @param {Strip} strip
 * @returns {number} what the sound is multiplied by
 */
export function gainOf({ gain_db, muted }) {
  return muted ? 0 : 10 ** (gain_db / 20);
}

/**
 * @param {any} value
 * @returns {value is Strip}
 */
function isStrip(value) {
  return (
    (value?.device === null || typeof value?.device === "string") &&
    SIDES.includes(value.side) &&
    Number.isFinite(value.gain_db) &&
    typeof value.muted === "boolean"
  );
}
