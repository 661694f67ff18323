// Video messages in the booth: seen and read beforehand among the papers, counted down, and followed line by line.

import { cueAt, progressOf, spanWords } from "../../lib/reels.js";
import { audioContext } from "../meters.js";
import { listCues, listReels, previewAddress } from "../reels_web.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("../../lib/reels.js").Reel} Reel */
/** @typedef {import("../../lib/reels.js").Cue} Cue */

const banner = byId("reel", HTMLElement);
const words = byId("reel-words", HTMLElement);
const time = byId("reel-time", HTMLElement);
const open = byId("reel-open", HTMLButtonElement);

export class Reels {
  /** @type {Reel[]} */ #reels = [];
  /** @type {Map<string, Cue[]>} by message, as read last */ #cues = new Map();
  /** @type {{asset: string, list: HTMLElement, place: number} | null} the subtitles in view */ #shown = null;
  #isAsked = false;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {import("./papers.js").Papers} papers
   * @param {import("./listening.js").Listening} listening
   */
  constructor(desk, papers, listening) {
    this.desk = desk;
    this.papers = papers;
    this.listening = listening;
    open.addEventListener("click", () => void this.#openSubtitles());
    desk.add(this);
  }

  /** Another room has other messages. */
  move() {
    this.#isAsked = false;
    this.#shown = null;
  }

  /** Ask anew what there is. */
  async load() {
    if (!page.token) return;
    const found = await listReels(page.room, page.token);
    this.#isAsked = found !== null;
    this.#reels = (found ?? []).filter(({ standing }) => standing === "ready");
    this.#cues.clear();
    this.#shown = null;
    await this.papers.setFurther(this.#reels.flatMap(({ item }) => item ?? []), this.#reels.flatMap((reel) => this.#papersOf(reel)));
    this.show();
  }

  show() {
    if (!this.#isAsked) {
      this.#isAsked = true;
      void this.load();
    }
    this.tick();
  }

  /** What moves with time alone. */
  tick() {
    const { playout } = this.desk.state;
    const now = progressOf(playout, this.desk.now_ms);
    const reel = this.#reels.find(({ asset }) => asset === playout?.asset);
    banner.hidden = now.phase === "none";
    banner.dataset.phase = now.phase;
    write(words, now.phase === "none" ? "" : t(`reels.now_${now.phase}`, { name: reel?.name ?? "" }));
    const times = t("reels.time", { at: spanWords(now.at_s), left: spanWords(now.left_s) });
    write(time, now.phase === "countdown" ? String(now.until_s) : times);
    open.hidden = !reel?.has_subtitles;
    if (playout && this.#shown?.asset === playout.asset) this.#follow(now.phase === "countdown" ? -1 : now.at_s, now.phase === "playing");
  }

  /**
   * What stands for a message among the papers: its film, and its subtitles.
   * @param {Reel} reel
   * @returns {import("./papers.js").Further[]}
   */
  #papersOf({ asset, name, has_subtitles }) {
    const film = { id: `film-${asset}`, name: t("reels.paper_film", { name }), show: (/** @type {HTMLElement} */ view) => this.#showFilm(view, asset, name) };
    const lines = { id: `subtitles-${asset}`, name: t("reels.paper_subtitles", { name }), show: (/** @type {HTMLElement} */ view) => this.#showSubtitles(view, asset) };
    return has_subtitles ? [film, lines] : [film];
  }

  async #openSubtitles() {
    await this.papers.open(`subtitles-${this.desk.state.playout?.asset}`);
    this.tick();
  }

  /**
   * The film as it will be played; its sound goes to the headphones by the same protection as all else.
   * @param {HTMLElement} view
   * @param {string} asset
   * @param {string} name
   */
  #showFilm(view, asset, name) {
    this.#shown = null;
    const film = document.createElement("video");
    film.controls = true;
    film.preload = "metadata";
    film.src = previewAddress(page.room, asset);
    film.setAttribute("aria-label", name);
    const { hearing } = this.listening;
    if (hearing) hearing.add(audioContext().createMediaElementSource(film));
    else film.muted = true;
    view.replaceChildren(film);
  }

  /**
   * @param {HTMLElement} view
   * @param {string} asset
   */
  async #showSubtitles(view, asset) {
    const cues = this.#cues.get(asset) ?? (page.token ? await listCues(page.room, page.token, asset) : []);
    this.#cues.set(asset, cues);
    const list = document.createElement("ol");
    list.className = "subtitles";
    list.append(...cues.map(line));
    view.replaceChildren(list);
    this.#shown = { asset, list, place: -1 };
    this.tick();
  }

  /**
   * Mark the line that is spoken and keep it in view.
   * @param {number} at_s
   * @param {boolean} isPlaying
   */
  #follow(at_s, isPlaying) {
    if (!this.#shown || !this.#shown.list.isConnected) return;
    const place = cueAt(this.#cues.get(this.#shown.asset) ?? [], at_s);
    if (place === this.#shown.place) return;
    const { list } = this.#shown;
    list.children[this.#shown.place]?.removeAttribute("aria-current");
    this.#shown.place = place;
    const spoken = list.children[place];
    spoken?.setAttribute("aria-current", "true");
    if (isPlaying) spoken?.scrollIntoView({ block: "center" });
  }
}

/** @param {Cue} cue */
function line({ from_s, text }) {
  const made = document.createElement("li");
  const at = document.createElement("time");
  at.textContent = spanWords(from_s);
  made.append(at, " ", text);
  return made;
}
