// The test before the first time: microphone, headphones, level, tone. Later opened again from the bar.

import { judge } from "../../lib/sound.js";
import { capture, deviceProblem, listDevices, microphoneWish, release } from "../devices.js";
import { audioContext, mountMeter } from "../meters.js";
import { byId, t, write } from "../shell.js";

/** @typedef {{microphone: string | null, output: string}} Headset  device ids; null and "" are the system's */

const TONE_HZ = 440;
const TONE_S = 1.5;

const dialog = byId("headset", HTMLDialogElement);
const microphone = byId("microphone", HTMLSelectElement);
const output = byId("output", HTMLSelectElement);
const enter = byId("test-enter", HTMLButtonElement);
const tone = byId("tone", HTMLAudioElement);

export class HeadsetTest {
  /** @type {MediaStream | null} */ #stream = null;
  #isFirst = true;

  /**
   * @param {Headset} headset  what is picked; changed here
   * @param {(stream: MediaStream) => void} onReady  the person says that it works
   */
  constructor(headset, onReady) {
    this.headset = headset;
    this.onReady = onReady;
    this.meter = mountMeter(byId("headset-level", HTMLElement), showLevel);
    microphone.addEventListener("change", () => this.#pick({ microphone: microphone.value }));
    // The system's own has two names, and one calibration.
    output.addEventListener("change", () => Object.assign(headset, { output: output.value === "default" ? "" : output.value }));
    byId("test-tone", HTMLButtonElement).addEventListener("click", () => void playTone(headset.output));
    enter.addEventListener("click", () => this.#ready());
    // Before the first test there is nothing behind this dialog to go back to; a second Escape closes it regardless.
    dialog.addEventListener("cancel", (event) => this.#isFirst && event.preventDefault());
    dialog.addEventListener("close", () => {
      this.#use(null);
      if (this.#isFirst) this.open(true);
    });
  }

  /**
   * @returns {Promise<MediaStream>} the microphone as a headset wants it; rejects as getUserMedia does
   */
  async capture() {
    const audio = microphoneWish(this.headset.microphone, false);
    return capture({ audio, video: false });
  }

  /** @param {boolean} isFirst */
  open(isFirst) {
    this.#isFirst = isFirst;
    if (!dialog.open) dialog.showModal();
    void this.#openMicrophone();
  }

  /** @param {Partial<Headset>} choice */
  #pick(choice) {
    Object.assign(this.headset, choice);
    void this.#openMicrophone();
  }

  async #openMicrophone() {
    this.#use(null);
    let problem = "";
    try {
      this.#use(await this.capture());
      await this.#listAll();
    } catch (error) {
      problem = t(deviceProblem(error));
    }
    byId("headset-problem", HTMLElement).hidden = problem === "";
    write(byId("headset-problem", HTMLElement), problem);
    // Nobody is asked to pick from an empty list, nor to speak into what is not there.
    for (const list of [microphone, output]) list.closest("label")?.toggleAttribute("hidden", list.length === 0);
    for (const id of ["headset-level", "headset-words"]) byId(id, HTMLElement).hidden = problem !== "";
  }

  /** @param {MediaStream | null} stream */
  #use(stream) {
    release(this.#stream);
    this.#stream = stream;
    this.meter.attach(stream);
    enter.disabled = stream === null;
    this.headset.microphone = stream?.getAudioTracks()[0]?.getSettings().deviceId ?? this.headset.microphone;
  }

  async #listAll() {
    const unnamed = (/** @type {number} */ n) => t("device.unnamed", { n });
    await listDevices(microphone, "audioinput", this.headset.microphone, unnamed);
    const canChoose = "setSinkId" in tone;
    if (canChoose) await listDevices(output, "audiooutput", this.headset.output, unnamed);
  }

  #ready() {
    const stream = this.#stream;
    if (!stream) return;
    this.#stream = null; // handed on, so closing must not stop it
    this.#isFirst = false;
    dialog.close();
    this.onReady(stream);
  }
}

/** @param {number} peak_dbfs */
function showLevel(peak_dbfs) {
  if (dialog.open) write(byId("headset-words", HTMLElement), t(`common.level_${judge(peak_dbfs)}`));
}

/**
 * A tone that fades in and out, into the chosen headphones.
 * @param {string} device
 */
async function playTone(device) {
  const context = audioContext();
  await context.resume();
  const oscillator = new OscillatorNode(context, { frequency: TONE_HZ });
  const gain = new GainNode(context, { gain: 0 });
  const sink = new MediaStreamAudioDestinationNode(context);
  const now = context.currentTime;
  gain.gain.linearRampToValueAtTime(0.1, now + 0.2);
  gain.gain.setValueAtTime(0.1, now + TONE_S - 0.2);
  gain.gain.linearRampToValueAtTime(0, now + TONE_S);
  oscillator.connect(gain).connect(sink);
  tone.srcObject = sink.stream;
  if ("setSinkId" in tone) await tone.setSinkId(device).catch(() => {});
  await tone.play();
  oscillator.start();
  oscillator.stop(now + TONE_S);
}
