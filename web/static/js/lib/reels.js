// Video messages: how far one is, and which of its subtitles is being spoken. Pure: state and time in, words out.

/**
 * @typedef {object} Reel  a message as the server lists it
 * @property {string} asset
 * @property {string} name
 * @property {string | null} item  of the programme, if it belongs to one
 * @property {"preparing" | "ready" | "failed"} standing
 * @property {number} percent  how far its preparation is
 * @property {string} text  why it failed, in the page's language
 * @property {number} seconds
 * @property {boolean} is_silent  nothing can be heard in it
 * @property {boolean} has_subtitles
 */
/** @typedef {{from_s: number, to_s: number, text: string}} Cue */
/**
 * @typedef {object} Playout
 * @property {string | null} item
 * @property {string} asset
 * @property {number} seconds
 * @property {"cued" | "playing" | "paused"} reel
 * @property {number | null} since  when it was or will be at `played`, in epoch milliseconds
 * @property {number} played  seconds
 */
/**
 * @typedef {object} Progress
 * @property {"none" | "cued" | "countdown" | "playing" | "paused"} phase
 * @property {number} until_s  whole seconds to the first picture; 0 when it is not counted down
 * @property {number} at_s  what of it has been played
 * @property {number} left_s  what of it is to come
 */

const COUNTDOWN_S = 5;

/**
 * @param {Playout | null | undefined} playout
 * @param {number} now_ms  epoch milliseconds, by the server's clock
 * @returns {Progress}
 */
export function progressOf(playout, now_ms) {
  if (!playout) return { phase: "none", until_s: 0, at_s: 0, left_s: 0 };
  const { reel, since, seconds, played } = playout;
  if (reel !== "playing" || since === null) return { phase: reel === "paused" ? "paused" : "cued", until_s: 0, at_s: played, left_s: seconds - played };
  const gone_s = (now_ms - since) / 1000;
  // A clock that is a little behind the server's shows no second more than there is.
  if (gone_s < 0) return { phase: "countdown", until_s: Math.min(COUNTDOWN_S, Math.ceil(-gone_s)), at_s: played, left_s: seconds - played };
  const at_s = Math.min(seconds, played + gone_s);
  return { phase: "playing", until_s: 0, at_s, left_s: seconds - at_s };
}

/**
 * The subtitle that is spoken, else the last one that was.
 * @param {readonly Cue[]} cues  in the order of their times
 * @param {number} at_s
 * @returns {number} its place; -1 before the first
 */
export function cueAt(cues, at_s) {
  return cues.findLastIndex(({ from_s }) => from_s <= at_s);
}

/**
 * A length or a place as a player shows it.
 * @param {number} seconds
 * @returns {string} "1:05", "1:02:03"
 */
export function spanWords(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * What may be done now.
 * @param {Playout | null | undefined} playout
 */
export function reelActs(playout) {
  const reel = playout?.reel ?? "empty";
  return {
    cue: reel === "empty" || reel === "cued",
    start: reel === "cued" || reel === "paused",
    pause: reel === "playing",
    stop: reel !== "empty",
  };
}
