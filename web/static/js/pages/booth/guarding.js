// The guards at work: facts from the meters, the room and the server in, alarms and lamps out.

import { Guards, floorQuality } from "../../lib/guards.js";
import { languageName } from "../../lib/i18n.js";
import { doubledBy } from "../../lib/relaying.js";
import { FLOOR_DBFS } from "../../lib/sound.js";
import { holderOf } from "../../lib/state.js";
import { byId, page, t, write } from "../shell.js";

const SPOKEN = /** @type {const} */ (["shut", "silent", "same_language", "wrong_language"]);

/** What an interpreter cannot hear of their own microphone, and all who listen do. */
const FAULTS = new Set(["narrow", "clipping", "lossy", "quiet"]);

export class Guarding {
  #guards = new Guards();
  #floor_dbfs = FLOOR_DBFS;
  /** @type {Record<string, {reason: import("../../lib/guards.js").Reason}>} */ #sources = {};
  /** By channel. @type {Record<string, "absent" | "unknown" | "ok" | "wrong">} */ #languages = {};

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {ReturnType<typeof import("./messages.js").mountMessages>} messages
   * @param {import("./listening.js").Listening} listening
   */
  constructor(desk, messages, listening) {
    this.desk = desk;
    this.messages = messages;
    this.listening = listening;
    desk.add(this);
  }

  /**
   * The own microphone's level, some times a second.
   * @param {number} voice_dbfs
   * @param {import("../../lib/state.js").AirState} air
   */
  look(voice_dbfs, air) {
    const { desk } = this;
    const outgoing = desk.seat?.outgoing ?? "";
    const floorLanguage = desk.state.floor_language;
    const language = this.#languages[outgoing];
    const facts = { now: performance.now(), air, voice_dbfs, floor_dbfs: this.#floor_dbfs, outgoing, floorLanguage, language };
    const found = desk.seat ? this.#guards.look(facts) : new Set();
    this.#floor_dbfs = FLOOR_DBFS;
    for (const guard of SPOKEN) this.messages.raise(guard, found.has(guard) ? this.#words(guard, outgoing) : "");
  }

  /**
   * @param {typeof SPOKEN[number]} guard
   * @param {string} outgoing
   */
  #words(guard, outgoing) {
    const holder = holderOf(this.desk.state, outgoing);
    // Who is told to go on air while a colleague is would be refused.
    if (guard === "shut" && holder) return t("booth.alarm_shut_taken", { name: holder.seat.name });
    return t(`booth.alarm_${guard}`, { language: languageName(outgoing, page.lang) });
  }

  /** @param {Record<string, any>} news  the message `quality` */
  measured(news) {
    this.#sources = news.sources ?? {};
    this.#languages = news.languages ?? {};
    this.show();
  }

  show() {
    const { desk, messages } = this;
    const other = doubledBy(desk.state, desk.booth, desk.seat);
    byId("console", HTMLElement).dataset.doubled = String(other !== null);
    messages.raise("doubled", other ? t("booth.alarm_doubled", { name: other.name }) : "");
    const hasFailed = this.listening.hearing?.state().limiter === "failed";
    messages.raise("limiter", hasFailed ? t("booth.alarm_limiter") : "");
    const reason = floorQuality(this.#sources);
    showLamp("guard-sound", reason, t(`booth.sound_${reason}`));
    const own = this.#sources[`mic:${desk.person}`]?.reason ?? "unknown";
    const isHeard = desk.seat !== null && desk.seat?.mic !== "off_air";
    write(byId("own-sound", HTMLElement), isHeard && FAULTS.has(own) ? t(`booth.sound_${own}`) : "");
    const language = this.#languages[desk.seat?.outgoing ?? ""] ?? "absent";
    showLamp("guard-language", language, t(`booth.language_${language}`));
  }

  tick() {
    this.#floor_dbfs = Math.max(this.#floor_dbfs, this.listening.floorProbe.read().peak_dbfs);
  }
}

/**
 * @param {string} id
 * @param {string} lamp
 * @param {string} words
 */
function showLamp(id, lamp, words) {
  const element = byId(id, HTMLElement);
  element.dataset.lamp = lamp;
  write(element.querySelector(".words"), words);
}
