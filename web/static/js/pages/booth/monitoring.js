// The monitoring section: the partner's output or the own channel beside the source, with a volume of its own.

import { languageName } from "../../lib/i18n.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { monitorPlan, nextOf } from "../../lib/relaying.js";
import { FLOOR } from "../../lib/state.js";
import { byData, byId, page, press, t, write } from "../shell.js";

/** @typedef {import("../../lib/relaying.js").Monitored} Monitored */

const PREFS = "tolmach.booth.monitoring";
const CHOICES = /** @type {const} */ (["off", "partner", "own"]);
const buttons = byData("monitor");

export class Monitoring {
  /** @type {MediaStreamTrack | null} */ #track = null;
  /** @type {string | null} */ #channel = null;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./listening.js").Listening} listening
   */
  constructor(desk, listening) {
    this.desk = desk;
    this.listening = listening;
    const { choice } = readPrefs(browserStore("localStorage"), PREFS, { choice: "off" });
    this.choice = CHOICES.find((known) => known === choice) ?? "off";
    this.listener = listening.listener(FLOOR, false, (track) => this.#take(track));
    for (const [name, button] of buttons) {
      button.addEventListener("click", () => this.choose(/** @type {Monitored} */ (name)));
    }
    desk.add(this);
  }

  next() {
    this.choose(nextOf(CHOICES, this.choice));
  }

  /** @param {Monitored} choice */
  choose(choice) {
    this.choice = choice;
    writePrefs(browserStore("localStorage"), PREFS, { choice });
    this.show();
  }

  stop() {
    this.#channel = null;
    this.listener.session.stop();
  }

  /** Monitor in the page's new room. */
  move() {
    this.#channel = this.#track = null;
    this.listener.move(page.room);
  }

  show() {
    for (const [name, button] of buttons) press(button, name === this.choice);
    const { desk } = this;
    const plan = monitorPlan(desk.state, desk.ownBooth, desk.person, this.choice);
    this.#tune(plan.channel);
    // Silent at once, not when the server has followed: on air the source alone is heard.
    this.listening.hearing?.setInput("monitoring", plan.isHeard ? this.#track : null);
    write(byId("monitor-state", HTMLElement), this.#words(plan));
  }

  /** @param {string | null} channel */
  #tune(channel) {
    if (channel === this.#channel) return;
    this.#channel = channel;
    if (channel) this.listener.listen({ channel });
    else {
      this.listener.session.stop();
      this.#track = null;
    }
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    this.#track = track;
    this.show();
  }

  /** @param {{channel: string | null, isHeard: boolean}} plan */
  #words({ channel, isHeard }) {
    if (this.choice === "off") return t("booth.monitor_is_off");
    if (this.desk.seat?.mic !== "off_air") return t("booth.monitor_on_air");
    if (!channel || !isHeard) return t("booth.monitor_nobody");
    return t("booth.monitor_heard", { language: languageName(channel, page.lang) });
  }
}
