// One thing that the hall's machine plays: a channel or the return, on an output of its own, with a meter.

import { findOutput, outputState, outputsOf } from "../../lib/outputs.js";
import { Listener } from "../../lib/whep.js";
import { mountMeter } from "../meters.js";
import { byId, page, t } from "../shell.js";

/** @typedef {{isOn: boolean, channel: string, output: import("../../lib/outputs.js").Output, volume: number}} Wish */

/** Whether this browser can play on another output than the computer's own choice. */
export const canPick = "setSinkId" in HTMLMediaElement.prototype;

/** @returns {Promise<import("../../lib/outputs.js").Output[]>} the outputs that are there now */
export async function listOutputs() {
  if (!navigator.mediaDevices) return [];
  return outputsOf(await navigator.mediaDevices.enumerateDevices());
}

/**
 * Offer the outputs there are, and the one wished also while it is not there.
 * @param {HTMLSelectElement} select
 * @param {readonly import("../../lib/outputs.js").Output[]} there
 * @param {import("../../lib/outputs.js").Output} wish
 */
export function offerOutputs(select, there, wish) {
  const options = there.map(({ id, label }, i) => new Option(label || t("device.unnamed", { n: i + 1 }), id));
  const found = findOutput(wish, there);
  if (!found) options.push(new Option(t("venue.output_missing", { label: wish.label }), wish.id));
  select.replaceChildren(new Option(t("venue.output_own"), ""), ...options);
  select.value = (found ?? wish).id;
  select.disabled = !canPick;
}

/**
 * What is picked in a list of `offerOutputs`.
 * @param {HTMLSelectElement} select
 * @param {import("../../lib/outputs.js").Output} before
 * @returns {import("../../lib/outputs.js").Output}
 */
export function pickedOutput(select, before) {
  const id = select.value;
  return id === before.id ? before : { id, label: id === "" ? "" : (select.selectedOptions[0]?.label ?? "") };
}

export class Output {
  /** @type {Listener | null} */ #listener = null;
  /** @type {Wish | null} */ #wish = null;
  /** @type {string | null} where the sound goes now; null: nowhere yet */ #sink = "";
  #turn = 0;
  #isThere = true;
  #isHeld = false;
  /** @type {import("../../lib/sound.js").LevelProbe | null} none until something plays: a line in use may be rare */ #probe = null;

  /**
   * @param {string} name  of the elements: `{name}-sound`, `{name}-level`
   * @param {() => void} onChange
   */
  constructor(name, onChange) {
    this.sound = byId(`${name}-sound`, HTMLAudioElement);
    this.meter = byId(`${name}-level`, HTMLElement);
    this.onChange = onChange;
    const retry = () => this.#isHeld && this.#play();
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, retry);
  }

  /** @returns {import("../../lib/outputs.js").OutputState} */
  get state() {
    const session = this.#listener?.session.status.state ?? "idle";
    return outputState({ isOn: this.#wish?.isOn ?? false, isThere: this.#isThere, isHeld: this.#isHeld, session });
  }

  /**
   * Do what is wished, as far as the outputs that are there allow.
   * @param {Wish} wish
   * @param {readonly import("../../lib/outputs.js").Output[]} there
   */
  follow(wish, there) {
    this.#wish = wish;
    this.sound.volume = wish.volume;
    this.#listen(wish);
    const found = findOutput(wish.output, there);
    if (!found) this.#lose();
    else if (found.id !== this.#sink) void this.#steer(found.id);
  }

  /** @param {string} boot  of the server's process that answers now */
  renew(boot) {
    this.#listener?.session.renew(boot);
  }

  /** The network is back: do not sit out the pause. */
  nudge() {
    this.#listener?.session.nudge();
  }

  end() {
    this.#listener?.session.stop();
    this.#listener = null;
  }

  /** @param {Wish} wish */
  #listen({ isOn, channel }) {
    if (isOn && this.#listener?.wanted.channel === channel) return;
    this.end();
    if (!isOn) {
      this.sound.srcObject = null;
      this.#probe?.attach(null);
      return;
    }
    this.#listener = new Listener({
      room: page.room,
      token: page.token,
      wanted: { channel, under: false, video: false },
      onTrack: (track) => this.#take(new MediaStream([track])),
      onStatus: () => this.onChange(),
    });
    this.#listener.session.start();
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    this.sound.srcObject = stream;
    this.#probe ??= mountMeter(this.meter);
    this.#probe.attach(stream);
    this.#play();
  }

  #play() {
    this.#isHeld = false;
    this.sound.play().catch((error) => {
      this.#isHeld = error.name === "NotAllowedError";
      this.onChange();
    });
    this.onChange();
  }

  /** Its output was unplugged: silence, until it is there again or another one is picked. */
  #lose() {
    this.#turn += 1;
    this.#sink = null;
    this.#isThere = false;
    this.sound.muted = true;
  }

  /** @param {string} id */
  async #steer(id) {
    const turn = ++this.#turn;
    this.sound.muted = true;
    let isThere = true;
    try {
      if (canPick) await this.sound.setSinkId(id);
    } catch {
      isThere = false; // it went in this very moment, or the browser's owner does not allow it
    }
    if (turn !== this.#turn) return;
    this.#sink = isThere ? id : null;
    this.#isThere = isThere;
    this.sound.muted = !isThere;
    this.onChange();
  }
}
