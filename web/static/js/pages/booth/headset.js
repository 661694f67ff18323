// The test before the first time: microphone, headphones, level, tone. Later opened again from the bar.

import { judge } from "../../lib/sound.js";
import { deviceProblem, listDevices, microphoneWish, release } from "../devices.js";
import { audioContext, mountMeter } from "../meters.js";
import { byId, t, write } from "../shell.js";
import { setOutput } from "./listening.js";

/** @typedef {{microphone: string | null, output: string}} Headset */

const TONE_HZ = 440;
const TONE_S = 1.5;

/**
 * @param {object} options
 * @param {Headset} options.headset  changed here
 * @param {(stream: MediaStream) => void} options.onReady  the person says that it works
 */
export function mountHeadset({ headset, onReady }) {
  const dialog = byId("headset", HTMLDialogElement);
  const microphone = byId("microphone", HTMLSelectElement);
  const output = byId("output", HTMLSelectElement);
  const enter = byId("test-enter", HTMLButtonElement);
  const tone = byId("tone", HTMLAudioElement);
  /** @type {MediaStream | null} */
  let stream = null;
  const meter = mountMeter(byId("headset-level", HTMLElement), (peak) => {
    if (dialog.open) write(byId("headset-words", HTMLElement), t(`common.level_${judge(peak)}`));
  });

  /** @returns {Promise<MediaStream>} the microphone as a headset wants it; rejects as getUserMedia does */
  const capture = () =>
    navigator.mediaDevices.getUserMedia({ audio: microphoneWish(headset.microphone, false), video: false });

  async function openMicrophone() {
    release(stream);
    stream = null;
    enter.disabled = true;
    let problem = "";
    try {
      stream = await capture();
      headset.microphone = stream.getAudioTracks()[0]?.getSettings().deviceId ?? headset.microphone;
      enter.disabled = false;
      await listDevices(microphone, "audioinput", headset.microphone, (n) => t("device.unnamed", { n }));
      await listOutputs();
    } catch (error) {
      problem = t(deviceProblem(error));
    }
    meter.attach(stream);
    byId("headset-problem", HTMLElement).hidden = problem === "";
    write(byId("headset-problem", HTMLElement), problem);
  }

  async function listOutputs() {
    const canChoose = "setSinkId" in tone;
    const count = canChoose ? await listDevices(output, "audiooutput", headset.output, (n) => t("device.unnamed", { n })) : 0;
    byId("output-field", HTMLElement).hidden = count === 0;
  }

  /** A tone that fades in and out, into the chosen headphones. */
  async function playTone() {
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
    await setOutput(tone, headset.output);
    await tone.play();
    oscillator.start();
    oscillator.stop(now + TONE_S);
  }

  microphone.addEventListener("change", () => {
    headset.microphone = microphone.value;
    void openMicrophone();
  });
  output.addEventListener("change", () => {
    headset.output = output.value;
  });
  byId("test-tone", HTMLButtonElement).addEventListener("click", () => void playTone());
  enter.addEventListener("click", () => {
    if (!stream) return;
    const ready = stream;
    stream = null;
    meter.attach(null);
    dialog.close();
    onReady(ready);
  });
  // Until the first test there is nothing behind this dialog to go back to.
  dialog.addEventListener("cancel", (event) => enter.dataset.first === "yes" && event.preventDefault());
  dialog.addEventListener("close", () => {
    release(stream);
    stream = null;
    meter.attach(null);
  });

  return {
    capture,
    /** @param {boolean} isFirst */
    open(isFirst) {
      enter.dataset.first = isFirst ? "yes" : "no";
      if (!dialog.open) dialog.showModal();
      void openMicrophone();
    },
  };
}
