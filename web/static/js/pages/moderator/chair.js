// What the sections of the moderator's page share: who moderates, what the room is like, and how to say something to it.

import { languageName } from "../../lib/i18n.js";
import { page, t } from "../shell.js";

/** @typedef {import("../../lib/moderating.js").ModeratedRoom} ModeratedRoom */
/** @typedef {import("../../lib/moderating.js").Attendee} Attendee */
/** @typedef {import("../../lib/wire.js").Outcome} Outcome */
/**
 * @typedef {object} Section
 * @property {() => void} show  shows itself anew from the chair; called after every change
 * @property {() => void} [gate]  what must not wait for the next picture of the screen
 * @property {() => void} [tick]  twice a second, for what changes with time alone
 * @property {(news: {type: string, [field: string]: any}) => void} [news]
 * @property {() => void} [enter]  one is in the room: media may be opened
 * @property {() => void} [move]  the room is another one, and is entered next
 */

export class Chair {
  person = "";
  name = "";
  /** How far the server's clock is ahead of ours, in milliseconds. */
  ahead_ms = 0;
  /** Hands of whoever speaks another language are left out; null shows all. @type {string | null} */
  language = null;
  /** @type {Section[]} */ #sections = [];
  #isDue = false;

  /**
   * @param {object} options
   * @param {ModeratedRoom} options.state
   * @param {(name: string, args?: Record<string, unknown>) => Promise<Outcome>} options.command
   * @param {(words: string) => void} options.complain  says what did not work; nothing when all is well
   */
  constructor({ state, command, complain }) {
    this.state = state;
    this.send = command;
    this.complain = complain;
  }

  /** @returns {number} epoch milliseconds by the server's clock */
  get now_ms() {
    return Date.now() + this.ahead_ms;
  }

  /** @returns {Attendee | null} oneself in the room, once entered */
  get own() {
    return this.state.people?.find(({ person }) => person === this.person) ?? null;
  }

  /** @returns {string[]} the room's languages in their order */
  get languages() {
    return this.state.channels.map(({ channel }) => channel);
  }

  /**
   * Say a command and tell when it did not work.
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<boolean>} whether it is done
   */
  async say(name, args = {}) {
    const outcome = await this.send(name, args);
    this.complain(outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "");
    if (outcome.kind !== "done") this.show();
    return outcome.kind === "done";
  }

  /** @param {string | null | undefined} channel @returns {string} its name in the page's language; empty when unknown */
  nameOf(channel) {
    if (!channel) return "";
    return channel === "floor" ? t("channel.floor") : languageName(channel, page.lang);
  }

  /** @param {Section} section */
  add(section) {
    this.#sections.push(section);
  }

  /** @param {ModeratedRoom} state */
  take(state) {
    this.state = state;
    for (const section of this.#sections) section.gate?.();
    this.show();
  }

  /** Show everything anew, once however often it is asked for: five hundred people make many states. */
  show() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      for (const section of this.#sections) section.show();
    });
  }

  tick() {
    for (const section of this.#sections) section.tick?.();
  }

  /** @param {{type: string, [field: string]: any}} news */
  tell(news) {
    for (const section of this.#sections) section.news?.(news);
  }

  enter() {
    for (const section of this.#sections) section.enter?.();
  }

  move() {
    this.language = null;
    for (const section of this.#sections) section.move?.();
  }
}
