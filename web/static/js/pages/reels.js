// The panel of video messages, for the moderator's page and the desk: send, cue, start, pause, stop, delete.

import { itemTime, itemWords } from "../lib/programme.js";
import { progressOf, reelActs, spanWords } from "../lib/reels.js";
import { button, element, showRows } from "./desk/rows.js";
import { page, t, write } from "./shell.js";
import { listReels, previewAddress, problemOf, removeReel, sendFilm, sendScript, sendSubtitles } from "./reels_web.js";

/** @typedef {import("../lib/reels.js").Reel} Reel */
/** @typedef {import("../lib/state.js").RoomState} RoomState */
/** @typedef {import("../lib/wire.js").Outcome} Outcome */
/**
 * @typedef {object} ReelsOptions
 * @property {HTMLElement} element  the section that the macro `reels` made
 * @property {string} room
 * @property {string} token  the bearer
 * @property {() => RoomState} state
 * @property {(name: string, args?: Record<string, unknown>) => Promise<Outcome | boolean>} command
 * @property {(words: string) => void} complain  says what did not work; nothing when all is well
 * @property {() => number} now_ms  epoch milliseconds, by the server's clock
 * @property {boolean} [mayPlay]  false for who only sends
 */

const TICK_MS = 200;

/** @param {ReelsOptions} options */
export function mountReels(options) {
  return new ReelsPanel(options);
}

class ReelsPanel {
  /** @type {Reel[]} */ #reels = [];
  #isAsked = false;
  #isSending = false;

  /** @param {ReelsOptions} options */
  constructor(options) {
    this.options = options;
    for (const act of /** @type {const} */ (["start", "pause", "stop"])) {
      this.#part(act, HTMLButtonElement).addEventListener("click", () => void this.#say(`${act}_playout`));
    }
    this.#part("form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** The room's state is another. */
  show() {
    if (!this.#isAsked) {
      this.#isAsked = true;
      void this.#load();
    }
    const acts = reelActs(this.#playout);
    const may = this.options.mayPlay ?? true;
    for (const act of /** @type {const} */ (["start", "pause", "stop"])) {
      this.#part(act, HTMLButtonElement).disabled = !may || !acts[act];
    }
    write(this.#part("start", HTMLElement), t(this.#playout?.reel === "paused" ? "reels.resume" : "reels.start"));
    this.#showItems();
    this.#showList();
    this.#tick();
  }

  /** @param {{type: string}} message  any news of the wire */
  news(message) {
    if (message.type === "reels") void this.#load();
  }

  /** @returns {import("../lib/reels.js").Playout | null} */
  get #playout() {
    return this.options.state().playout ?? null;
  }

  /**
   * @template {HTMLElement} E
   * @param {string} name
   * @param {new () => E} type
   * @returns {E}
   */
  #part(name, type) {
    const found = this.options.element.querySelector(`[data-reel="${name}"]`);
    if (!(found instanceof type)) throw new Error(`${name} is missing`);
    return found;
  }

  async #load() {
    const { room, token } = this.options;
    const found = await listReels(room, token);
    if (!found) {
      this.#isAsked = false;
      return;
    }
    this.#reels = found;
    this.#showList();
    this.#tick();
  }

  /** What moves with time alone. */
  #tick() {
    const now = progressOf(this.#playout, this.options.now_ms());
    const box = this.#part("now", HTMLElement);
    box.dataset.phase = now.phase;
    const name = this.#reels.find(({ asset }) => asset === this.#playout?.asset)?.name ?? "";
    write(this.#part("words", HTMLElement), now.phase === "none" ? "" : t(`reels.now_${now.phase}`, { name }));
    const isCounting = now.phase === "countdown";
    const times = { at: spanWords(now.at_s), left: spanWords(now.left_s) };
    const words = isCounting ? String(now.until_s) : t("reels.time", times);
    write(this.#part("time", HTMLElement), now.phase === "none" ? "" : words);
    const bar = this.#part("progress", HTMLProgressElement);
    bar.hidden = now.phase === "none" || isCounting;
    bar.value = now.at_s / (now.at_s + now.left_s || 1);
  }

  #showItems() {
    const select = this.#part("items", HTMLSelectElement);
    const items = (this.options.state().items ?? []).map((item) => new Option(`${itemTime(item, page.lang)} ${itemWords(item, page.lang)}`.trim(), item.id));
    const all = [new Option(t("reels.item_none"), ""), ...items];
    const isSame = all.length === select.options.length && all.every((one, at) => one.text === select.options[at]?.text);
    if (isSame || document.activeElement === select) return;
    const chosen = select.value;
    select.replaceChildren(...all);
    select.value = all.some(({ value }) => value === chosen) ? chosen : "";
  }

  #showList() {
    this.#part("none", HTMLElement).hidden = this.#reels.length > 0;
    showRows(this.#part("list", HTMLElement), this.#reels, ({ asset }) => asset, (reel) => this.#row(reel), (row, reel) => this.#fill(row, reel));
  }

  /** @param {Reel} reel */
  #row({ asset, name }) {
    const row = element("li", "reel-row");
    const acts = element("span", "buttons");
    const cue = button(t("reels.cue"), () => void this.#cue(asset));
    cue.dataset.act = "cue";
    const look = element("a", "button small", t("reels.preview"));
    look.href = previewAddress(this.options.room, asset);
    look.target = "_blank";
    look.dataset.act = "preview";
    const lines = element("label", "button small reel-lines");
    const file = element("input", "hidden-words");
    file.type = "file";
    file.accept = ".vtt,.srt";
    file.addEventListener("change", () => void this.#addSubtitles(asset, file));
    lines.append(element("span"), file);
    const remove = button(t("reels.remove"), () => void this.#remove(asset));
    remove.dataset.act = "remove";
    for (const one of [cue, look, remove]) one.setAttribute("aria-label", `${one.textContent}: ${name}`);
    acts.append(cue, look, lines, remove);
    row.append(element("strong", "reel-name", name), element("span", "reel-state"), acts);
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Reel} reel
   */
  #fill(row, reel) {
    const isCued = this.#playout?.asset === reel.asset;
    row.dataset.standing = reel.standing;
    row.dataset.cued = String(isCued);
    write(row.querySelector(".reel-state"), this.#words(reel, isCued));
    const [cue, remove] = ["cue", "remove"].map((act) => /** @type {HTMLButtonElement} */ (row.querySelector(`[data-act=${act}]`)));
    if (cue) cue.disabled = reel.standing !== "ready" || isCued || !reelActs(this.#playout).cue || this.options.mayPlay === false;
    if (remove) remove.disabled = isCued;
    const look = row.querySelector("[data-act=preview]");
    if (look instanceof HTMLElement) look.hidden = reel.standing !== "ready";
    write(row.querySelector(".reel-lines span"), t(reel.has_subtitles ? "reels.subtitles_replace" : "reels.subtitles_add"));
  }

  /**
   * @param {Reel} reel
   * @param {boolean} isCued
   */
  #words(reel, isCued) {
    if (reel.standing === "failed") return reel.text;
    if (reel.standing === "preparing") return t("reels.preparing", { percent: reel.percent });
    const item = (this.options.state().items ?? []).find(({ id }) => id === reel.item);
    const parts = [spanWords(reel.seconds), ...(item ? [itemWords(item, page.lang)] : []), ...(isCued ? [t("reels.is_cued")] : [])];
    if (reel.is_silent) parts.push(t("reels.is_silent"));
    return parts.join(", ");
  }

  /**
   * @param {string} name
   * @param {Record<string, unknown>} [args]
   */
  async #say(name, args) {
    const outcome = await this.options.command(name, args);
    if (typeof outcome === "boolean") return;
    this.#complain(outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "");
  }

  /** @param {string} asset */
  async #cue(asset) {
    const reel = this.#reels.find((one) => one.asset === asset);
    if (reel) await this.#say("cue_playout", { item: reel.item, asset, seconds: reel.seconds });
  }

  async #send() {
    const form = this.#part("form", HTMLFormElement);
    const values = new FormData(form);
    const [film, script, subtitles] = ["film", "script", "subtitles"].map((name) => values.get(name));
    if (this.#isSending || !(film instanceof File)) return;
    this.#setSending(true);
    const { room, token } = this.options;
    const item = String(values.get("item") ?? "");
    const bar = this.#part("sent", HTMLProgressElement);
    const sent = await sendFilm({ room, token, film, item, onShare: (share) => void (bar.value = share) });
    let problem = sent.problem;
    if (sent.asset && isFilled(script)) problem ||= await problemOf(sendScript({ room, token, item, script }));
    if (sent.asset && isFilled(subtitles)) problem ||= await problemOf(sendSubtitles({ room, token, asset: sent.asset, subtitles }));
    this.#setSending(false);
    if (sent.asset) form.reset();
    this.#complain(problem);
    await this.#load();
  }

  /** @param {boolean} isSending */
  #setSending(isSending) {
    this.#isSending = isSending;
    this.#part("send", HTMLButtonElement).disabled = isSending;
    const bar = this.#part("sent", HTMLProgressElement);
    bar.hidden = !isSending;
    bar.value = 0;
  }

  /**
   * @param {string} asset
   * @param {HTMLInputElement} file
   */
  async #addSubtitles(asset, file) {
    const [subtitles] = file.files ?? [];
    file.value = "";
    const { room, token } = this.options;
    if (subtitles) this.#complain(await problemOf(sendSubtitles({ room, token, asset, subtitles })));
  }

  /** @param {string} asset */
  async #remove(asset) {
    const { room, token } = this.options;
    this.#complain(await problemOf(removeReel({ room, token, asset })));
    await this.#load();
  }

  /** @param {string} words  nothing when all is well */
  #complain(words) {
    const problem = this.#part("problem", HTMLElement);
    problem.hidden = !words;
    write(problem, words);
    this.options.complain(words);
  }
}

/**
 * @param {FormDataEntryValue | null | undefined} value
 * @returns {value is File}
 */
function isFilled(value) {
  return value instanceof File && value.size > 0;
}
