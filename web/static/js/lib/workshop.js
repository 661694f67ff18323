// What a room's state means for somebody who takes part from afar, or speaks as a guest. Pure.

/** @typedef {import("./moderating.js").Speaker} Speaker */
/** @typedef {import("./moderating.js").Question} Question */
/** @typedef {"waiting" | "backstage" | "seated" | "removed"} Place */
/**
 * Oneself, as the server sees it.
 * @typedef {object} Own
 * @property {Place} place
 * @property {string | null} speaks
 * @property {string} hears
 * @property {number | null} hand  the place in the queue, from 0
 * @property {boolean} has_floor
 * @property {"self" | "moderator" | null} muted
 */
/**
 * @typedef {import("./state.js").RoomState & {own?: Own | null, speakers?: Speaker[], questions?: Question[],
 *   timer?: import("./timer.js").Timer, door?: "open" | "waiting" | "closed"}} WorkshopState
 */

/** @typedef {"test" | "entering" | "waiting" | "backstage" | "seated" | "removed" | "left"} Step */

/**
 * Where somebody is on their way: the test, the door, backstage, the room, or out of it.
 * @param {{isInside: boolean, hasLeft: boolean, isSentOut: boolean, own: Own | null | undefined}} visit
 * @returns {Step}
 */
export function stepOf({ isInside, hasLeft, isSentOut, own }) {
  if (hasLeft) return "left";
  if (isSentOut || own?.place === "removed") return "removed";
  if (!isInside) return "test";
  return own ? own.place : "entering";
}

/** @typedef {"lost" | "listening" | "backstage" | "talking" | "hand" | "connecting" | "heard" | "no_microphone" | "muted_self" | "muted_moderator"} Speech */

/**
 * What becomes of one's own voice now. "connecting": on the floor, but nothing of it arrives yet.
 * @param {object} voice
 * @param {Own | null | undefined} voice.own
 * @param {boolean} voice.hasMicrophone
 * @param {boolean} voice.isSending  the microphone's connection stands, and so does the wire
 * @param {boolean} voice.isLive     the server has sound of it
 * @param {boolean} voice.isTalking  by the intercom
 * @param {boolean} [voice.isWireLost]  the server is out of reach, and what it last said may be true no more
 * @returns {Speech}
 */
export function speechOf({ own, hasMicrophone, isSending, isLive, isTalking, isWireLost = false }) {
  if (isWireLost) return "lost";
  if (own?.place === "backstage") return isTalking ? "talking" : "backstage";
  if (!own?.has_floor) return own && own.hand !== null ? "hand" : "listening";
  if (own.muted) return `muted_${own.muted}`;
  if (!hasMicrophone) return "no_microphone";
  return isSending && isLive ? "heard" : "connecting";
}

/**
 * Whether the connection for the own voice should stand: before the floor is given, so that no word is lost then.
 * @param {Own | null | undefined} own
 */
export function wantsToSpeak(own) {
  if (own?.place === "backstage") return true;
  return own?.place === "seated" && (own.has_floor || own.hand !== null);
}

/**
 * Whether the microphone's and the camera's track may carry anything at all.
 * @param {Own | null | undefined} own
 */
export function isOnFloor(own) {
  return own?.place === "seated" && own.has_floor;
}

/** @param {Own | null | undefined} own */
export function isOwnMicOpen(own) {
  return isOnFloor(own) && own?.muted === null;
}

/**
 * What a screen reader is told at once when it changes, and what of it: the floor, the microphone, the place.
 * @param {Own | null | undefined} before
 * @param {Own | null | undefined} now
 * @returns {string | null} the last word of a key
 */
export function announcement(before, now) {
  if (!now) return null;
  if (now.place !== before?.place) return now.has_floor ? "floor_given" : `place_${now.place}`;
  if (now.has_floor !== before.has_floor) return now.has_floor ? "floor_given" : "floor_over";
  if (now.muted === before.muted || !now.has_floor) return null;
  return now.muted === "moderator" ? "muted" : now.muted === null && before.muted === "moderator" ? "unmuted" : null;
}

/**
 * @typedef {object} Scene
 * @property {Speaker | null} newest  whose picture is the large one of those far away; never oneself
 * @property {Speaker[]} others       everybody else on the floor but oneself
 * @property {"hall" | "stage"} large
 */

/**
 * Who is shown, and what is large: the newest who speaks from afar, when a picture of them comes, else the hall.
 * @param {WorkshopState} state
 * @param {string} person  oneself
 * @param {ReadonlySet<string>} moving  the pictures that come, by name
 * @returns {Scene}
 */
export function sceneOf({ speakers = [] }, person, moving) {
  const onStage = speakers.at(-1);
  const newest = onStage && onStage.person !== person && moving.has("stage") ? onStage : null;
  const others = speakers.filter((one) => one.person !== person && one !== newest);
  return { newest, others, large: newest ? "stage" : "hall" };
}

/** Without a new frame for so long a picture is over: a camera was switched off, or the slot is another's. */
export const STILL_MS = 1_500;

/** @typedef {{frames: number, at_ms: number}} Film  frames so far, and when the last of them came */

/**
 * What is known of a picture after another look at its count of frames.
 * @param {Film | undefined} before
 * @param {number} frames
 * @param {number} now_ms
 * @returns {Film}
 */
export function lookAtFilm(before, frames, now_ms) {
  const isNew = frames > 0 && frames !== before?.frames;
  return { frames, at_ms: isNew ? now_ms : (before?.at_ms ?? -Infinity) };
}

/**
 * @param {Film | undefined} film
 * @param {number} now_ms
 */
export function isMoving(film, now_ms) {
  return film !== undefined && now_ms - film.at_ms < STILL_MS;
}

/** Pictures asked for in the order of the offer; a telephone has room and line for fewer. */
export const FACES = 6;
export const PHONE_FACES = 2;

/** @param {boolean} isPhone */
export function picturesFor(isPhone) {
  const faces = Array.from({ length: isPhone ? PHONE_FACES : FACES }, (_, slot) => `face:${slot}`);
  return ["hall", "stage", ...faces];
}

/** @typedef {import("./state.js").Line} Line */

/**
 * The lines known so far with those of the newest state; each once, in order, and not more than are kept.
 * @template {{id: number | string}} L
 * @param {readonly L[]} known
 * @param {readonly L[]} newest
 * @param {number} [most]
 * @returns {L[]}
 */
export function mergeLines(known, newest, most = 200) {
  const byId = new Map([...known, ...newest].map((line) => [Number(line.id), line]));
  return [...byId.values()].sort((a, b) => Number(a.id) - Number(b.id)).slice(-most);
}
