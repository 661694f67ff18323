// The dose of sound of one day, kept in this browser and nowhere else: it belongs to the interpreter. It outlives a
// reload and begins anew with the next day.
//
// Energies are added up (equal-energy rule, 3 dB more is twice as much; ISO 1999). A whole dose is what the EU allows at
// work without protection: 85 dB(A) for eight hours (Directive 2003/10/EC, article 3). Measured is what leaves for the
// headphones, by the headset's profile; the room around them is not heard.

import { readPrefs, writePrefs } from "./prefs.js";

export const ALLOWED_DB = 85;
export const ALLOWED_S = 8 * 3600;
/** Fainter than this does nobody harm, and would let silence count as listening. */
const COUNTS_FROM_DB = 40;
const KEEP_EVERY_S = 5;
const KEY = "tolmach.hearing.dose";

/**
 * @typedef {object} Dose
 * @property {number | null} leq_db  dB(A) on average while something was heard; null before anything was
 * @property {number} hours   how long something was heard
 * @property {number} share   of the day's allowance, 1 is all of it
 */

export class DoseMeter {
  #energy = 0;
  #seconds = 0;
  #unkept_s = 0;

  /**
   * @param {import("./prefs.js").Store | null} store
   * @param {() => Date} [clock]
   */
  constructor(store, clock = () => new Date()) {
    this.store = store;
    this.clock = clock;
    this.day = dayOf(clock());
  }

  /**
   * @param {number} level_db  dB(A) at the louder ear
   * @param {number} seconds
   */
  add(level_db, seconds) {
    if (!(level_db >= COUNTS_FROM_DB)) return;
    this.#energy += 10 ** ((level_db - ALLOWED_DB) / 10) * seconds;
    this.#seconds += seconds;
    this.#unkept_s += seconds;
    if (this.#unkept_s >= KEEP_EVERY_S) this.keep();
  }

  /** @returns {Dose} */
  read() {
    const kept = this.#kept();
    const energy = kept.energy + this.#energy;
    const seconds = kept.seconds + this.#seconds;
    const leq_db = seconds > 0 ? ALLOWED_DB + 10 * Math.log10(energy / seconds) : null;
    return { leq_db, hours: seconds / 3600, share: energy / ALLOWED_S };
  }

  /** Write down what has come since; another page of the same interpreter may have written meanwhile. */
  keep() {
    const { day, energy, seconds } = this.#kept();
    const sum = { day, energy: energy + this.#energy, seconds: seconds + this.#seconds };
    this.#unkept_s = 0;
    if (writePrefs(this.store, KEY, sum)) this.#energy = this.#seconds = 0;
  }

  #kept() {
    const today = dayOf(this.clock());
    if (today !== this.day) {
      this.day = today;
      this.#energy = this.#seconds = 0;
    }
    const kept = readPrefs(this.store, KEY, { day: "", energy: 0, seconds: 0 });
    const isSound = kept.day === today && kept.energy >= 0 && kept.seconds >= 0;
    return isSound ? kept : { day: today, energy: 0, seconds: 0 };
  }
}

/** @param {Date} date */
function dayOf(date) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
