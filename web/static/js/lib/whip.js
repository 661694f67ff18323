// Sending: the hall's sound and picture, or an interpreter's microphone.

import { Session, browserTools } from "./session.js";

/** Enough that Opus codes the whole band in one piece; the server's answer asks for the same. */
const AUDIO_BPS = 96_000;
const VIDEO_BPS = 2_500_000;

export class Publisher {
  /** @type {MediaStream} */ #stream;
  /** @type {Map<string, RTCRtpSender>} by kind, of the connection that stands */ #senders = new Map();
  /**
   * The session one had last: who comes back by itself does not take the place of another page that sends by now. Said
   * once: an answer that was lost may have made a session of one's own, which nobody is to be refused for.
   */
  #last = "";

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string} options.token
   * @param {MediaStream} options.stream  at most one audio and one video track
   * @param {number} [options.microphone]  of the hall's, from 1; the further ones are sources of their own
   * @param {string} [options.as]  "intercom" for a microphone that is heard there alone
   * @param {(status: import("./session.js").SessionStatus) => void} options.onStatus
   * @param {import("./session.js").SessionTools} [options.tools]
   */
  constructor({ room, token, stream, microphone = 1, as = "", onStatus, tools = browserTools }) {
    this.room = room;
    this.#stream = stream;
    this.session = new Session({
      token,
      tools,
      onStatus,
      endpoint: () => `/whip/${encodeURIComponent(this.room)}${this.#query(microphone, as)}`,
      onAnswered: () => {
        this.#last = this.session.location?.split("/").at(-1) ?? "";
      },
      prepare: (peer) => this.#prepare(peer),
    });
  }

  /**
   * Send another device's tracks. Without a break while the kinds stay the same; otherwise the session is opened anew.
   * @param {MediaStream} stream
   */
  async replace(stream) {
    this.#stream = stream;
    if (this.session.status.state === "idle") return;
    const tracks = stream.getTracks();
    const fits = this.#senders.size === tracks.length && tracks.every(({ kind }) => this.#senders.has(kind));
    if (!this.session.peer || !fits) {
      this.session.restart();
      return;
    }
    await Promise.all(tracks.map((track) => this.#senders.get(track.kind)?.replaceTrack(track)));
  }

  /** Send nothing, so that the devices can be let go. The connection stays, for the next stream to replace this one. */
  async rest() {
    await Promise.all([...this.#senders.values()].map((sender) => sender.replaceTrack(null)));
  }

  /**
   * @param {number} microphone
   * @param {string} as
   */
  #query(microphone, as) {
    if (as) return `?as=${as}`;
    const query = new URLSearchParams();
    if (microphone > 1) query.set("microphone", String(microphone));
    if (this.#last) query.set("after", this.#last);
    this.#last = "";
    return query.size ? `?${query}` : "";
  }

  /** @param {RTCPeerConnection} peer */
  #prepare(peer) {
    this.#senders.clear();
    for (const track of this.#stream.getTracks()) {
      const maxBitrate = track.kind === "audio" ? AUDIO_BPS : VIDEO_BPS;
      const transceiver = peer.addTransceiver(track, {
        direction: "sendonly",
        streams: [this.#stream],
        sendEncodings: [{ maxBitrate }],
      });
      if (track.kind === "video") preferH264(transceiver);
      this.#senders.set(track.kind, transceiver.sender);
    }
  }
}

/** @param {RTCRtpTransceiver} transceiver */
export function preferH264(transceiver) {
  const codecs = globalThis.RTCRtpSender?.getCapabilities?.("video")?.codecs;
  if (!codecs || !("setCodecPreferences" in transceiver)) return;
  try {
    transceiver.setCodecPreferences(h264First(codecs));
  } catch {
    // A browser that takes only the codecs it can also receive: its own order will do.
  }
}

/**
 * H.264 constrained baseline with packetization-mode 1 first: what every player of the livestream takes as it is.
 * Then other H.264, then the rest as it was.
 * @template {{mimeType: string, sdpFmtpLine?: string}} C
 * @param {C[]} codecs
 * @returns {C[]}
 */
export function h264First(codecs) {
  /** @param {C} codec */
  const rank = ({ mimeType, sdpFmtpLine = "" }) => {
    if (mimeType.toLowerCase() !== "video/h264") return 3;
    if (!sdpFmtpLine.includes("packetization-mode=1")) return 2;
    return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  return codecs.toSorted((a, b) => rank(a) - rank(b));
}
