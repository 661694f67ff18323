// One's own voice and picture: the hand, the floor, what goes out and what does not.

import { FarSpeaker } from "../../lib/afar.js";
import { WayOut } from "../../lib/way_out.js";
import { isOnFloor, isOwnMicOpen, speechOf, wantsToSpeak } from "../../lib/workshop.js";
import { release } from "../devices.js";
import { mountMeter } from "../meters.js";
import { byId, page, t, write } from "../shell.js";

/** The server lets a voice out by a ramp; the track stays open for as long. */
const RAMP_MS = 250;
/** So long the connection stays when the floor is given back: the next word is often an answer. */
const REST_MS = 10_000;
const LOOK_MS = 1_000;

const hand = byId("hand", HTMLButtonElement);
const mic = byId("mic", HTMLButtonElement);
const camera = byId("camera", HTMLButtonElement);
const back = byId("yield", HTMLButtonElement);

export class Speaking {
  /** @type {FarSpeaker | null} */ #speaker = null;
  /** @type {MediaStream | null} a copy that goes out; the meter reads the microphone itself */ #sent = null;
  /** @type {MediaStream | null} */ #copied = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #closing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #resting;
  #wayOut = new WayOut();
  #isShutting = false;
  #isTalking = false;

  /**
   * @param {import("./visit.js").Visit} visit
   * @param {import("./kit.js").Kit} kit
   * @param {() => void} onChange
   */
  constructor(visit, kit, onChange) {
    this.visit = visit;
    this.kit = kit;
    this.onChange = onChange;
    this.meter = mountMeter(byId("level", HTMLElement));
    hand.addEventListener("click", () => this.toggleHand());
    mic.addEventListener("click", () => this.toggleMicrophone());
    camera.addEventListener("click", () => this.togglePicture());
    back.addEventListener("click", () => void visit.say("yield_floor"));
    byId("picture-again", HTMLButtonElement).addEventListener("click", () => this.#pictureAgain());
    setInterval(() => {
      this.#openAgain();
      void this.#look();
    }, LOOK_MS);
  }

  /** @returns {import("../../lib/session.js").Session | null} */
  get session() {
    return this.#speaker?.session ?? null;
  }

  /** Whether others see one's picture. */
  get isShown() {
    return this.#speaker?.hasPicture === true;
  }

  /** @returns {import("../../lib/workshop.js").Speech} */
  get speech() {
    const { visit, kit } = this;
    return speechOf({
      own: visit.own,
      hasMicrophone: kit.microphone !== null,
      isSending: this.session?.status.state === "connected" && !visit.isWireLost,
      isLive: visit.ownSpeaker?.live === true,
      isTalking: this.#isTalking,
      isWireLost: visit.isWireLost,
    });
  }

  /** @param {boolean} isTalking  by the intercom, to the moderator alone */
  talk(isTalking) {
    this.#isTalking = isTalking;
    this.follow();
  }

  toggleHand() {
    const { own } = this.visit;
    if (hand.hidden || !own) return;
    void this.visit.say(own.hand === null ? "raise_hand" : "lower_hand");
  }

  toggleMicrophone() {
    const { own, person } = this.visit;
    if (mic.hidden || mic.disabled || !own) return;
    if (!this.kit.microphone) {
      void this.kit.openMicrophone();
      return;
    }
    this.#isShutting = own.muted === null;
    this.#gate(); // at once; the server hears of it next
    void this.visit.say(own.muted === null ? "mute" : "unmute", { person }).then(() => {
      this.#isShutting = false;
      this.follow();
    });
  }

  togglePicture() {
    if (camera.hidden) return;
    this.kit.remember({ picture: this.kit.camera === null });
    this.#wayOut.again();
    if (this.kit.prefs.picture) void this.kit.openCamera();
    else this.kit.close("camera");
  }

  /** Let the connection, the devices and the tracks be as the state says. */
  follow() {
    const wants = this.visit.isThere && wantsToSpeak(this.visit.own);
    if (wants) this.#prepare();
    else if (!this.visit.isThere) this.stop();
    else this.#rest();
    this.#copy();
    this.#gate();
    this.#show();
  }

  /** Nothing goes out any more, and the devices are free. */
  stop() {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    const [speaker, sent] = [this.#speaker, this.#sent];
    this.#speaker = this.#sent = this.#copied = null;
    this.#wayOut.again();
    speaker?.session.stop();
    release(sent);
    if (this.visit.step === "test" || this.visit.step === "entering") return;
    this.kit.close("microphone");
    this.kit.close("camera");
  }

  /** The camera's light goes out at once; the microphone's connection waits for another word. */
  #rest() {
    this.kit.close("camera");
    if (this.#speaker) this.#resting ??= setTimeout(() => this.stop(), REST_MS);
    else this.kit.close("microphone");
  }

  #prepare() {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    if (this.#speaker) return;
    this.#speaker = new FarSpeaker({ room: page.room, token: page.token, onStatus: this.onChange });
    this.#copied = null;
    this.#copy();
    this.#speaker.session.start();
    if (!this.kit.microphone) void this.kit.openMicrophone();
    if (!this.kit.camera && this.kit.prefs.picture) void this.kit.openCamera();
  }

  /** Send a copy of the microphone, and another one when another is picked. */
  #copy() {
    const { microphone } = this.kit;
    if (!this.#speaker || this.#copied === microphone) return;
    const before = this.#sent;
    this.#copied = microphone;
    this.#sent = microphone?.clone() ?? null;
    this.#open(false);
    this.meter.attach(microphone);
    void this.#speaker.speak(this.#sent?.getAudioTracks()[0] ?? null).then(() => release(before));
  }

  /** Without the floor nothing leaves this machine; a microphone that is shut by hand is shut at once. */
  #gate() {
    const { own } = this.visit;
    const isAside = this.#isTalking && own?.place === "backstage";
    if ((isOwnMicOpen(own) || isAside) && !this.#isShutting) this.#open(true);
    else if (this.#isShutting || !this.#sent) this.#open(false);
    else this.#closing ??= setTimeout(() => this.#open(false), RAMP_MS);
    const isSeen = isOnFloor(own) && !this.#wayOut.isDropped;
    const track = (isSeen && this.kit.camera?.getVideoTracks()[0]) || null;
    if (!this.#speaker || this.#speaker.picture === track) return;
    this.#wayOut.shown(performance.now());
    void this.#speaker.show(track).then(this.onChange);
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    clearTimeout(this.#closing);
    this.#closing = undefined;
    for (const track of this.#sent?.getTracks() ?? []) track.enabled = isOpen;
  }

  #show() {
    const { own } = this.visit;
    const { speech } = this;
    byId("workshop", HTMLElement).dataset.speech = speech;
    const n = (own?.hand ?? 0) + 1;
    write(byId("speech-word", HTMLElement), t(`workshop.speech_${speech}`));
    write(byId("speech-hint", HTMLElement), t(`workshop.speech_${speech}_hint`, { n }));
    const hasFloor = own?.has_floor === true;
    hand.hidden = hasFloor || own?.place !== "seated";
    hand.dataset.on = String(own?.hand !== null && own?.hand !== undefined);
    label(hand, own?.hand === null ? "workshop.raise" : "workshop.lower");
    mic.hidden = back.hidden = !hasFloor;
    mic.disabled = speech === "muted_moderator";
    label(mic, `workshop.mic_${this.#micWord()}`);
    camera.hidden = !wantsToSpeak(own);
    camera.dataset.on = String(this.kit.camera !== null);
    label(camera, this.kit.camera ? "workshop.picture_off" : "workshop.picture_on");
    byId("dropped", HTMLElement).hidden = !this.#wayOut.isDropped;
  }

  #micWord() {
    if (!this.kit.microphone) return "again";
    const { muted } = this.visit.own ?? {};
    return muted === "moderator" ? "muted" : muted === "self" ? "open" : "shut";
  }

  /** A bad line loses the picture before it loses the sound; and the sound is content with less at once. */
  async #look() {
    const peer = isOnFloor(this.visit.own) ? this.session?.peer : null;
    const report = await peer?.getStats().catch(() => null);
    const now = performance.now();
    const entries = /** @type {Iterable<[string, any]> | null} */ (/** @type {unknown} */ (report ?? null));
    const isTooBad = this.#wayOut.look(entries, this.isShown, now);
    void this.#speaker?.spare(this.#wayOut.isSparing(now));
    if (isTooBad) this.follow();
  }

  /** Who is to be heard does not have to press for a microphone that only was not free. */
  #openAgain() {
    const { visit, kit } = this;
    if (kit.isMicrophoneBusy && visit.isThere && wantsToSpeak(visit.own)) void kit.openMicrophone();
  }

  #pictureAgain() {
    this.#wayOut.again();
    this.follow();
  }
}

/**
 * @param {HTMLElement} button
 * @param {string} key
 */
function label(button, key) {
  write(button.querySelector(".words"), t(key));
}
