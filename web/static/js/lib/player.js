// Which way a room is played: by the livestream, or without delay by WebRTC. Pure: what happened in, the course out.
//
// The listener wishes one way. When it gives no sound the other takes over by itself, and stays until the listener asks
// for the first again: whoever is going to and fro between two ways hears neither in peace.

/** @typedef {"livestream" | "direct"} Way */
/** @typedef {"absent" | "busy" | "refused" | "failing"} Reason  why the way in use is not the one wished */
/**
 * @typedef {object} Course
 * @property {Way} wish
 * @property {Way} way  in use
 * @property {Reason | null} reason  null while the way in use is the one wished
 * @property {boolean} hasLivestream  false: there is only the direct way
 * @property {number} soundedAt  when the way in use last gave sound, or was begun; milliseconds
 * @property {boolean} hasSounded  the way in use has given sound since it was begun
 * @property {number | null} leftAt  when a way was last given up, null when none was since the listener's wish
 */
/**
 * What the way in use gives now. `problem` is what it says of itself; empty while there is hope.
 * @typedef {{sounds: boolean, problem: Exclude<Reason, "failing"> | ""}} Report
 */

/** How long a way may be silent until the other is tried: longer than a restart of the server takes. */
export const PATIENCE_MS = 8_000;
/** The same before a livestream's first sound: whoever comes first has the server begin it, and waits for a segment. */
export const BEGIN_MS = 15_000;

/**
 * @param {Way} wish
 * @param {boolean} hasLivestream
 * @param {number} now  milliseconds
 * @returns {Course}
 */
export function beginCourse(wish, hasLivestream, now) {
  const way = hasLivestream ? wish : "direct";
  return { wish: way, way, reason: null, hasLivestream, soundedAt: now, hasSounded: false, leftAt: null };
}

/**
 * The listener asks for a way, for the first time or again.
 * @param {Course} course
 * @param {Way} way
 * @param {number} now
 * @returns {Course}
 */
export function wishFor(course, way, now) {
  return beginCourse(way, course.hasLivestream, now);
}

/**
 * Nothing is to be heard now (paused, not begun): silence does not count.
 * @param {Course} course
 * @param {number} now
 * @returns {Course}
 */
export function restCourse(course, now) {
  return { ...course, soundedAt: now };
}

/**
 * The server was away and is back. The way in use is waited for as at its beginning; after a restart the way wished is
 * tried again, since what was wrong with it may have gone with the old process.
 * @param {Course} course
 * @param {boolean} isRestarted
 * @param {number} now
 * @returns {Course}
 */
export function resumeCourse(course, isRestarted, now) {
  return isRestarted ? wishFor(course, course.wish, now) : { ...course, soundedAt: now, hasSounded: false };
}

/**
 * @param {Course} course
 * @param {Report} report
 * @param {number} now
 * @returns {Course} the same object while the way stays
 */
export function followCourse(course, { sounds, problem }, now) {
  if (sounds) return { ...course, soundedAt: now, hasSounded: true };
  if (!course.hasLivestream) return course;
  // A refusal counts at once, but two that refuse are asked in turn, not in a circle.
  const isSettled = course.leftAt === null || now - course.leftAt >= PATIENCE_MS;
  const patience = course.way === "livestream" && !course.hasSounded ? BEGIN_MS : PATIENCE_MS;
  const isOver = now - course.soundedAt >= patience;
  if (!isOver && !(problem && isSettled)) return course;
  const way = course.way === "direct" ? "livestream" : "direct";
  const reason = way === course.wish ? null : problem || "failing";
  return { ...course, way, reason, soundedAt: now, hasSounded: false, leftAt: now };
}

/**
 * What a WebRTC session says of itself, as a report.
 * @param {import("./session.js").SessionStatus} status
 * @returns {Report}
 */
export function reportOfSession({ state, code }) {
  if (state === "connected") return { sounds: true, problem: "" };
  if (state === "refused") return { sounds: false, problem: "refused" };
  return { sounds: false, problem: code === "overloaded" ? "busy" : "" };
}

/**
 * What an answer to a request for the livestream means, as a problem; nothing when it may be well in a moment.
 * @param {number | undefined} status  of HTTP; 0 or undefined when there was no answer
 * @returns {Report["problem"]}
 */
export function problemOfAnswer(status) {
  if (status === 404 || status === 410) return "absent";
  return status === 401 || status === 403 ? "refused" : "";
}
