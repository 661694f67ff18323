// One room on the desk: its elements, its newest state and facts, and the way to say something to it.

import { languageName } from "../../lib/i18n.js";
import { may } from "../../lib/desk.js";
import { page, t } from "../shell.js";

/** @typedef {import("../../lib/state.js").RoomState} RoomState */
/** @typedef {import("../../lib/desk.js").Facts} Facts */
/** @typedef {import("../../lib/wire.js").Outcome} Outcome */
/** @typedef {{show: () => void, facts?: () => void}} Section  shows itself anew after a change of state, or of facts */

export class Card {
  /** @type {Facts | null} */ facts = null;
  /** @type {Section[]} */ #sections = [];

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string} options.role
   * @param {RoomState} options.state
   * @param {HTMLElement} options.element
   * @param {(name: string, args?: Record<string, unknown>) => Promise<Outcome>} options.command
   * @param {(words: string) => void} options.complain  says above the rooms what did not work; nothing when all is well
   */
  constructor({ room, role, state, element, command, complain }) {
    this.room = room;
    this.role = role;
    this.state = state;
    this.element = element;
    this.complain = complain;
    this.send = command;
    for (const control of element.querySelectorAll("[data-needs]")) {
      if (!may(role, control.getAttribute("data-needs") ?? "")) control.toggleAttribute("disabled", true);
    }
  }

  /** @returns {string} the room's name in the page's language */
  get title() {
    return this.state.title[page.lang] ?? Object.values(this.state.title)[0] ?? this.room;
  }

  /**
   * @template {Element} E
   * @param {string} name
   * @param {new () => E} type
   * @returns {E}
   */
  part(name, type) {
    const found = this.element.querySelector(`[data-part="${name}"]`);
    if (!(found instanceof type)) throw new Error(`${name} is missing`);
    return found;
  }

  /**
   * The card's elements with a data attribute, by its value.
   * @template {HTMLElement} E
   * @param {string} name
   * @param {new () => E} type
   * @returns {Map<string, E>}
   */
  by(name, type) {
    const found = [...this.element.querySelectorAll(`[data-${name}]`)].filter((one) => one instanceof type);
    return new Map(found.map((one) => [one.getAttribute(`data-${name}`) ?? "", /** @type {E} */ (one)]));
  }

  /**
   * Say a command and tell when it did not work.
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   */
  async command(name, args = {}) {
    const outcome = await this.send(name, args);
    this.complain(outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "");
    if (outcome.kind !== "done") this.show();
    return outcome.kind === "done";
  }

  /** @param {string} channel @returns {string} a channel's name in the page's language */
  channelName(channel) {
    return channel === "floor" ? t("channel.floor") : languageName(channel, page.lang);
  }

  /** @param {Section} section */
  add(section) {
    this.#sections.push(section);
  }

  show() {
    for (const section of this.#sections) section.show();
  }

  showFacts() {
    for (const section of this.#sections) section.facts?.();
  }
}
