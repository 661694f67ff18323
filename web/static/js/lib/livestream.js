// The livestream by hls.js: one element plays picture and sound, in one language at a time. Never gives up by itself.
//
// No worker: our segments are fragmented MP4 and go to the browser as they are, so that there is nothing to unpack in
// another thread, and the pages' policy needs no exception for one.

import { backoffMs, browserTimers } from "./timing.js";
import { goTo, isAtLive } from "./position.js";

/** @typedef {import("hls.js").default} Hls */
/** @typedef {typeof import("hls.js").default} HlsClass */
/** @typedef {import("hls.js").ErrorData} ErrorData */
/** @typedef {"auto" | "small"} Quality */
/**
 * What a player of the livestream is told to play.
 * @typedef {object} Programme
 * @property {string} url      of a multivariant playlist
 * @property {string} channel  "floor" or a language: the name of its rendition's playlist
 * @property {Quality} quality
 */

/** How fast a player that is too far behind comes nearer; no voice sounds changed by it. */
export const CATCH_UP_RATE = 1.1;
/** Two decoder failures within this time are one that mending did not help. */
const MENDED_MS = 5_000;
/** What stays in the memory behind the picture; further back is loaded again. */
const BEHIND_S = 30;
const AHEAD_S = 20;
/** What is asked for is not there. */
const GONE = new Set([404, 410]);

/** @type {Partial<import("hls.js").HlsConfig>} */
export const SETTINGS = {
  enableWorker: false,
  lowLatencyMode: true,
  // How far from live to stay stands in the playlist (PART-HOLD-BACK); after a stall half a second more.
  liveSyncOnStallIncrease: 0.5,
  maxLiveSyncPlaybackRate: CATCH_UP_RATE,
  backBufferLength: BEHIND_S,
  maxBufferLength: AHEAD_S,
  maxMaxBufferLength: 2 * AHEAD_S,
};

export class Livestream {
  /** @type {Hls | null} */ #hls = null;
  /** @type {HTMLMediaElement | null} */ #media = null;
  /** @type {Programme} */ #programme = { url: "", channel: "", quality: "auto" };
  #attempt = 0;
  #mendedAt = -Infinity;
  /** Where it was when something last arrived: what an outage leaves behind is not what the listener has rewound. */
  #wasAtLive = true;
  #status = 0;
  /** @type {unknown} */ #timer = null;

  /**
   * @param {object} options
   * @param {HlsClass} options.Hls
   * @param {() => void} options.onChange  its languages, qualities or captions are known, or have changed
   * @param {import("./timing.js").Timers} [options.timers]
   */
  constructor({ Hls, onChange, timers = browserTimers }) {
    this.Hls = Hls;
    this.onChange = onChange;
    this.timers = timers;
  }

  /** @returns {number} the HTTP status of the last answer that stopped it; 0 when all is well */
  get status() {
    return this.#status;
  }

  /** @returns {boolean} whether a small picture is offered beside the large */
  get hasSmall() {
    return (this.#hls?.levels.length ?? 0) > 1;
  }

  /** @returns {boolean} */
  get hasCaptions() {
    return (this.#hls?.subtitleTracks.length ?? 0) > 0;
  }

  /** @returns {import("./position.js").Place | null} null until a playlist is known */
  get place() {
    const live = this.#hls?.liveSyncPosition ?? null;
    const details = this.#hls?.latestLevelDetails;
    if (live === null || !details || !this.#media) return null;
    return { start: Math.min(details.fragmentStart, live), live, time: this.#media.currentTime };
  }

  /**
   * Play a programme in an element; it begins when the element's `play` is called, at live.
   * @param {HTMLMediaElement} media
   * @param {Programme} programme
   */
  start(media, programme) {
    this.stop();
    this.#media = media;
    this.#programme = programme;
    this.#wasAtLive = true;
    this.#open();
  }

  stop() {
    this.#rest();
    this.#hls?.destroy();
    this.#hls = null;
    this.#media = null;
    this.#status = 0;
    this.#attempt = 0;
  }

  /**
   * Another language at once: what is loaded of the old one is thrown away, and the little that the browser has decoded
   * already (some 0.4 s) sounds until the new one is there. hls.js's seamless switch plays out what is loaded first,
   * which takes up to 1.4 s.
   * @param {string} channel
   */
  choose(channel) {
    this.#programme = { ...this.#programme, channel };
    const wanted = this.#find(channel);
    const hls = this.#hls;
    if (hls && wanted >= 0 && wanted !== hls.audioTrack) hls.audioTrack = wanted;
  }

  /** @param {Quality} quality */
  prefer(quality) {
    this.#programme = { ...this.#programme, quality };
    this.#limit();
  }

  /** @param {boolean} isShown */
  caption(isShown) {
    const hls = this.#hls;
    if (!hls) return;
    if (isShown && hls.subtitleTrack < 0) hls.subtitleTrack = 0;
    hls.subtitleDisplay = isShown;
  }

  /**
   * Go to a moment of the window; beyond its end is live.
   * @param {number} time  on the element's clock
   */
  seek(time) {
    const place = this.place;
    if (!place || !this.#media || !this.#hls) return;
    const target = goTo(place, time);
    // Whoever has gone back is not hurried.
    this.#hls.config.maxLiveSyncPlaybackRate = target.isLive ? CATCH_UP_RATE : 1;
    this.#wasAtLive = target.isLive;
    this.#media.playbackRate = 1;
    this.#media.currentTime = target.time;
  }

  toLive() {
    this.seek(Infinity);
  }

  /** The server can be reached again: what waits for another attempt need not wait longer. */
  nudge() {
    if (this.#timer !== null) this.renew();
  }

  /** Another process of the server has another window: from the beginning. */
  renew() {
    this.#rest();
    this.#isWell();
    this.#again();
  }

  #open() {
    const media = this.#media;
    if (!media) return;
    this.#hls?.destroy();
    const { Hls } = this;
    const hls = new Hls(SETTINGS);
    this.#hls = hls;
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => this.#tracksKnown(hls));
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#manifestKnown());
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => this.onChange());
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.#arrived());
    hls.on(Hls.Events.ERROR, (_, problem) => this.#failed(hls, problem));
    hls.loadSource(this.#programme.url);
    hls.attachMedia(media);
  }

  /** @param {Hls} hls */
  #tracksKnown(hls) {
    const wanted = this.#find(this.#programme.channel);
    if (wanted >= 0) hls.audioTrack = wanted;
    this.onChange();
  }

  #manifestKnown() {
    this.#limit();
    this.onChange();
  }

  #limit() {
    const hls = this.#hls;
    if (!hls?.levels.length) return;
    const least = hls.levels.reduce((found, level, n) => (level.bitrate < (hls.levels[found]?.bitrate ?? 0) ? n : found), 0);
    hls.autoLevelCapping = this.#programme.quality === "small" ? least : -1;
    if (this.#programme.quality === "small" && hls.currentLevel !== least) hls.nextLevel = least;
    else if (this.#programme.quality === "auto" && !hls.autoLevelEnabled) hls.nextLevel = -1;
  }

  #arrived() {
    this.#isWell();
    const { place } = this;
    if (place) this.#wasAtLive = isAtLive(place);
  }

  #isWell() {
    this.#status = 0;
    this.#attempt = 0;
  }

  /** @param {string} channel */
  #find(channel) {
    return this.#hls?.audioTracks.findIndex(({ url }) => channelOf(url) === channel) ?? -1;
  }

  /**
   * @param {Hls} hls
   * @param {ErrorData} problem
   */
  #failed(hls, { fatal, type, details, response }) {
    if (hls !== this.#hls) return;
    const { ErrorTypes, ErrorDetails } = this.Hls;
    const code = response?.code ?? 0;
    // A playlist or a segment may be gone with the window, or with the server that had it: the list of them all says.
    const isPast = GONE.has(code) && details !== ErrorDetails.MANIFEST_LOAD_ERROR;
    if (code && !isPast) this.#status = code;
    if (!fatal) return;
    const isDecoder = type === ErrorTypes.MEDIA_ERROR;
    if (isDecoder && this.timers.now() - this.#mendedAt > MENDED_MS) {
      this.#mendedAt = this.timers.now();
      hls.recoverMediaError();
      return;
    }
    const isNetwork = type === ErrorTypes.NETWORK_ERROR && hls.levels.length > 0 && !isPast;
    this.#rest();
    this.#timer = this.timers.after(() => {
      this.#timer = null;
      if (hls !== this.#hls) return;
      // Where the window has gone on without us, hls.js finds the way back to live by itself.
      if (isNetwork && this.#attempt % 3 !== 0) hls.startLoad();
      else this.#again();
    }, backoffMs(this.#attempt++, this.timers.random));
  }

  #rest() {
    this.timers.cancel(this.#timer);
    this.#timer = null;
  }

  /** From the beginning, where it was if that was not live. */
  #again() {
    const media = this.#media;
    const wasPlaying = media && !media.paused;
    const date = this.#wasAtLive ? null : (this.#hls?.playingDate ?? null);
    this.#open();
    if (date) this.#returnTo(date);
    if (wasPlaying) media.play().catch(() => {});
  }

  /** @param {Date} date */
  #returnTo(date) {
    const hls = this.#hls;
    const { Events } = this.Hls;
    hls?.once(Events.LEVEL_UPDATED, (_, { details }) => {
      // Not from the first on: where the server was away, its dates jump and the player's clock does not.
      const { fragments } = details;
      const then = fragments.findLast((one) => (one.programDateTime ?? Infinity) <= date.getTime()) ?? fragments[0];
      if (!then?.programDateTime) return;
      this.seek(then.start + Math.min(then.duration, (date.getTime() - then.programDateTime) / 1000));
    });
  }
}

/**
 * The channel of a rendition, by its playlist's name: "/hls/hall/de.m3u8" is "de".
 * @param {string} url
 */
export function channelOf(url) {
  return /([^/?#]+)\.m3u8(?:[?#]|$)/.exec(url)?.[1] ?? "";
}
