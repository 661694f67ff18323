// The guards of the console: what is said by nobody else and noticed too late by everybody. Pure: facts in, names out.

/** @typedef {"shut" | "silent" | "same_language" | "wrong_language"} Guard */
/**
 * @typedef {object} Facts
 * @property {number} now  milliseconds, from any clock that does not jump
 * @property {import("./state.js").AirState} air
 * @property {number} voice_dbfs  peak of the own microphone since the last facts
 * @property {number} floor_dbfs  the same of the floor
 * @property {string} outgoing
 * @property {string} floorLanguage
 * @property {"absent" | "unknown" | "ok" | "wrong" | undefined} language  what a detector says of the own channel
 */

/** Speech peaks well over this, a room's hum and a turned page stay below. */
export const VOICE_DBFS = -34;
export const FLOOR_SPEAKS_DBFS = -45;
/** So long somebody speaks before they are told that nobody hears them: two words, not a cleared throat. */
export const SHUT_MS = 1_200;
/** Between words; a pause this long ends the speech. */
export const PAUSE_MS = 1_500;
export const SILENT_MS = 8_000;
/** A speaker who breathes is still speaking. */
const FLOOR_PAUSE_MS = 3_000;

export class Guards {
  /** @type {number | null} when the present speech with a shut microphone began */ #shutSince = null;
  #spokenAt = -Infinity;
  #floorAt = -Infinity;
  /** @type {number | null} since when the floor speaks and the one on air does not */ #silentSince = null;

  /**
   * @param {Facts} facts
   * @returns {Set<Guard>} what has to be said now
   */
  look(facts) {
    /** @type {Set<Guard>} */
    const found = new Set();
    if (this.#isShut(facts)) found.add("shut");
    if (this.#isSilent(facts)) found.add("silent");
    const isOnAir = facts.air !== "off_air";
    if (isOnAir && facts.outgoing === facts.floorLanguage) found.add("same_language");
    if (isOnAir && facts.language === "wrong") found.add("wrong_language");
    return found;
  }

  /** @param {Facts} facts */
  #isShut({ now, air, voice_dbfs }) {
    const isLoud = voice_dbfs > VOICE_DBFS;
    if (air !== "off_air" || (!isLoud && now - this.#spokenAt > PAUSE_MS)) this.#shutSince = null;
    else if (isLoud) this.#shutSince ??= now;
    if (isLoud) this.#spokenAt = now;
    return this.#shutSince !== null && now - this.#shutSince >= SHUT_MS;
  }

  /** @param {Facts} facts */
  #isSilent({ now, air, voice_dbfs, floor_dbfs }) {
    if (floor_dbfs > FLOOR_SPEAKS_DBFS) this.#floorAt = now;
    const doesFloorSpeak = now - this.#floorAt < FLOOR_PAUSE_MS;
    if (air !== "on_air" || voice_dbfs > VOICE_DBFS || !doesFloorSpeak) this.#silentSince = null;
    else this.#silentSince ??= now;
    return this.#silentSince !== null && now - this.#silentSince > SILENT_MS;
  }
}

/** @typedef {"ok" | "narrow" | "clipping" | "lossy" | "quiet" | "unknown"} Reason */

/**
 * The lamp for the speaker's sound: the worst of what the floor is made of.
 * @param {Record<string, {reason: Reason}>} sources  as the message `quality` says it
 * @returns {Reason} "unknown" while nothing was measured
 */
export function floorQuality(sources) {
  /** @type {Reason[]} */
  const worst = ["lossy", "clipping", "narrow", "quiet", "ok"];
  const floor = Object.entries(sources).filter(([id]) => !/^(?:mic|intercom):/.test(id));
  return worst.find((reason) => floor.some(([, source]) => source.reason === reason)) ?? "unknown";
}
