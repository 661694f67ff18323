// The left side: what comes into the interpreter's ears, and the picture that goes with it. The floor is always
// connected; a channel that is relied on has a connection of its own beside it, so that a change is a fade.

import { openHearing } from "../../lib/hearing.js";
import { keepProfile } from "../../lib/hearing_profile.js";
import { languageName, ownName } from "../../lib/i18n.js";
import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { SIGNS, earPlan, markOf, pivotsOf } from "../../lib/relaying.js";
import { LevelProbe } from "../../lib/sound.js";
import { FLOOR, pictureKey } from "../../lib/state.js";
import { Listener } from "../../lib/whep.js";
import { audioContext } from "../meters.js";
import { byId, page, press, t, write } from "../shell.js";
import { Keyring } from "./keyring.js";
import { Knobs } from "./knobs.js";

/** @typedef {import("../../lib/hearing.js").Hearing} Hearing */

const EARS = "tolmach.booth.ears";
const REPLAY_S = 10;
/** Down before another channel is asked for, and up again once it is most likely there: within 200 ms in all. */
const DUCK_MS = 40;
const SWITCH_MS = 80;
const LIFT_MS = 60;

const picture = byId("picture", HTMLVideoElement);
const note = byId("stage-note", HTMLElement);
const enable = byId("sound-enable", HTMLButtonElement);
const pivot = byId("pivot", HTMLButtonElement);
const ears = byId("ears", HTMLButtonElement);
const replay = byId("replay", HTMLButtonElement);

export class Listening {
  /** @type {Hearing | null} */ hearing = null;
  #isSplit = readPrefs(browserStore("localStorage"), EARS, { split: false }).split;
  /** @type {string | null} the relay's channel, as asked for last */ #relayed = null;
  /** @type {MediaStreamTrack | null} */ #original = null;
  /** @type {MediaStreamTrack | null} */ #source = null;
  /** @type {MediaStreamTrack | null} */ #intercom = null;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {() => void} onStatus
   */
  constructor(desk, onStatus) {
    this.desk = desk;
    this.onStatus = onStatus;
    this.floorProbe = new LevelProbe(audioContext());
    this.knobs = new Knobs(() => this.#turn());
    this.floor = this.listener(FLOOR, true, (track) => this.#hearFloor(track));
    this.relay = this.listener(FLOOR, false, (track) => this.#hearRelay(track));
    this.incoming = new Keyring("incoming", (index) => this.select(index));
    pivot.addEventListener("click", () => this.nextPivot());
    ears.addEventListener("click", () => this.toggleEars());
    replay.addEventListener("click", () => this.toggleReplay());
    enable.addEventListener("click", () => void audioContext().resume());
    audioContext().addEventListener("statechange", () => this.onStatus());
    picture.addEventListener("playing", () => this.show());
    desk.add(this);
  }

  /** @returns {boolean} the browser holds the sound back, as after a reload, until a key or a press */
  get isHeld() {
    return this.hearing !== null && audioContext().state !== "running";
  }

  /** @returns {import("../../lib/session.js").Session} the floor's, whose breaking is told to the interpreter */
  get session() {
    return this.floor.session;
  }

  /**
   * A connection for another channel; not opened yet.
   * @param {string} channel
   * @param {boolean} video
   * @param {(track: MediaStreamTrack) => void} onTrack
   */
  listener(channel, video, onTrack) {
    const { room, token } = page;
    return new Listener({ room, token, wanted: { channel, under: false, video }, onTrack, onStatus: this.onStatus });
  }

  /**
   * Begin to listen, into these headphones.
   * @param {string} output  device id; "" is the system's
   */
  async start(output) {
    this.floor.session.start();
    if (this.hearing) {
      await this.hearing.setOutput(output);
      return;
    }
    const store = browserStore("localStorage");
    const hearing = await openHearing(audioContext(), { store, device: output, onChange: () => this.#protect() });
    if (output) await hearing.setOutput(output);
    hearing.setInput("original", this.#original);
    hearing.setInput("source", this.#source);
    hearing.setInput("intercom", this.#intercom);
    hearing.setEars(this.#isSplit ? "split" : "both");
    this.hearing = hearing;
    this.#turn();
    this.#protect();
  }

  /**
   * Believe a calibration of these headphones, now or once they are in use.
   * @param {string} device  id of the headphones; "" is the system's
   * @param {import("../../lib/hearing_profile.js").Profile} profile
   */
  protect(device, profile) {
    if (this.hearing?.device === device) this.hearing.setProfile(profile);
    else keepProfile(browserStore("localStorage"), device, profile);
  }

  /**
   * Hear the intercom in the headphones, beside all else.
   * @param {MediaStreamTrack} track
   */
  hearIntercom(track) {
    this.#intercom = track;
    this.hearing?.setInput("intercom", track);
  }

  stop() {
    this.floor.session.stop();
    this.relay.session.stop();
    void this.hearing?.aclose();
  }

  /** Listen in the page's new room, if one listened before. */
  move() {
    const isOn = this.floor.session.status.state !== "idle";
    for (const listener of [this.floor, this.relay]) listener.move(page.room);
    this.#relayed = this.#source = this.#original = null;
    for (const input of /** @type {const} */ (["original", "source"])) this.hearing?.setInput(input, null);
    picture.srcObject = null;
    if (isOn) this.floor.session.start();
  }

  /** @param {number} index */
  select(index) {
    const channel = [...this.incoming.keys.keys()][index];
    if (channel !== undefined) void this.desk.say("select_incoming", { channel });
  }

  nextPivot() {
    const choices = [null, ...pivotsOf(this.desk.state, this.desk.seat)];
    if (choices.length < 2 || !this.desk.seat) return;
    void this.desk.sayNext("select_pivot", "language", choices, this.desk.seat.pivot ?? null);
  }

  toggleEars() {
    this.#isSplit = !this.#isSplit;
    writePrefs(browserStore("localStorage"), EARS, { split: this.#isSplit });
    this.hearing?.setEars(this.#isSplit ? "split" : "both");
    this.show();
  }

  toggleReplay() {
    if (this.hearing?.state().behind_s) this.hearing.live();
    else this.hearing?.replay(REPLAY_S);
  }

  show() {
    const plan = earPlan(this.desk.seat);
    void this.#rely(plan.relay);
    const isThere = this.relay.session.status.state === "connected" && this.#relayed === plan.relay;
    const chosen = plan.chosen === "source" && isThere ? "source" : "original";
    this.hearing?.listenTo(chosen);
    this.#showKeys(chosen === "source" ? (plan.relay ?? FLOOR) : FLOOR);
    this.#showPicture();
    press(ears, this.#isSplit);
    enable.hidden = !this.isHeld;
    this.tick();
  }

  tick() {
    const state = this.hearing?.state();
    const limiter = state?.isLimiting && state.isSafe ? "limiting" : (state?.limiter ?? "testing");
    write(byId("limiter", HTMLElement), t(`booth.limiter_${limiter}`));
    byId("limiter", HTMLElement).dataset.limiter = limiter;
    const percent = Math.round((state?.dose.share ?? 0) * 100);
    write(byId("dose", HTMLElement), t("booth.dose", { percent }));
    const behind_s = state?.behind_s ?? 0;
    press(replay, behind_s > 0);
    const words = behind_s > 0 ? t("booth.replay_behind", { seconds: Math.ceil(behind_s) }) : t("booth.replay");
    write(byId("replay-words", HTMLElement), words);
  }

  /** @param {MediaStreamTrack} track */
  #hearFloor(track) {
    if (track.kind === "video") {
      picture.srcObject = new MediaStream([track]);
      picture.play().catch(() => {});
      return;
    }
    this.#original = track;
    this.hearing?.setInput("original", track);
    this.floorProbe.attach(new MediaStream([track]));
  }

  /** @param {MediaStreamTrack} track */
  #hearRelay(track) {
    this.#source = track;
    this.hearing?.setInput("source", track);
  }

  /**
   * Have this channel connected beside the floor, or none. While it is heard the change lies between two ramps.
   * @param {string | null} channel
   */
  async #rely(channel) {
    if (channel === this.#relayed || this.floor.session.status.state === "idle") return;
    const isHeard = this.#relayed !== null && channel !== null && this.hearing?.ear.chosen === "source";
    this.#relayed = channel;
    if (channel === null) {
      this.relay.session.stop();
      this.#source = null;
      this.hearing?.setInput("source", null);
      return;
    }
    if (isHeard) await this.hearing?.duck(DUCK_MS);
    if (channel !== this.#relayed) return;
    this.relay.listen({ channel });
    if (isHeard) setTimeout(() => this.hearing?.lift(LIFT_MS), SWITCH_MS);
  }

  #turn() {
    const { values } = this.knobs;
    this.hearing?.setVolume(values.volume);
    this.hearing?.setVolume(values["monitor-volume"], "monitoring");
    this.hearing?.setTone(values.bass, values.treble);
  }

  #protect() {
    this.desk.isSafe = this.hearing?.state().isSafe ?? false;
    this.onStatus();
  }

  /** @param {string} heard */
  #showKeys(heard) {
    const { state, incoming: selected, seat } = this.desk;
    const channels = [FLOOR, ...state.channels.map(({ channel }) => channel)];
    this.incoming.fit(channels, (channel) => (channel === FLOOR ? t("channel.floor") : ownName(channel)), (index) => String(index + 1));
    for (const [channel, button] of this.incoming.keys) {
      const mark = markOf(state, channel);
      const sign = button.querySelector(".mark");
      if (sign instanceof HTMLElement) sign.dataset.mark = mark;
      write(sign, SIGNS[mark]);
      write(button.querySelector(".words"), t(`booth.mark_${mark}`));
      const n = state.listeners?.[channel] ?? 0;
      write(button.querySelector(".count"), String(n));
      write(button.querySelector(".hidden-words"), t("booth.count", { n }));
      press(button, channel === selected);
      button.dataset.heard = String(channel === heard);
    }
    const name = (/** @type {string} */ channel) => languageName(channel, page.lang);
    const choices = pivotsOf(state, seat);
    pivot.disabled = seat === null || choices.length === 0;
    const none = choices.length > 0 ? t("booth.pivot_off") : t("booth.pivot_none");
    const words = seat?.pivot ? t("booth.pivot_on", { language: name(seat.pivot) }) : none;
    write(byId("pivot-words", HTMLElement), words);
    pivot.dataset.on = String(Boolean(seat?.pivot));
    const told = heard === FLOOR ? t("booth.hears_floor") : t("booth.hears_channel", { language: name(heard) });
    write(byId("hears", HTMLElement), told);
  }

  #showPicture() {
    const isConnected = this.session.status.state === "connected";
    const hasPicture = isConnected && picture.videoWidth > 0;
    const key = isConnected ? pictureKey(this.desk.state, hasPicture) : "connection.connecting";
    note.hidden = key === null;
    note.dataset.over = String(hasPicture);
    write(note, key === null ? "" : t(key));
  }
}
