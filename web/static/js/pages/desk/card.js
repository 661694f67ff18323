// One room on the desk: its elements, its newest state and facts, and the way to say something to it.

import { may } from "../../lib/desk.js";
import { inverse } from "../../lib/desk_acts.js";
import { parseSource } from "../../lib/desk_meters.js";
import { languageName } from "../../lib/i18n.js";
import { page, t } from "../shell.js";
import { answerFor, done, refuse } from "./answers.js";

/** @typedef {import("../../lib/desk.js").DeskState} DeskState */
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
   * @param {DeskState} options.state
   * @param {HTMLElement} options.element
   * @param {string} options.query  by which other pages find the same invitation
   * @param {(name: string, args?: Record<string, unknown>) => Promise<Outcome>} options.command
   */
  constructor({ room, role, state, element, query, command }) {
    this.room = room;
    this.role = role;
    this.state = state;
    this.element = element;
    this.query = query;
    this.send = command;
    answerFor(this);
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
   * Say a command, and tell what became of it.
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<boolean>} whether it is done
   */
  async command(name, args = {}) {
    const back = inverse(this.state, { name, args });
    const isDone = await this.put({ name, args });
    if (isDone) done(this, name, back);
    return isDone;
  }

  /**
   * Say a command, and tell only when it did not work.
   * @param {import("../../lib/desk_acts.js").Act} act
   */
  async put({ name, args }) {
    const outcome = await this.send(name, args);
    if (outcome.kind !== "done") {
      refuse(outcome.kind === "refused" ? outcome.text : t("network.command_lost"));
      this.show();
    }
    return outcome.kind === "done";
  }

  /**
   * Ask something of the server that is no command, and tell when it did not work.
   * @param {string} method
   * @param {string} path  below the room's address
   * @param {unknown} [body]
   * @returns {Promise<Response | null>} null when it did not work
   */
  async request(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { Authorization: `Bearer ${page.token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    try {
      const answer = await fetch(`/rooms/${encodeURIComponent(this.room)}/${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(8_000),
      });
      if (answer.ok) return answer;
      refuse((await answer.json()).error.text);
    } catch {
      refuse(t("network.command_lost"));
    }
    return null;
  }

  /** @param {string} source @returns {string} what a source is called, in the page's language */
  sourceName(source) {
    const { kind, person } = parseSource(source);
    return person ? t(`desk.source_${kind}`, { name: this.personName(person) }) : t(`desk.source_${kind}`);
  }

  /** @param {string} person */
  personName(person) {
    const people = [...this.state.booths.flatMap(({ seats }) => seats), ...(this.state.speakers ?? [])];
    return people.find((one) => one.person === person)?.name ?? person;
  }

  /** @param {import("../../lib/desk_meters.js").Meter} meter @returns {string} */
  meterName({ kind, name }) {
    return kind === "source" ? this.sourceName(name) : this.channelName(name);
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
