// A further microphone of the hall: a source of its own beside the venue. Its loss takes nothing else away.

import { Publisher } from "../../lib/whip.js";
import { capture, deviceProblem, release } from "../devices.js";
import { audioContext, mountMeter } from "../meters.js";
import { byId, page, t } from "../shell.js";
import { StripRow } from "./strip_row.js";
import { StripSound, stripWish } from "./strip_sound.js";

export class HallMicrophone {
  /** @type {MediaStream | null} */ #device = null;
  /** @type {MediaStream | null} */ #sent = null;
  /** @type {Publisher | null} */ #publisher = null;
  /** @type {import("../../lib/strips.js").Strip | null} */ #strip = null;
  #isOn = false;
  #problem = "";
  #turn = 0;
  /** @type {import("../../lib/sound.js").LevelProbe | null} none until it is used */ #probe = null;

  /**
   * @param {number} number  from 2
   * @param {object} handlers
   * @param {() => void} handlers.changed  the strip's settings are others now
   * @param {() => void} handlers.show     what there is to be said of it
   */
  constructor(number, { changed, show }) {
    this.number = number;
    this.onShow = show;
    this.row = new StripRow(number, (isOtherDevice) => {
      changed();
      if (isOtherDevice) void this.open(this.#strip);
      else this.#feed();
    });
    this.sound = new StripSound(audioContext());
  }

  /** @returns {boolean} its device could not be opened */
  get hasProblem() {
    return this.#problem !== "";
  }

  /**
   * Open its device, or close it.
   * @param {import("../../lib/strips.js").Strip | null} strip  null: the hall has no such microphone
   */
  async open(strip) {
    const turn = ++this.#turn;
    this.#strip = strip;
    let device = null;
    let problem = "";
    try {
      if (strip) device = await capture({ audio: stripWish(strip, { isExact: true }) });
    } catch (error) {
      problem = t(deviceProblem(error));
    }
    if (turn !== this.#turn) {
      release(device);
      return;
    }
    const before = this.#device;
    this.#device = device;
    this.#problem = problem;
    device?.getAudioTracks()[0]?.addEventListener("ended", () => device === this.#device && void this.open(this.#strip));
    this.#feed();
    release(before);
    if (strip) await this.row.list(strip.device ?? device?.getAudioTracks()[0]?.getSettings().deviceId);
    this.onShow();
  }

  /**
   * Send it, or not, as the hall's first one.
   * @param {boolean} isOn
   */
  send(isOn) {
    this.#isOn = isOn;
    this.#publish();
  }

  /** @param {string} boot  of the server's process that answers now */
  renew(boot) {
    this.#publisher?.session.renew(boot);
  }

  nudge() {
    this.#publisher?.session.nudge();
  }

  /** @param {boolean} isLive  its sound arrives at the server */
  show(isLive) {
    this.row.show(this.#strip, this.#words(isLive));
  }

  /** @param {boolean} isLive */
  #words(isLive) {
    if (this.#problem) return this.#problem;
    if (this.sound.isHeld) return t("venue.mic_held");
    if (!this.#publisher) return t("venue.mic_off");
    const { state, text } = this.#publisher.session.status;
    if (state === "connected") return t(isLive ? "venue.mic_live" : "venue.mic_connecting");
    return text ?? t(state === "connecting" ? "venue.mic_connecting" : "venue.mic_waiting");
  }

  #feed() {
    const device = this.#device?.getAudioTracks()[0] ?? null;
    const track = this.#strip && this.sound.feed(device, this.#strip);
    if (track !== this.#sent?.getAudioTracks()[0]) {
      this.#sent = track ? new MediaStream([track]) : null;
      this.#probe ??= mountMeter(byId(`mic-${this.number}-level`, HTMLElement));
      this.#probe.attach(this.#sent);
      this.#publish();
    }
    this.onShow();
  }

  #publish() {
    const { room, token } = page;
    const stream = this.#sent;
    if (!this.#isOn || !stream || !token) {
      this.#publisher?.session.stop();
      this.#publisher = null;
      return;
    }
    if (this.#publisher) {
      void this.#publisher.replace(stream);
      return;
    }
    this.#publisher = new Publisher({ room, token, stream, microphone: this.number, onStatus: this.onShow });
    this.#publisher.session.start();
  }
}
