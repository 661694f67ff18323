// What the sections of the console share: who sits here, what the room is like, and how to say something to it.

import { nextOf } from "../../lib/relaying.js";
import { FLOOR, placeOf } from "../../lib/state.js";

/** @typedef {import("../../lib/state.js").RoomState} RoomState */
/** @typedef {import("../../lib/state.js").Booth} Booth */
/** @typedef {import("../../lib/state.js").Seat} Seat */
/**
 * @typedef {object} Section
 * @property {() => void} show  shows itself anew from the desk; called after every change
 * @property {() => void} [tick]  twice a second, for what changes with time alone
 */

export class Desk {
  person = "";
  name = "";
  /** Whether sound arrives from the server; what does not come in most likely does not get out either. */
  isReached = true;
  /** Whether the hearing protection holds; until then the microphone stays shut. */
  isSafe = false;
  /** Whether the cough key is held down here. */
  coughHeld = false;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  ahead_ms = 0;
  /** Commands on their way, by name: their keys show that they wait. */
  #waiting = new Set();
  /** What a key that goes round has asked for last, by the command's name, until it is answered. */
  #wishes = new Map();
  /** @type {Section[]} */ #sections = [];

  /**
   * @param {object} options
   * @param {string} options.booth
   * @param {RoomState} options.state
   * @param {(name: string, args?: Record<string, unknown>) => Promise<import("../../lib/wire.js").Outcome>} options.command
   * @param {(outcome: import("../../lib/wire.js").Outcome) => void} options.onFailure
   */
  constructor({ booth, state, command, onFailure }) {
    this.booth = booth;
    this.state = state;
    this.command = command;
    this.onFailure = onFailure;
  }

  /** @returns {Seat | null} one's own seat, once entered */
  get seat() {
    return placeOf(this.state, this.person)?.seat ?? null;
  }

  /** @returns {Booth | null} */
  get ownBooth() {
    return this.state.booths.find((booth) => booth.booth === this.booth) ?? null;
  }

  /** @returns {string} channel one has selected to listen to */
  get incoming() {
    return this.seat?.incoming ?? FLOOR;
  }

  /** @returns {number} epoch milliseconds by the server's clock */
  get now_ms() {
    return Date.now() + this.ahead_ms;
  }

  /** @param {Section} section */
  add(section) {
    this.#sections.push(section);
  }

  show() {
    for (const section of this.#sections) section.show();
  }

  tick() {
    for (const section of this.#sections) section.tick?.();
  }

  /** @param {string} name */
  isWaiting(name) {
    return this.#waiting.has(name);
  }

  /**
   * Say something to the room. A refusal goes to the messages; nothing changes here until the room's state says so.
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<boolean>} whether it is done
   */
  async say(name, args) {
    this.#waiting.add(name);
    this.show();
    const outcome = await this.command(name, args);
    this.#waiting.delete(name);
    if (outcome.kind !== "done") this.onFailure(outcome);
    this.show();
    return outcome.kind === "done";
  }

  /**
   * Say the next of a list of choices. Whoever presses again before the answer is there means the one after that.
   * @param {string} name
   * @param {string} field  the command's argument
   * @param {readonly unknown[]} choices
   * @param {unknown} current
   */
  async sayNext(name, field, choices, current) {
    const wish = nextOf(choices, this.#wishes.has(name) ? this.#wishes.get(name) : current);
    this.#wishes.set(name, wish);
    await this.say(name, { [field]: wish });
    if (this.#wishes.get(name) === wish) this.#wishes.delete(name);
  }
}
