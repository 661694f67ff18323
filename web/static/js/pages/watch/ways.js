// The two ways to play a room, behind one interface: begin, change, end, and what is heard of it.

import { FLOOR } from "../../lib/state.js";
import { Livestream } from "../../lib/livestream.js";
import { NativeStream } from "../../lib/native_stream.js";
import { problemOfAnswer, reportOfSession } from "../../lib/player.js";
import { browserTimers } from "../../lib/timing.js";
import { Listener } from "../../lib/whep.js";

/** @typedef {"auto" | "small" | "sound"} Quality  of the picture; "sound" is none */
/** @typedef {{channel: string, under: boolean, quality: Quality}} Wanted */
/**
 * @typedef {object} Stage
 * @property {HTMLAudioElement} sound
 * @property {HTMLVideoElement} picture
 * @property {() => void} onChange  something is to be shown anew
 * @property {(output: HTMLMediaElement) => void} play  start what sounds, if it may
 */

/** WebRTC: no delay, and the original underneath where it is wished. The sound has an element of its own. */
export class DirectWay {
  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string | null | undefined} options.token
   * @param {Stage} options.stage
   */
  constructor({ room, token, stage }) {
    this.stage = stage;
    this.listener = new Listener({
      room,
      token,
      wanted: { channel: FLOOR, under: false, video: true },
      onTrack: (track) => this.#take(track),
      onStatus: stage.onChange,
    });
  }

  /** @returns {HTMLMediaElement} what sounds */
  get output() {
    return this.stage.sound;
  }

  get status() {
    return this.listener.session.status;
  }

  /** @returns {import("../../lib/player.js").Report} */
  get report() {
    return reportOfSession(this.status);
  }

  /** @param {Wanted} wanted */
  begin(wanted) {
    this.stage.picture.muted = true;
    this.change(wanted);
  }

  /** @param {Wanted} wanted */
  change({ channel, under, quality }) {
    this.listener.listen({ channel, under, video: quality !== "sound" });
  }

  /** @param {Wanted} wanted  with the channel to which the server has moved this session already */
  follow({ channel }) {
    this.listener.follow(channel);
  }

  /** The server can be reached again. */
  nudge() {
    this.listener.session.nudge();
  }

  /** @param {string} boot  the server's new process */
  renew(boot) {
    this.listener.session.renew(boot);
  }

  end() {
    this.listener.session.stop();
    this.stage.sound.srcObject = null;
    this.stage.picture.srcObject = null;
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    const stream = new MediaStream([track]);
    if (track.kind === "video") {
      this.stage.picture.srcObject = stream;
      this.stage.picture.play().catch(() => {});
    } else {
      this.stage.sound.srcObject = stream;
      this.stage.play(this.stage.sound);
    }
  }
}

/** LL-HLS: picture and sound in one element, or sound alone in the other, which a locked phone keeps playing. */
export class LivestreamWay {
  /** @type {Livestream | NativeStream | null} */ #stream = null;
  /** @type {Wanted | null} */ #wanted = null;
  #playsSound = false;
  #time = 0;
  #isAbsent = false;

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string | null} options.player  the address of hls.js; null where there is none
   * @param {(channel: string) => string} options.nameOf  a channel's name in itself
   * @param {Stage} options.stage
   */
  constructor({ room, player, nameOf, stage }) {
    this.base = `/hls/${encodeURIComponent(room)}`;
    this.player = player;
    this.nameOf = nameOf;
    this.stage = stage;
  }

  /** @returns {HTMLMediaElement} */
  get output() {
    return this.#wanted?.quality === "sound" ? this.stage.sound : this.stage.picture;
  }

  get place() {
    return this.#stream?.place ?? null;
  }

  get hasSmall() {
    return this.#stream?.hasSmall ?? false;
  }

  get hasCaptions() {
    return this.#stream?.hasCaptions ?? false;
  }

  /** What has come of it since it was last asked: a clock that goes on is sound. */
  get report() {
    const time = this.output.currentTime;
    const sounds = time !== this.#time && !this.output.paused;
    this.#time = time;
    const problem = this.#isAbsent ? /** @type {const} */ ("absent") : problemOfAnswer(this.#stream?.status);
    return { sounds, problem: sounds ? /** @type {const} */ ("") : problem };
  }

  /** @param {Wanted} wanted */
  begin(wanted) {
    this.#wanted = wanted;
    this.#playsSound = wanted.quality === "sound";
    void this.#open();
  }

  /** @param {Wanted} wanted */
  change(wanted) {
    const before = this.#wanted;
    this.#wanted = wanted;
    if (!before) return this.begin(wanted);
    if (this.#playsSound !== (wanted.quality === "sound")) {
      this.end();
      return this.begin(wanted);
    }
    if (wanted.channel !== before.channel) this.#stream?.choose(wanted.channel);
    if (wanted.quality !== "sound") this.#stream?.prefer(wanted.quality);
  }

  /** @param {Wanted} wanted  with the channel to which listeners were sent */
  follow(wanted) {
    this.change(wanted);
  }

  nudge() {
    this.#stream?.nudge();
  }

  renew() {
    this.#stream?.renew();
  }

  end() {
    this.#stream?.stop();
    this.#wanted = null;
  }

  /** @param {number} seconds */
  step(seconds) {
    const { place } = this;
    if (place) this.#stream?.seek(place.time + seconds);
  }

  /** @param {number} time */
  seek(time) {
    this.#stream?.seek(time);
  }

  toLive() {
    this.#stream?.toLive();
  }

  /** @param {boolean} isShown */
  caption(isShown) {
    this.#stream?.caption(isShown);
  }

  async #open() {
    this.#stream ??= await this.#find();
    const wanted = this.#wanted;
    this.#isAbsent = !this.#stream;
    if (!this.#stream || !wanted) return;
    const { output } = this;
    output.muted = false;
    const { channel, quality } = wanted;
    const name = quality === "sound" ? "audio" : "index";
    const url = `${this.base}/${name}.m3u8`;
    this.#stream.start(output, { url, channel, quality: quality === "small" ? "small" : "auto" });
    this.stage.play(output);
  }

  /** @returns {Promise<Livestream | NativeStream | null>} the player this browser can use */
  async #find() {
    const found = this.player && (await import(this.player).catch(() => null));
    const Hls = /** @type {import("../../lib/livestream.js").HlsClass | undefined} */ (found?.default);
    if (Hls?.isSupported()) return new Livestream({ Hls, onChange: this.stage.onChange });
    const isNative = this.stage.picture.canPlayType("application/vnd.apple.mpegurl") !== "";
    return isNative ? new NativeStream({ nameOf: this.nameOf, timers: browserTimers }) : null;
  }
}
