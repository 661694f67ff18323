// The shift timer a booth shares: how long the one on air still has, and when to say so. Pure.

/** @typedef {{minutes: number, since: number | null} | null | undefined} Shift  `since` in epoch milliseconds */
/**
 * @typedef {object} ShiftClock
 * @property {"off" | "idle" | "running" | "soon" | "over"} phase  idle: set, and nobody is on air
 * @property {number} left_s  negative once it is over
 */

export const CHOICES = /** @type {const} */ ([null, 10, 15, 20, 30]);
export const SOON_S = 60;

/**
 * @param {Shift} shift
 * @param {number} now_ms  epoch milliseconds, by the server's clock
 * @returns {ShiftClock}
 */
export function shiftClock(shift, now_ms) {
  if (!shift) return { phase: "off", left_s: 0 };
  if (shift.since === null) return { phase: "idle", left_s: shift.minutes * 60 };
  const left_s = Math.ceil((shift.since - now_ms) / 1000 + shift.minutes * 60);
  if (left_s <= 0) return { phase: "over", left_s };
  return { phase: left_s <= SOON_S ? "soon" : "running", left_s };
}

/**
 * @param {number} seconds
 * @returns {string} minutes and seconds, "12:05"; past the end with a sign, "+0:30"
 */
export function minutesWords(seconds) {
  const whole = Math.abs(Math.trunc(seconds));
  const sign = seconds < 0 ? "+" : "";
  return `${sign}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
