// Sending from afar: microphone, picture and a small copy of it in one session. Each comes and goes without a new
// offer, so that the floor is given and taken without a gap, and a bad line loses its picture and keeps its sound.

import { Session, browserTools } from "./session.js";
import { preferH264 } from "./whip.js";

const AUDIO_BPS = 96_000;
/** Speech that is understood, on a line that carries little else. */
const SPARE_AUDIO_BPS = 32_000;
const PICTURE_BPS = 1_500_000;
const SMALL_BPS = 120_000;
/** The small picture stands in a row of faces: a quarter of each side, half of the frames. */
const SMALL = { maxBitrate: SMALL_BPS, scaleResolutionDownBy: 4, maxFramerate: 15 };

export class FarSpeaker {
  /** @type {MediaStreamTrack | null} */ #microphone = null;
  /** @type {MediaStreamTrack | null} */ #camera = null;
  #isSparing = false;
  /** @type {RTCRtpSender | null} */ #sound = null;
  /** @type {RTCRtpSender[]} */ #pictures = [];

  /**
   * @param {object} options
   * @param {string} options.room
   * @param {string | null | undefined} options.token
   * @param {(status: import("./session.js").SessionStatus) => void} options.onStatus
   * @param {import("./session.js").SessionTools} [options.tools]
   */
  constructor({ room, token, onStatus, tools = browserTools }) {
    this.room = room;
    this.session = new Session({
      token,
      tools,
      onStatus,
      endpoint: () => `/whip/${encodeURIComponent(this.room)}`,
      prepare: (peer) => this.#prepare(peer),
    });
  }

  /** @returns {MediaStreamTrack | null} what is shown */
  get picture() {
    return this.#camera;
  }

  /** @returns {boolean} */
  get hasPicture() {
    return this.#camera !== null;
  }

  /**
   * Speak through this microphone, or through none.
   * @param {MediaStreamTrack | null} track
   */
  async speak(track) {
    this.#microphone = track;
    await this.#sound?.replaceTrack(track);
  }

  /**
   * Show this picture, or none.
   * @param {MediaStreamTrack | null} track
   */
  async show(track) {
    this.#camera = track;
    await Promise.all(this.#pictures.map((sender) => sender.replaceTrack(track)));
  }

  /**
   * Let the sound be content with a third of what it has otherwise.
   * @param {boolean} isSparing
   */
  async spare(isSparing) {
    if (isSparing === this.#isSparing) return;
    this.#isSparing = isSparing;
    const parameters = this.#sound?.getParameters();
    if (!parameters?.encodings?.[0]) return;
    parameters.encodings[0].maxBitrate = this.#sound_bps;
    // A browser that will not is one whose sound stays as it was.
    await this.#sound?.setParameters(parameters).catch(() => {});
  }

  get #sound_bps() {
    return this.#isSparing ? SPARE_AUDIO_BPS : AUDIO_BPS;
  }

  /** @param {RTCPeerConnection} peer */
  #prepare(peer) {
    const sound = peer.addTransceiver(this.#microphone ?? "audio", {
      direction: "sendonly",
      sendEncodings: [{ maxBitrate: this.#sound_bps }],
    });
    const pictures = [{ maxBitrate: PICTURE_BPS }, SMALL].map((encoding) =>
      peer.addTransceiver(this.#camera ?? "video", { direction: "sendonly", sendEncodings: [encoding] }),
    );
    pictures.forEach(preferH264);
    this.#sound = sound.sender;
    this.#pictures = pictures.map(({ sender }) => sender);
  }
}
