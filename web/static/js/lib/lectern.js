// What the speaker at the lectern is told. Pure: state and time in, words out.

import { programmeNow } from "./programme.js";

/** @typedef {import("./state.js").RoomState} RoomState */
/** @typedef {{wish: "slower" | "repeat" | "louder", booth: string, at: number}} Ask  `at` in epoch milliseconds */

/** So long a wish stands there; long enough to be read in the middle of a sentence. */
export const WISH_MS = 15_000;
/** Colours and words change so long before the end. */
export const SOON_S = 120;

/**
 * The newest wish that still counts, and how many booths have it.
 * @param {readonly Ask[]} asks  newest last
 * @param {number} now_ms  epoch milliseconds, by the server's clock
 * @returns {{wish: Ask["wish"], booths: string[]} | null}
 */
export function wishNow(asks, now_ms) {
  const fresh = asks.filter(({ at }) => now_ms - at < WISH_MS);
  const newest = fresh.at(-1);
  if (!newest) return null;
  const booths = fresh.filter(({ wish }) => wish === newest.wish).map(({ booth }) => booth);
  return { wish: newest.wish, booths: [...new Set(booths)] };
}

/** So long a line to the lectern stands there. */
export const NOTE_MS = 60_000;

/**
 * The newest line to the lectern that still counts.
 * @template {{to: string, at: number}} L
 * @param {readonly L[]} lines  newest last
 * @param {number} now_ms  epoch milliseconds, by the server's clock
 * @returns {L | null}
 */
export function noteNow(lines, now_ms) {
  const newest = lines.findLast(({ to }) => to === "lectern");
  return newest && now_ms - newest.at < NOTE_MS ? newest : null;
}

/**
 * How long the present item still has: until the next one is to begin.
 * @param {RoomState} state
 * @param {Date} now
 * @returns {number | null} seconds, negative when it is late; null when the programme does not say
 */
export function timeLeft_s(state, now) {
  const { now: item, next } = programmeNow(state);
  const end = item && next ? moment(next.starts, now) : null;
  return end === null ? null : Math.round((end - now.getTime()) / 1000);
}

/**
 * @param {string | null | undefined} starts  "HH:MM" of the clock on the wall, or an ISO date and time
 * @param {Date} now
 * @returns {number | null} epoch milliseconds
 */
export function moment(starts, now) {
  const clock = /^(\d{1,2}):(\d{2})$/.exec(starts ?? "");
  if (clock) return new Date(now).setHours(Number(clock[1]), Number(clock[2]), 0, 0);
  const at = Date.parse(starts ?? "");
  return Number.isNaN(at) ? null : at;
}

/**
 * Languages somebody interprets into now.
 * @param {RoomState} state
 * @returns {string[]}
 */
export function languagesOnAir(state) {
  return state.channels.filter(({ mode }) => mode === "interpreted").map(({ channel }) => channel);
}
