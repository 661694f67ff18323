// The livestream by the browser's own player, where it has one and Media Source is missing (older iPhones). The same
// interface as lib/livestream.js; the browser decides on its distance from live and on the quality.

import { goTo } from "./position.js";

/** @typedef {{language: string, label: string, enabled: boolean}} NativeTrack */

const ASK_AGAIN_MS = 3_000;
/** Where live is for a player that plays by itself, before the end of what it can seek to. */
const DISTANCE_S = 2;

export class NativeStream {
  /** @type {HTMLMediaElement | null} */ #media = null;
  #channel = "";
  #url = "";
  /** @type {unknown} */ #timer = null;
  #onError = () => this.#failed();
  #onTracks = () => this.#select();

  /**
   * @param {object} options
   * @param {(channel: string) => string} options.nameOf  a channel's name in itself, as in the playlist
   * @param {import("./timing.js").Timers} options.timers
   */
  constructor({ nameOf, timers }) {
    this.nameOf = nameOf;
    this.timers = timers;
  }

  get status() {
    return 0;
  }

  get hasSmall() {
    return false;
  }

  get hasCaptions() {
    return (this.#media?.textTracks.length ?? 0) > 0;
  }

  /** @returns {import("./position.js").Place | null} */
  get place() {
    const media = this.#media;
    const last = (media?.seekable.length ?? 0) - 1;
    if (!media || last < 0) return null;
    const start = media.seekable.start(0);
    return { start, live: Math.max(start, media.seekable.end(last) - DISTANCE_S), time: media.currentTime };
  }

  /**
   * @param {HTMLMediaElement} media
   * @param {import("./livestream.js").Programme} programme
   */
  start(media, { url, channel }) {
    this.stop();
    this.#media = media;
    this.#url = url;
    this.#channel = channel;
    media.addEventListener("error", this.#onError);
    media.addEventListener("loadedmetadata", this.#onTracks);
    media.src = url;
  }

  stop() {
    this.#rest();
    const media = this.#media;
    this.#media = null;
    if (!media) return;
    media.removeEventListener("error", this.#onError);
    media.removeEventListener("loadedmetadata", this.#onTracks);
    media.removeAttribute("src");
    media.load();
  }

  /** @param {string} channel */
  choose(channel) {
    this.#channel = channel;
    this.#select();
  }

  prefer() {}

  /** @param {boolean} isShown */
  caption(isShown) {
    const track = this.#media?.textTracks[0];
    if (track) track.mode = isShown ? "showing" : "disabled";
  }

  /** @param {number} time */
  seek(time) {
    const place = this.place;
    if (place && this.#media) this.#media.currentTime = goTo(place, time).time;
  }

  toLive() {
    this.seek(Infinity);
  }

  nudge() {
    if (this.#timer !== null) this.renew();
  }

  renew() {
    this.#rest();
    const media = this.#media;
    if (!media) return;
    const wasPlaying = !media.paused;
    media.src = this.#url;
    if (wasPlaying) media.play().catch(() => {});
  }

  #select() {
    const tracks = /** @type {{audioTracks?: Iterable<NativeTrack> | ArrayLike<NativeTrack>}} */ (
      /** @type {unknown} */ (this.#media)
    )?.audioTracks;
    const all = tracks ? Array.from(tracks) : [];
    const name = this.nameOf(this.#channel);
    const wanted = all.find(({ label }) => label === name) ?? all.find(({ language }) => language === this.#channel);
    if (wanted) for (const track of all) track.enabled = track === wanted;
  }

  #failed() {
    this.#rest();
    this.#timer = this.timers.after(() => this.renew(), ASK_AGAIN_MS);
  }

  #rest() {
    this.timers.cancel(this.#timer);
    this.#timer = null;
  }
}
