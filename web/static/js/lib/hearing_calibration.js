// Finding out how loud a headset is, without a sound level meter: a murmur in the headphones is set as loud as a real
// voice, three times. A colleague who speaks calmly one metre away makes about 60 dB(A) (ISO 9921, normal effort).
//
// People match loudness to a few decibels, and calm voices differ by as many; so the result is taken 6 dB louder than
// it was heard, and three answers too far apart count for nothing. A threshold of hearing would be easier to ask for and
// would be dangerous: who hears less would be taken for having a softer headset. With a meter its reading is believed.

import { bounded } from "./hearing_profile.js";

/** Root mean square of the murmur before the interpreter changes it. */
export const MURMUR_DBFS = -30;
export const VOICE_SPL = 60;
const MARGIN_DB = 6;
export const STEP_DB = 2;
// Louder no headset needs that may be believed; and until it is known, this murmur goes past the limiter.
const LOUDEST_DB = 6;
const SOFTEST_DB = -40;
const ANSWERS = 3;
const MOST_APART_DB = 6;
/** Each time begins elsewhere, so that the hand cannot remember the place. */
const BEGINNINGS_DB = [-20, -6, -14];

/** @typedef {import("./hearing_profile.js").Profile} Profile */
/**
 * @typedef {object} Answered
 * @property {number} left  how many times are still asked
 * @property {Profile | null} profile  once all answers are there
 * @property {boolean} isApart  the answers were too far apart; it begins anew
 */

export class Calibration {
  /** @type {number[]} */ #answers = [];
  /** Gain on the murmur, in dB; what the page plays it with. */
  gain_db = BEGINNINGS_DB[0] ?? 0;

  /** @param {() => number} [now] epoch ms */
  constructor(now = () => Date.now()) {
    this.now = now;
  }

  /** Begin anew. */
  start() {
    this.#answers = [];
    this.#begin();
  }

  louder() {
    this.gain_db = Math.min(LOUDEST_DB, this.gain_db + STEP_DB);
  }

  softer() {
    this.gain_db = Math.max(SOFTEST_DB, this.gain_db - STEP_DB);
  }

  /**
   * The murmur is as loud as the voice now.
   * @returns {Answered}
   */
  equal() {
    this.#answers.push(this.gain_db);
    const answers = this.#answers.toSorted((a, b) => a - b);
    if (answers.length < ANSWERS) {
      this.#begin();
      return { left: ANSWERS - answers.length, profile: null, isApart: false };
    }
    const isApart = (answers.at(-1) ?? 0) - (answers[0] ?? 0) > MOST_APART_DB;
    this.start();
    if (isApart) return { left: ANSWERS, profile: null, isApart };
    const matched_dbfs = MURMUR_DBFS + (answers[1] ?? 0);
    return { left: 0, profile: this.#profile("voice", VOICE_SPL + MARGIN_DB - matched_dbfs), isApart };
  }

  /**
   * A meter at the ear cushion reads this while the murmur plays.
   * @param {number} reading_spl  dB(A)
   * @returns {Profile}
   */
  byMeter(reading_spl) {
    return this.#profile("meter", reading_spl - (MURMUR_DBFS + this.gain_db));
  }

  #begin() {
    this.gain_db = BEGINNINGS_DB[this.#answers.length % BEGINNINGS_DB.length] ?? 0;
  }

  /**
   * @param {Profile["made"]} made
   * @param {number} full_scale_spl
   * @returns {Profile}
   */
  #profile(made, full_scale_spl) {
    return { full_scale_spl: bounded(full_scale_spl), made, at: this.now() };
  }
}

/**
 * Noise with the long-term spectrum of speech (flat to 500 Hz, 9 dB an octave down above, as ICRA's), the same each time.
 * @param {number} rate  samples a second
 * @param {number} seconds  it may be played in a circle
 * @returns {Float32Array<ArrayBuffer>} with a root mean square of MURMUR_DBFS
 */
export function murmur(rate, seconds) {
  const noise = new Float32Array(Math.round(rate * seconds));
  const smooth = (/** @type {number} */ hertz) => 1 - Math.exp((-2 * Math.PI * hertz) / rate);
  const [first, second, low] = [smooth(500), smooth(900), smooth(80)];
  let [seed, one, two, deep] = [1, 0, 0, 0];
  for (let i = 0; i < noise.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    one += first * (seed / 2 ** 31 - one);
    two += second * (one - two);
    deep += low * (two - deep);
    noise[i] = two - deep;
  }
  const rms = Math.sqrt(noise.reduce((sum, sample) => sum + sample * sample, 0) / noise.length);
  return noise.map((sample) => (sample * 10 ** (MURMUR_DBFS / 20)) / rms);
}
