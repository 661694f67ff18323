// What the hall's projector shows: a video message, who speaks from afar, or that nobody does. Pure.

/**
 * @typedef {object} Speaker
 * @property {string} person
 * @property {string} name
 * @property {string | null} language
 * @property {boolean} live
 * @property {number | null} [face]  where their picture is; null: they send none
 */
/** @typedef {{reel: "cued" | "playing" | "paused", since: number | null}} Playout */
/** @typedef {{shows: "film" | "face" | "name" | "nobody", speaker: Speaker | null}} Scene */

/**
 * A face is shown while its picture moves; who speaks without one is shown by name.
 * @param {{speakers?: Speaker[], playout?: Playout | null}} state
 * @param {number} now  epoch milliseconds of the server
 * @param {boolean} isMoving  the newest speaker's picture arrives
 * @returns {Scene}
 */
export function sceneOf({ speakers = [], playout = null }, now, isMoving) {
  if (playout?.reel === "playing" && playout.since !== null && playout.since <= now) return { shows: "film", speaker: null };
  const seen = speakers.findLast(({ face }) => typeof face === "number");
  if (seen && isMoving) return { shows: "face", speaker: seen };
  const heard = speakers.findLast(({ live }) => live) ?? null;
  return { shows: heard ? "name" : "nobody", speaker: heard };
}
