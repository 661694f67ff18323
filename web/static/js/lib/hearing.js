// What the interpreter hears: source, original and monitoring, through tape, volume and tone to the limiter, and from
// nowhere but the limiter to the headphones. Nothing is heard before it has passed its test, nor after it has failed.

import { DoseMeter } from "./hearing_dose.js";
import { Ear, FADE_MS, Input, ramp } from "./hearing_inputs.js";
import { DEFAULT_PROFILE, keepProfile, limitsOf, readProfile } from "./hearing_profile.js";
import { protectorNode, tryProtector } from "./hearing_selftest.js";

/** @typedef {import("./hearing_inputs.js").InputName} InputName */
/** @typedef {import("./hearing_profile.js").Profile} Profile */
/**
 * @typedef {object} HearingState
 * @property {"testing" | "ready" | "failed"} limiter
 * @property {string} problem  what the test found; "" while nothing is wrong
 * @property {boolean} isSafe  the microphone stays shut while this is false
 * @property {boolean} isLimiting
 * @property {number} reduction_db  0 or below
 * @property {number} peak_dbfs  in the louder ear, after the limiter
 * @property {number} rms_dbfs
 * @property {number} behind_s  how far the replay lies behind; 0 is live
 * @property {import("./hearing_dose.js").Dose} dose
 * @property {Readonly<Profile>} profile
 */

export const PROTECTOR = new URL("../worklets/protector.js", import.meta.url).href;
export const TAPE = new URL("../worklets/tape.js", import.meta.url).href;
/** Auto-relay is done within 200 ms; this leaves room for the message that starts it. */
const RELAY_MS = 150;
const BASS_HZ = 200;
const TREBLE_HZ = 4000;
const MOST_TONE_DB = 12;
const BOTTOM_DBFS = -120;
/**
 * A limiter that has said nothing for so much sound and at so many looks has stopped. It speaks ten times a second; an
 * output that stands still, on a busy machine or while headphones are found again, takes the context's clock with it.
 */
const PATIENT_S = 2;
const PATIENT_LOOKS = 4;
const LOOK_MS = 500;

/**
 * @param {AudioContext} context
 * @param {object} [options]
 * @param {import("./prefs.js").Store | null} [options.store]  for profile and dose
 * @param {string} [options.device]  id of the headphones; "" is the system's
 * @param {() => void} [options.onChange]  limiter or replay are in another state
 * @returns {Promise<Hearing>} also when the limiter failed its test: then it is silent and says so
 */
export async function openHearing(context, { store = null, device = "", onChange = () => {} } = {}) {
  const hearing = new Hearing(context, store, device, onChange);
  await hearing.open();
  return hearing;
}

export class Hearing {
  /** @type {AudioWorkletNode | null} the limiter; null while nothing may be heard */ protector = null;
  /** @type {AudioWorkletNode | null} */ #tape = null;
  /** @type {HearingState["limiter"]} */ #limiter = "testing";
  #problem = "";
  /** @type {import("../worklets/protector.js").Report} */
  #report = { peak: 0, power: 0, weighted: 0, gain: 1, seconds: 0 };
  #looks = 0;
  /** when the limiter last spoke, by the context's clock */ #spoke_s = 0;
  #behind_s = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #watch;

  /**
   * @param {AudioContext} context
   * @param {import("./prefs.js").Store | null} store
   * @param {string} device
   * @param {() => void} onChange
   */
  constructor(context, store, device, onChange) {
    this.context = context;
    this.store = store;
    this.device = device;
    this.onChange = onChange;
    this.profile = /** @type {Readonly<Profile>} */ (readProfile(store, device));
    this.dose = new DoseMeter(store);
    const [source, original] = [new Input(context), new Input(context)];
    this.inputs = { source, original, monitoring: new Input(context), intercom: new Input(context) };
    this.ear = new Ear(context, { source, original });
    this.volumes = { source: new GainNode(context), monitoring: new GainNode(context) };
    /** What goes to the headphones and to nothing else but meters. */
    this.out = new GainNode(context);
    this.bass = new BiquadFilterNode(context, { type: "lowshelf", frequency: BASS_HZ });
    this.treble = new BiquadFilterNode(context, { type: "highshelf", frequency: TREBLE_HZ });
    this.inputs.monitoring.out.connect(this.volumes.monitoring).connect(this.bass);
    this.volumes.source.connect(this.bass).connect(this.treble);
    // Whoever talks to the booth is heard whatever else is turned down, and no louder than the protection lets through.
    this.inputs.intercom.out.connect(this.bass);
  }

  /** Load and try the worklets, and join the headphones if they hold. */
  async open() {
    try {
      const { sampleRate } = this.context;
      const [problem] = await Promise.all([
        tryProtector(PROTECTOR, sampleRate, limitsOf(this.profile)),
        this.context.audioWorklet.addModule(PROTECTOR),
        this.context.audioWorklet.addModule(TAPE),
      ]);
      if (problem) this.#fail(problem);
      else this.#join();
    } catch {
      this.#fail("unavailable");
    }
  }

  /**
   * Have something heard beside the rest, by the same volume, tone and protection.
   * @param {AudioNode} node
   */
  add(node) {
    node.connect(this.volumes.source);
  }

  /**
   * @param {InputName} name
   * @param {MediaStreamTrack | null} track
   */
  setInput(name, track) {
    this.inputs[name].set(track);
  }

  /**
   * @param {number} volume  0 … 1; the ear's own scale, so half is a quarter of the pressure
   * @param {"source" | "monitoring"} [name]
   */
  setVolume(volume, name = "source") {
    const gain = Math.min(1, Math.max(0, volume)) ** 2;
    ramp(this.volumes[name].gain, gain, FADE_MS, this.context.currentTime);
  }

  /**
   * @param {number} bass_db  −12 … 12
   * @param {number} treble_db  −12 … 12
   */
  setTone(bass_db, treble_db) {
    const within = (/** @type {number} */ db) => Math.min(MOST_TONE_DB, Math.max(-MOST_TONE_DB, db));
    ramp(this.bass.gain, within(bass_db), FADE_MS, this.context.currentTime);
    ramp(this.treble.gain, within(treble_db), FADE_MS, this.context.currentTime);
  }

  /** @param {import("./hearing_inputs.js").Ears} ears  "split": original left, source right */
  setEars(ears) {
    this.ear.ears = ears;
    this.ear.settle(FADE_MS);
  }

  /**
   * Fade over from one of the two to the other.
   * @param {"source" | "original"} name
   * @param {number} [ms]
   */
  listenTo(name, ms = RELAY_MS) {
    if (this.ear.chosen === name) return;
    this.ear.chosen = name;
    this.ear.settle(ms);
  }

  /**
   * Let the source fade away, for a change on the server; resolves when it is silent.
   * @param {number} [ms]
   */
  async duck(ms = FADE_MS) {
    ramp(this.inputs.source.out.gain, 0, ms, this.context.currentTime);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** @param {number} [ms] */
  lift(ms = 2 * FADE_MS) {
    ramp(this.inputs.source.out.gain, 1, ms, this.context.currentTime);
  }

  /** @param {number} [seconds]  at most ten */
  replay(seconds = 10) {
    this.#tape?.port.postMessage({ replay: seconds });
  }

  live() {
    this.#tape?.port.postMessage({ replay: 0 });
  }

  /**
   * Send the sound to other headphones, whose own profile counts from now on.
   * @param {string} device  id; "" is the system's
   * @returns {Promise<boolean>} false where the browser cannot, or the device is gone
   */
  async setOutput(device) {
    const context = /** @type {AudioContext & {setSinkId?: (id: string) => Promise<void>}} */ (this.context);
    const isDone = await (context.setSinkId?.(device).then(() => true, () => false) ?? Promise.resolve(device === ""));
    if (isDone) {
      this.device = device;
      this.#use(readProfile(this.store, device));
    }
    return isDone;
  }

  /**
   * Believe a calibration, and remember it for these headphones. Null forgets it.
   * @param {Profile | null} profile
   */
  setProfile(profile) {
    if (profile) keepProfile(this.store, this.device, profile);
    else keepProfile(this.store, this.device, DEFAULT_PROFILE);
    this.#use(profile ?? DEFAULT_PROFILE);
  }

  /** @returns {HearingState} */
  state() {
    const { peak, power, gain } = this.#report;
    return {
      limiter: this.#limiter,
      problem: this.#problem,
      isSafe: this.#limiter === "ready",
      isLimiting: gain < 0.999,
      reduction_db: decibels(gain),
      peak_dbfs: decibels(peak),
      rms_dbfs: decibels(Math.sqrt(power)),
      behind_s: this.#behind_s,
      dose: this.dose.read(),
      profile: this.profile,
    };
  }

  /** Let go of the headphones; the context stays open. */
  async aclose() {
    clearInterval(this.#watch);
    this.dose.keep();
    for (const input of Object.values(this.inputs)) input.set(null);
    this.protector?.disconnect();
    this.protector = null;
  }

  #join() {
    const protector = (this.protector = protectorNode(this.context, limitsOf(this.profile)));
    const tape = (this.#tape = new AudioWorkletNode(this.context, "tolmach-tape", {
      outputChannelCount: [2],
      channelCount: 2,
      channelCountMode: "explicit",
    }));
    this.ear.out.connect(tape).connect(this.volumes.source);
    this.treble.connect(protector).connect(this.out).connect(this.context.destination);
    protector.port.onmessage = ({ data }) => this.#take(data);
    tape.port.onmessage = ({ data }) => this.#moved(data.behind_s);
    for (const node of [protector, tape]) node.addEventListener("processorerror", () => this.#fail("stopped"));
    this.#spoke();
    this.#watch = setInterval(() => this.#look(), LOOK_MS);
    this.#limiter = "ready";
    this.onChange();
  }

  /** @param {Readonly<Profile>} profile */
  #use(profile) {
    this.profile = profile;
    this.protector?.port.postMessage(limitsOf(profile));
  }

  /** @param {import("../worklets/protector.js").Report} report */
  #take(report) {
    this.#report = report;
    this.#spoke();
    this.dose.add(this.profile.full_scale_spl + decibels(Math.sqrt(report.weighted)), report.seconds);
  }

  /** @param {number} behind_s */
  #moved(behind_s) {
    const wasLive = this.#behind_s === 0;
    this.#behind_s = behind_s;
    if (wasLive !== (behind_s === 0)) this.onChange();
  }

  #spoke() {
    this.#looks = 0;
    this.#spoke_s = this.context.currentTime;
  }

  #look() {
    if (this.context.state !== "running") {
      this.#spoke();
      return;
    }
    this.#looks += 1;
    const silent_s = this.context.currentTime - this.#spoke_s;
    if (this.#looks > PATIENT_LOOKS && silent_s > PATIENT_S) this.#fail("stopped");
  }

  /** @param {string} problem */
  #fail(problem) {
    clearInterval(this.#watch);
    this.protector?.disconnect();
    this.protector = null;
    this.#limiter = "failed";
    this.#problem = problem;
    this.onChange();
  }
}

/** @param {number} ratio */
function decibels(ratio) {
  return Math.max(BOTTOM_DBFS, 20 * Math.log10(Math.max(ratio, 1e-6)));
}
