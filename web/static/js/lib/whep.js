// Listening: one connection for a room, moved from channel to channel on the server without renegotiation.

import { Lips, canHold, untied } from "./lips.js";
import { Session, browserTools } from "./session.js";

/**
 * @typedef {object} Wanted
 * @property {string} channel  "floor" or a language
 * @property {boolean} under   with the original underneath; means nothing on the floor
 * @property {boolean} video
 */

export class Listener {
  /** @type {Wanted} */ #wanted;
  #heard = ""; // what the server sends us now, as `tuning` writes it
  #tuning = false;
  #lips = new Lips();

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string | null | undefined} options.token
   * @param {Wanted} options.wanted
   * @param {readonly string[]} [options.pictures]  which ones, where pictures are wanted: "hall", "stage", "face:0"
   * @param {(track: MediaStreamTrack, picture: string) => void} options.onTrack  of sound, `picture` is empty
   * @param {(status: import("./session.js").SessionStatus) => void} options.onStatus
   * @param {import("./session.js").SessionTools} [options.tools]
   */
  constructor({ room, token, wanted, pictures = [], onTrack, onStatus, tools = browserTools }) {
    this.tools = tools;
    this.room = room;
    this.pictures = pictures;
    this.#wanted = wanted;
    this.session = new Session({
      token,
      tools,
      onStatus,
      endpoint: () => this.#endpoint(),
      prepare: (peer) => this.#prepare(peer, onTrack),
      onAnswered: () => void this.#tune(),
      amend: (answer) => (this.#holdsPictures ? untied(answer) : answer),
      onLook: (peer, entries) => {
        if (this.#holdsPictures) this.#lips.look(peer.getReceivers(), entries);
      },
    });
  }

  /** One picture alone is the browser's own business, which it does well. */
  get #holdsPictures() {
    return this.#wanted.video && this.pictures.length > 1 && canHold();
  }

  /** @returns {Readonly<Wanted>} */
  get wanted() {
    return this.#wanted;
  }

  /**
   * Listen to something else. The sound goes on meanwhile; only leaving or fetching the picture reconnects.
   * @param {Partial<Wanted>} change
   */
  listen(change) {
    const before = this.#wanted;
    this.#wanted = { ...before, ...change };
    const running = this.session.status.state !== "idle";
    if (running && this.#wanted.video !== before.video) this.session.restart();
    else if (this.session.location) void this.#tune();
    else this.session.start();
  }

  /**
   * The server has moved this session to another channel by itself. One that is not there yet is asked for it.
   * @param {string} channel
   */
  follow(channel) {
    this.#wanted = { ...this.#wanted, channel };
    if (this.session.status.state === "connected" && !this.#tuning) this.#heard = tuning(this.#wanted);
    else void this.#tune();
  }

  /**
   * Stop, and listen in another room from the next start on, to the floor at first.
   * @param {string} room
   */
  move(room) {
    this.session.stop();
    this.room = room;
    this.#wanted = { ...this.#wanted, channel: "floor" };
  }

  #endpoint() {
    this.#heard = tuning(this.#wanted);
    const { channel, under, video } = this.#wanted;
    const query = [];
    if (under && channel !== "floor") query.push("original=under");
    if (video && this.pictures.length > 0) query.push(`pictures=${this.pictures.join(",")}`);
    const address = `/whep/${encodeURIComponent(this.room)}/${encodeURIComponent(channel)}`;
    return query.length > 0 ? `${address}?${query.join("&")}` : address;
  }

  /**
   * @param {RTCPeerConnection} peer
   * @param {(track: MediaStreamTrack, picture: string) => void} onTrack
   */
  #prepare(peer, onTrack) {
    this.#lips = new Lips();
    peer.addTransceiver("audio", { direction: "recvonly" });
    const pictures = this.pictures.length > 0 ? this.pictures : ["hall"];
    /** @type {Map<RTCRtpTransceiver, string>} */
    const named = new Map();
    for (const picture of this.#wanted.video ? pictures : []) {
      named.set(peer.addTransceiver("video", { direction: "recvonly" }), picture);
    }
    peer.ontrack = ({ track, transceiver }) => onTrack(track, named.get(transceiver) ?? "");
  }

  /** Send the newest wish until the server has it; one request at a time, so that the last press wins. */
  async #tune() {
    if (this.#tuning) return;
    this.#tuning = true;
    while (this.session.location && this.#heard !== tuning(this.#wanted)) {
      const wish = tuning(this.#wanted);
      const location = this.session.location;
      const granted = await this.#put(location, wish);
      if (location !== this.session.location) continue; // reconnected meanwhile, with a wish of its own
      if (granted) this.#heard = wish;
      else this.session.restart();
    }
    this.#tuning = false;
  }

  /**
   * @param {string} location
   * @param {string} wish
   * @returns {Promise<boolean>}
   */
  async #put(location, wish) {
    try {
      const response = await this.tools.fetch(`${location}/channel`, {
        method: "PUT",
        headers: { ...this.session.headers, "Content-Type": "application/json" },
        body: wish,
        signal: AbortSignal.timeout(5_000),
      });
      return response.ok;
    } catch {
      return false;
    }
  }
}

/** @param {Wanted} wanted */
function tuning({ channel, under }) {
  return JSON.stringify({ channel, original: under && channel !== "floor" ? "under" : "none" });
}
