// The sliders of the console: turned by hand or by key, remembered by this browser.

import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { byId } from "../shell.js";

/** @typedef {import("../../lib/keys.js").Knob} Knob */

const PREFS = "tolmach.booth.listening";
const STEPS = /** @type {Readonly<Record<Knob, number>>} */ ({ volume: 0.06, "monitor-volume": 0.06, bass: 1, treble: 1 });

export class Knobs {
  /** What a new page begins with. @type {Record<Knob, number>} */
  values = readPrefs(browserStore("localStorage"), PREFS, { volume: 0.8, "monitor-volume": 0.6, bass: 0, treble: 0 });

  /** @param {(knob: Knob) => void} onTurn */
  constructor(onTurn) {
    this.onTurn = onTurn;
    for (const knob of /** @type {Knob[]} */ (Object.keys(STEPS))) {
      const input = byId(knob, HTMLInputElement);
      input.value = String(this.values[knob]);
      input.addEventListener("input", () => this.#take(knob, input));
    }
  }

  /**
   * @param {Knob} knob
   * @param {1 | -1} by
   */
  turn(knob, by) {
    const input = byId(knob, HTMLInputElement);
    input.value = String(Number(input.value) + by * STEPS[knob]); // the browser keeps it within its limits
    this.#take(knob, input);
  }

  /**
   * @param {Knob} knob
   * @param {HTMLInputElement} input
   */
  #take(knob, input) {
    this.values[knob] = Number(input.value);
    writePrefs(browserStore("localStorage"), PREFS, this.values);
    this.onTurn(knob);
  }
}
