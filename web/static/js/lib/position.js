// Where in a livestream somebody is: the window that can be rewound, how far behind live, and how to say it. Pure.

/**
 * @typedef {object} Place
 * @property {number} start  begin of what can be rewound, in seconds of the player's own clock
 * @property {number} live   where live is for this player, its safe distance included
 * @property {number} time   what is shown now
 */

/** So near counts as live: a person sees no difference, and the words do not flicker. */
export const LIVE_S = 3;
/** So far from the begin of the window nobody stands on a seam, where a player waits for what is not there. */
const SEAM_S = 0.5;

/**
 * @param {Place} place
 * @returns {number} seconds, never below 0
 */
export function behindLive({ live, time }) {
  return Math.max(0, live - time);
}

/** @param {Place} place */
export function isAtLive(place) {
  return behindLive(place) < LIVE_S;
}

/**
 * Where a wish to go somewhere ends: inside the window, and at live when it is nearly there.
 * @param {Place} place
 * @param {number} time  wished, on the player's clock
 * @returns {{time: number, isLive: boolean}}
 */
export function goTo({ start, live }, time) {
  if (time > live - LIVE_S) return { time: live, isLive: true };
  return { time: Math.max(start + SEAM_S, time), isLive: false };
}

/**
 * A span as a person says it, in full seconds below an hour and full minutes above: "3 min 20 s".
 * @param {number} seconds
 * @param {string} lang
 * @param {"short" | "long"} [display]
 */
export function spanWords(seconds, lang, display = "short") {
  const whole = Math.max(0, Math.round(seconds));
  const parts = { hour: Math.floor(whole / 3600), minute: Math.floor(whole / 60) % 60, second: whole % 60 };
  const units = parts.hour > 0 ? /** @type {const} */ (["hour", "minute"]) : /** @type {const} */ (["minute", "second"]);
  const said = units.filter((unit) => parts[unit] > 0);
  const shown = said.length > 0 ? said : [units[1]];
  return shown
    .map((unit) => new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: display }).format(parts[unit]))
    .join(" ");
}
