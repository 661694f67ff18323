// The pictures: hall, whoever speaks from afar, oneself, and the others on the floor by face or name.

import { languageName } from "../../lib/i18n.js";
import { sceneOf } from "../../lib/workshop.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("../../lib/workshop.js").Speaker} Speaker */

const scene = byId("scene", HTMLElement);
const others = byId("others", HTMLElement);

export class Scene {
  /** @type {Map<string, HTMLElement>} */ #rows = new Map();

  /**
   * @param {import("./visit.js").Visit} visit
   * @param {import("./kit.js").Kit} kit
   * @param {import("./hearing.js").Hearing} hearing
   * @param {import("./speaking.js").Speaking} speaking
   */
  constructor(visit, kit, hearing, speaking) {
    this.visit = visit;
    this.kit = kit;
    this.hearing = hearing;
    this.speaking = speaking;
  }

  show() {
    const { visit, kit } = this;
    const { newest, others, large } = sceneOf(visit.state, visit.person, this.hearing.moving);
    const pictures = this.hearing.pictures;
    const title = visit.state.title[page.lang] ?? Object.values(visit.state.title)[0] ?? "";
    const floor = languageName(visit.state.floor_language, page.lang);
    scene.dataset.large = large;
    fill("tile-hall", pictures.get("hall") ?? null, t("workshop.hall", { title, language: floor }), true);
    this.#noteHall();
    fill("tile-stage", pictures.get("stage") ?? null, newest ? caption(newest) : "", newest !== null);
    const own = this.speaking.isShown ? t("workshop.own_shown") : t("workshop.own_hidden");
    fill("tile-own", kit.camera, own, kit.camera !== null && visit.isThere);
    this.#showOthers(others);
  }

  /** Where the hall sends no picture, words say so. */
  #noteHall() {
    const note = byId("tile-hall", HTMLElement).querySelector(".tile-note");
    const hasPicture = this.hearing.moving.has("hall");
    if (note instanceof HTMLElement) note.hidden = hasPicture;
    write(note, hasPicture ? "" : t(this.#darkness()));
  }

  /** Why there is no picture of the hall; while nothing can arrive here nobody knows what the hall sends. */
  #darkness() {
    const { visit, hearing } = this;
    if (visit.isWireLost) return "connection.waiting";
    if (hearing.session?.status.state !== "connected") return "common.picture_coming";
    return visit.state.venue === "lost" ? "common.venue_lost" : "workshop.hall_dark";
  }

  /** @param {Speaker[]} speakers */
  #showOthers(speakers) {
    const there = new Set(speakers.map(({ person }) => person));
    for (const [person, row] of this.#rows) {
      if (there.has(person)) continue;
      row.remove();
      this.#rows.delete(person);
    }
    for (const speaker of speakers) this.#showOther(speaker);
    others.hidden = speakers.length === 0;
  }

  /** @param {Speaker} speaker */
  #showOther(speaker) {
    const row = this.#rows.get(speaker.person) ?? this.#row(speaker.person);
    const picture = `face:${speaker.face}`;
    const stream = (this.hearing.moving.has(picture) && this.hearing.pictures.get(picture)) || null;
    const video = row.querySelector("video");
    if (video) {
      video.hidden = stream === null;
      video.setAttribute("aria-label", speaker.name);
      if (video.srcObject !== stream) video.srcObject = stream;
    }
    write(row.querySelector(".words"), caption(speaker));
  }

  /** @param {string} person */
  #row(person) {
    const row = document.createElement("li");
    row.className = "other";
    const video = document.createElement("video");
    Object.assign(video, { muted: true, autoplay: true, playsInline: true, hidden: true });
    const words = document.createElement("span");
    words.className = "words";
    row.append(video, words);
    others.append(row);
    this.#rows.set(person, row);
    return row;
  }
}

/** @param {Speaker} speaker */
function caption({ name, language, muted }) {
  const speaks = language ? t("workshop.name_language", { name, language: languageName(language, page.lang) }) : name;
  return muted ? t("workshop.name_muted", { name: speaks }) : speaks;
}

/**
 * @param {string} id
 * @param {MediaStream | null} stream
 * @param {string} words
 * @param {boolean} isShown
 */
function fill(id, stream, words, isShown) {
  const tile = byId(id, HTMLElement);
  const video = tile.querySelector("video");
  tile.hidden = !isShown;
  if (video && video.srcObject !== stream) video.srcObject = stream;
  write(tile.querySelector("figcaption"), words);
}
