// The controls of one microphone of the hall, as they stand in the page.

import { listDevices } from "../devices.js";
import { byId, press, t, write } from "../shell.js";

export class StripRow {
  /**
   * @param {number} number  from 1
   * @param {(isOtherDevice: boolean) => void} changed  the strip holds the new settings already
   */
  constructor(number, changed) {
    this.element = byId(`mic-${number}`, HTMLElement);
    this.device = byId(`mic-${number}-device`, HTMLSelectElement);
    this.side = byId(`mic-${number}-side`, HTMLSelectElement);
    this.gain = byId(`mic-${number}-gain`, HTMLInputElement);
    this.gainWords = byId(`mic-${number}-gain-words`, HTMLElement);
    this.mute = byId(`mic-${number}-mute`, HTMLButtonElement);
    this.words = byId(`mic-${number}-state`, HTMLElement);
    /** @type {import("../../lib/strips.js").Strip | null} */
    this.strip = null;
    this.device.addEventListener("change", () => this.#set({ device: this.device.value }, changed, true));
    this.side.addEventListener("change", () => this.#set({ side: sideOf(this.side.value) }, changed, true));
    this.gain.addEventListener("input", () => this.#set({ gain_db: Number(this.gain.value) }, changed, false));
    this.mute.addEventListener("click", () => this.#set({ muted: !this.strip?.muted }, changed, false));
  }

  /**
   * @param {import("../../lib/strips.js").Strip | null} strip  null: the hall has no such microphone
   * @param {string} words  of its state
   */
  show(strip, words) {
    this.strip = strip;
    this.element.hidden = strip === null;
    write(this.words, words);
    if (!strip) return;
    this.side.value = strip.side;
    this.gain.value = String(strip.gain_db);
    write(this.gainWords, t("venue.mic_gain_db", { db: strip.gain_db.toFixed(0).replace("-", "−") }));
    press(this.mute, strip.muted);
  }

  /** @param {string | null | undefined} device  the one in use, or wished */
  async list(device) {
    await listDevices(this.device, "audioinput", device, (n) => t("device.unnamed", { n }));
  }

  /**
   * @param {Partial<import("../../lib/strips.js").Strip>} values
   * @param {(isOtherDevice: boolean) => void} changed
   * @param {boolean} isOtherDevice
   */
  #set(values, changed, isOtherDevice) {
    if (!this.strip) return;
    Object.assign(this.strip, values);
    changed(isOtherDevice);
  }
}

/**
 * @param {string} value
 * @returns {import("../../lib/strips.js").Side}
 */
function sideOf(value) {
  return value === "left" || value === "right" ? value : "both";
}
