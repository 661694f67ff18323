// One person's visit: what all sections of the page know, and how they speak to the server.

import { stepOf } from "../../lib/workshop.js";
import { byId, t, write } from "../shell.js";

/** @typedef {import("../../lib/workshop.js").WorkshopState} WorkshopState */

const problem = byId("problem", HTMLElement);

export class Visit {
  person = "";
  name = "";
  role = "";
  /** How far the server's clock is ahead of this machine's. */
  ahead_ms = 0;
  isInside = false;
  hasLeft = false;
  /** The server has closed the line for good manners' sake; it opens again to who was admitted anew. */
  isSentOut = false;
  isWireLost = false;

  /**
   * @param {WorkshopState} state
   * @param {(name: string, args?: Record<string, unknown>) => Promise<import("../../lib/wire.js").Outcome>} command
   */
  constructor(state, command) {
    this.state = state;
    this.command = command;
  }

  get own() {
    return this.state.own ?? null;
  }

  get step() {
    return stepOf(this);
  }

  /** Whether one is in the room or behind its stage, and may hear something. */
  get isThere() {
    return this.step === "seated" || this.step === "backstage";
  }

  get now_ms() {
    return Date.now() + this.ahead_ms;
  }

  /** @returns {import("../../lib/workshop.js").Speaker | null} oneself on the floor */
  get ownSpeaker() {
    return this.state.speakers?.find(({ person }) => person === this.person) ?? null;
  }

  /**
   * Say something to the server; what it refuses is told on the page.
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<boolean>} whether it is done
   */
  async say(name, args = {}) {
    const outcome = await this.command(name, args);
    const words = outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "";
    this.complain(words);
    return words === "";
  }

  /** @param {string} words  empty: nothing is wrong any more */
  complain(words) {
    problem.hidden = words === "";
    write(problem, words);
  }
}
