// How loud a digital level is in this headset, and what may leave to it. Decibels of sound pressure need a profile:
// the sound pressure that a root mean square of full scale (1) would make at the ear.
//
// The limits are those of the craft: 100 dB SPL at once, 94 dB over 100 ms. Both hold for what this page plays, as far
// as the profile is true; that does not make a headset conform to any standard.

import { readPrefs, writePrefs } from "./prefs.js";

export const AT_ONCE_SPL = 100;
export const LASTING_SPL = 94;
/** What a headset may be thought to do: softer than the first nothing would be protected, past the second all muted. */
export const LEAST_FULL_SCALE_SPL = 94;
export const MOST_FULL_SCALE_SPL = 130;
const KEY = "tolmach.hearing.profiles";

/**
 * @typedef {object} Profile
 * @property {number} full_scale_spl  dB SPL of a root mean square of 1
 * @property {"default" | "voice" | "meter"} made
 * @property {number} at  epoch ms; 0 for the default
 */
/**
 * For a headset nobody has measured: as loud as players and earphones sold together may be in the EU, 100 dB(A) for a
 * programme at −10 dB (EN 50332-1), at a system volume turned fully up; 3 dB more for a full square wave.
 * @type {Readonly<Profile>}
 */
export const DEFAULT_PROFILE = Object.freeze({ full_scale_spl: 113, made: "default", at: 0 });

/**
 * @param {Profile} profile
 * @returns {import("./hearing_limiter.js").Limits}
 */
export function limitsOf({ full_scale_spl }) {
  const linear = (/** @type {number} */ spl) => Math.min(1, 10 ** ((spl - full_scale_spl) / 20));
  return { ceiling: linear(AT_ONCE_SPL), rms: linear(LASTING_SPL) };
}

/**
 * The profile measured with these headphones; the default for others.
 * @param {import("./prefs.js").Store | null} store
 * @param {string} device
 * @returns {Profile}
 */
export function readProfile(store, device) {
  const found = profiles(store)[device || "system"];
  const spl = found?.full_scale_spl;
  const isKnown = found?.made === "voice" || found?.made === "meter";
  if (!isKnown || typeof spl !== "number" || typeof found?.at !== "number") return DEFAULT_PROFILE;
  return { full_scale_spl: bounded(spl), made: /** @type {Profile["made"]} */ (found.made), at: found.at };
}

/**
 * @param {import("./prefs.js").Store | null} store
 * @param {string} device
 * @param {Profile} profile
 */
export function keepProfile(store, device, profile) {
  writePrefs(store, KEY, { all: { ...profiles(store), [device || "system"]: profile } });
}

/**
 * @param {import("./prefs.js").Store | null} store
 * @returns {Record<string, Partial<Profile> | undefined>}
 */
function profiles(store) {
  return readPrefs(store, KEY, { all: {} }).all ?? {};
}

/** @param {number} spl */
export function bounded(spl) {
  return Math.min(MOST_FULL_SCALE_SPL, Math.max(LEAST_FULL_SCALE_SPL, spl));
}
