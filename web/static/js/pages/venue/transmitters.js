// The hall's transmitters (infrared, FM): a table of channels, each on an output of its own.

import { MOST_LINES, OWN_CHOICE, linesOf } from "../../lib/outputs.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { FLOOR } from "../../lib/state.js";
import { byId, page, t, write } from "../shell.js";
import { Output, canPick, offerOutputs, pickedOutput } from "./output.js";

const PREFS = `tolmach.venue.transmitters.${page.room}`;

/** Mount the table; its lines stand in the page, hidden until they are wanted. */
export function mountTransmitters() {
  const store = browserStore("localStorage");
  const channels = [FLOOR, ...page.state.channels.map(({ channel }) => channel)];
  const lines = linesOf(readPrefs(store, PREFS, { lines: /** @type {object} */ ([]) }).lines, channels);
  const add = byId("transmitter-add", HTMLButtonElement);
  /** @type {import("../../lib/outputs.js").Output[]} */
  let there = [];
  const rows = Array.from({ length: MOST_LINES }, (_, at) => new Row(at, changed, remove));

  function changed() {
    writePrefs(store, PREFS, { lines });
    show();
  }

  /** @param {number} at */
  function remove(at) {
    lines.splice(at, 1);
    changed();
    (lines.length > 0 ? byId(`transmitter-${Math.min(at, lines.length - 1)}-channel`, HTMLSelectElement) : add).focus();
  }

  function show() {
    rows.forEach((row, at) => row.follow(lines[at] ?? null, there));
    byId("transmitters", HTMLElement).hidden = lines.length === 0;
    add.hidden = lines.length === MOST_LINES;
    add.disabled = !canPick;
  }

  add.addEventListener("click", () => {
    lines.push({ channel: "", output: { ...OWN_CHOICE }, volume: 1 });
    changed();
    byId(`transmitter-${lines.length - 1}-channel`, HTMLSelectElement).focus();
  });
  byId("outputs-note", HTMLElement).hidden = canPick;

  return {
    /** @param {import("../../lib/outputs.js").Output[]} outputs */
    devices(outputs) {
      there = outputs;
      for (const row of rows) row.forget();
      show();
    },
    renew: (/** @type {string} */ boot) => rows.forEach((row) => row.output.renew(boot)),
    nudge: () => rows.forEach((row) => row.output.nudge()),
    end: () => rows.forEach((row) => row.output.end()),
  };
}

class Row {
  /** @type {import("../../lib/outputs.js").Line | null} */ #line = null;
  #isOffered = false;

  /**
   * @param {number} at
   * @param {() => void} changed
   * @param {(at: number) => void} remove
   */
  constructor(at, changed, remove) {
    const name = `transmitter-${at}`;
    this.element = byId(name, HTMLElement);
    this.channel = byId(`${name}-channel`, HTMLSelectElement);
    this.select = byId(`${name}-output`, HTMLSelectElement);
    this.volume = byId(`${name}-volume`, HTMLInputElement);
    this.words = byId(`${name}-state`, HTMLElement);
    this.output = new Output(name, () => this.#show());
    byId(`${name}-remove`, HTMLButtonElement).addEventListener("click", () => remove(at));
    for (const control of [this.channel, this.select, this.volume]) {
      control.addEventListener(control === this.volume ? "input" : "change", () => {
        if (!this.#line) return;
        const output = pickedOutput(this.select, this.#line.output);
        Object.assign(this.#line, { channel: this.channel.value, output, volume: Number(this.volume.value) });
        changed();
      });
    }
  }

  /** Offer the outputs anew at the next look: others are there now. */
  forget() {
    this.#isOffered = false;
  }

  /**
   * @param {import("../../lib/outputs.js").Line | null} line  null: not in use
   * @param {readonly import("../../lib/outputs.js").Output[]} there
   */
  follow(line, there) {
    if (line !== this.#line) this.#isOffered = false;
    this.#line = line;
    this.element.hidden = line === null;
    const { channel = "", output = OWN_CHOICE, volume = 1 } = line ?? {};
    if (!this.#isOffered) {
      offerOutputs(this.select, there, output);
      this.channel.value = channel;
      this.volume.value = String(volume);
      this.#isOffered = true;
    }
    this.output.follow({ isOn: channel !== "", channel, output, volume }, there);
    this.#show();
  }

  #show() {
    const { state } = this.output;
    this.words.dataset.state = state;
    write(this.words, this.#line ? t(state === "off" ? "venue.transmitter_choose" : `venue.output_${state}`) : "");
  }
}
