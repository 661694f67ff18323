// The moderator's own microphone and picture, for the floor. What they say by the intercom does not reach it.
// Nothing is sent before it is opened here, and the microphone is shut whenever nobody is to hear it.

import { FarSpeaker } from "../../lib/afar.js";
import { isOwnMicOpen } from "../../lib/moderating.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { judge } from "../../lib/sound.js";
import { WayOut } from "../../lib/way_out.js";
import { cameraWish, capture, deviceProblem, listDevices, microphoneWish, release } from "../devices.js";
import { mountMeter } from "../meters.js";
import { byId, page, press, t, write } from "../shell.js";

const PREFS = "tolmach.moderator.voice";
const LOOK_MS = 1_000;

const ready = byId("mic-open", HTMLButtonElement);
const camera = byId("camera-open", HTMLButtonElement);
const floor = byId("own-floor", HTMLButtonElement);
const mute = byId("own-mute", HTMLButtonElement);
const microphone = byId("microphone", HTMLSelectElement);
const processing = byId("processing", HTMLInputElement);
const speaks = byId("speaks", HTMLSelectElement);

export class Voice {
  /** @type {MediaStream | null} the microphone itself, for the meter */ #stream = null;
  /** @type {MediaStreamTrack | null} a copy that goes to the room */ #sent = null;
  /** @type {MediaStream | null} */ #picture = null;
  #wayOut = new WayOut();
  #problem = "";
  #isAside = false;
  #prefs = readPrefs(browserStore("localStorage"), PREFS, { microphone: /** @type {string | null} */ (null), processing: true });

  /**
   * @param {import("./chair.js").Chair} chair
   * @param {() => void} onStatus
   */
  constructor(chair, onStatus) {
    this.chair = chair;
    this.far = new FarSpeaker({ room: page.room, token: page.token, onStatus });
    this.meter = mountMeter(byId("own-level", HTMLElement), (peak) => {
      write(byId("own-level-words", HTMLElement), this.#stream ? t(`common.level_${judge(peak)}`) : "");
    });
    this.#mountControls();
    setInterval(() => void this.#look(), LOOK_MS);
    chair.add(this);
  }

  /** @returns {import("../../lib/session.js").Session} */
  get session() {
    return this.far.session;
  }

  /** @returns {boolean} somebody hears the moderator now */
  get isHeard() {
    return this.#stream !== null && !this.#isAside && isOwnMicOpen(this.chair.state, this.chair.person);
  }

  /** @returns {string | null} the microphone that is picked */
  get device() {
    return this.#prefs.microphone;
  }

  /** @param {boolean} isAside  they talk by the intercom just now: as in a cough, the floor does not hear it */
  beAside(isAside) {
    this.#isAside = isAside;
    this.show();
  }

  /** @returns {Promise<boolean>} whether the microphone is ready, opened now if it was not */
  async ensure() {
    return this.#stream !== null || this.#open();
  }

  /** Take the floor, or give it back. Whoever takes it wants to be heard: the microphone is opened with it. */
  async toggleFloor() {
    if (this.#speaker) await this.chair.say("yield_floor");
    else if (await this.ensure()) await this.chair.say("give_floor", { person: this.chair.person });
  }

  async toggleMute() {
    const own = this.#speaker;
    if (own) await this.chair.say(own.muted ? "unmute" : "mute", { person: this.chair.person });
  }

  /** Send nothing any more. */
  stop() {
    this.session.stop();
    void this.far.speak(null);
    for (const stream of [this.#stream, this.#picture]) release(stream);
    this.#sent?.stop();
    this.#stream = this.#picture = this.#sent = null;
    this.#wayOut.again();
    void this.#send();
    this.meter.attach(null);
    this.show();
  }

  gate() {
    if (this.#sent) this.#sent.enabled = this.isHeard;
  }

  enter() {
    if (this.#stream || this.#picture) this.session.start();
  }

  move() {
    this.session.stop();
    this.far.room = page.room;
  }

  show() {
    this.gate();
    const own = this.#speaker;
    press(ready, this.#stream !== null);
    write(byId("mic-words", HTMLElement), t(this.#stream ? "moderator.mic_close" : "moderator.mic_open"));
    press(camera, this.#picture !== null);
    byId("dropped", HTMLElement).hidden = !this.#wayOut.isDropped;
    press(floor, own !== null);
    write(byId("own-floor-words", HTMLElement), t(own ? "moderator.own_yield" : "moderator.own_floor"));
    mute.disabled = own === null;
    press(mute, own !== null && own.muted !== null);
    write(byId("own-mute-words", HTMLElement), t(own?.muted ? "moderator.own_unmute" : "moderator.own_mute"));
    this.#showState();
    this.#fillSpeaks();
  }

  get #speaker() {
    return this.chair.state.speakers?.find(({ person }) => person === this.chair.person) ?? null;
  }

  #showState() {
    const isSent = this.isHeard && this.session.status.state === "connected";
    const status = byId("own-state", HTMLElement);
    status.dataset.on = String(isSent);
    const words = isSent ? t("moderator.own_heard_floor") : t(this.#stream ? "moderator.own_ready" : "moderator.own_shut");
    write(status, this.#problem || words);
  }

  #fillSpeaks() {
    const { languages, own } = this.chair;
    const wanted = ["", ...languages];
    if (wanted.join() !== [...speaks.options].map(({ value }) => value).join()) {
      const name = (/** @type {string} */ language) => this.chair.nameOf(language) || t("moderator.language_unsaid");
      speaks.replaceChildren(...wanted.map((language) => new Option(name(language), language)));
    }
    if (document.activeElement !== speaks) speaks.value = own?.speaks ?? "";
  }

  /** @returns {Promise<boolean>} */
  async #open() {
    const before = { stream: this.#stream, sent: this.#sent };
    const stream = await this.#capture({ audio: microphoneWish(this.#prefs.microphone, this.#prefs.processing) });
    if (!stream) return false;
    this.#stream = stream;
    this.#sent = stream.getAudioTracks()[0]?.clone() ?? null;
    this.gate();
    this.meter.attach(stream);
    await this.far.speak(this.#sent);
    this.session.start();
    release(before.stream);
    before.sent?.stop();
    const current = stream.getAudioTracks()[0]?.getSettings().deviceId;
    await listDevices(microphone, "audioinput", current, (n) => t("device.unnamed", { n }));
    this.show();
    return true;
  }

  async #togglePicture() {
    const before = this.#picture;
    this.#picture = before ? null : await this.#capture({ video: cameraWish(null) });
    this.#wayOut.again();
    await this.#send();
    release(before);
    if (this.#picture) this.session.start();
    this.show();
  }

  /** Send the picture, or none while the line is too bad for it. */
  async #send() {
    const track = (!this.#wayOut.isDropped && this.#picture?.getVideoTracks()[0]) || null;
    if (this.far.picture === track) return;
    this.#wayOut.shown(performance.now());
    await this.far.show(track);
  }

  /** A bad line loses the picture before it loses the sound; and the sound is content with less at once. */
  async #look() {
    const report = await this.session.peer?.getStats().catch(() => null);
    const now = performance.now();
    const entries = /** @type {Iterable<[string, any]> | null} */ (/** @type {unknown} */ (report ?? null));
    const isTooBad = this.#wayOut.look(entries, this.far.hasPicture, now);
    void this.far.spare(this.#wayOut.isSparing(now));
    if (!isTooBad) return;
    await this.#send();
    this.show();
  }

  async #pictureAgain() {
    this.#wayOut.again();
    await this.#send();
    this.show();
  }

  /** @param {MediaStreamConstraints} wish */
  async #capture(wish) {
    try {
      const stream = await capture(wish);
      this.#problem = "";
      for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#lost(track));
      return stream;
    } catch (error) {
      this.#problem = t(deviceProblem(error));
      this.show();
      return null;
    }
  }

  /** @param {MediaStreamTrack} track */
  #lost(track) {
    if (!this.#stream?.getTracks().includes(track) && !this.#picture?.getTracks().includes(track)) return;
    this.stop();
    this.#problem = t("device.lost");
    this.show();
  }

  #mountControls() {
    ready.addEventListener("click", () => (this.#stream ? this.stop() : void this.#open()));
    camera.addEventListener("click", () => void this.#togglePicture());
    byId("picture-again", HTMLButtonElement).addEventListener("click", () => void this.#pictureAgain());
    floor.addEventListener("click", () => void this.toggleFloor());
    mute.addEventListener("click", () => void this.toggleMute());
    speaks.addEventListener("change", () => void this.chair.say("set_speaks", { language: speaks.value || null }));
    processing.checked = this.#prefs.processing;
    for (const control of [microphone, processing]) {
      control.addEventListener("change", () => {
        Object.assign(this.#prefs, { microphone: microphone.value || null, processing: processing.checked });
        writePrefs(browserStore("localStorage"), PREFS, this.#prefs);
        if (this.#stream) void this.#open();
      });
    }
  }
}
