// Calibrating the headphones, in the headset dialog: a murmur is set as loud as a voice, three times, or read off a meter.

import { Calibration, murmur } from "../../lib/hearing_calibration.js";
import { readProfile } from "../../lib/hearing_profile.js";
import { browserStore } from "../../lib/prefs.js";
import { audioContext } from "../meters.js";
import { byId, press, t, write } from "../shell.js";

/** @typedef {import("../../lib/hearing_profile.js").Profile} Profile */

const MURMUR_S = 4;
const FADE_S = 0.05;

/**
 * @param {() => string} device  id of the headphones that are picked
 * @param {(profile: Profile) => void} onProfile
 */
export function mountCalibration(device, onProfile) {
  const calibration = new Calibration();
  const details = byId("calibration", HTMLDetailsElement);
  const play = byId("calibration-play", HTMLButtonElement);
  const words = byId("calibration-words", HTMLElement);
  const meter = byId("calibration-meter", HTMLFormElement);
  const reading = byId("calibration-reading", HTMLInputElement);
  const [softer, louder, equal, take] = ["softer", "louder", "equal", "take"].map((name) => {
    return byId(`calibration-${name}`, HTMLButtonElement);
  });
  /** @type {{source: AudioBufferSourceNode, gain: GainNode} | null} */
  let playing = null;

  async function start() {
    const context = audioContext();
    await context.resume();
    const sink = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const samples = murmur(context.sampleRate, MURMUR_S);
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: context.sampleRate });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const gain = new GainNode(context, { gain: 0 });
    source.connect(gain).connect(sink);
    const tone = byId("tone", HTMLAudioElement);
    tone.srcObject = sink.stream;
    if ("setSinkId" in tone) await tone.setSinkId(device()).catch(() => {});
    await tone.play();
    source.start();
    playing = { source, gain };
    calibration.start();
    write(words, "");
    show();
  }

  function stop() {
    playing?.source.stop();
    playing = null;
    show();
  }

  function show() {
    press(play, playing !== null);
    for (const control of [softer, louder, equal, take, reading]) control?.toggleAttribute("disabled", playing === null);
    const { currentTime } = audioContext();
    playing?.gain.gain.setTargetAtTime(10 ** (calibration.gain_db / 20), currentTime, FADE_S);
  }

  function answer() {
    const { left, profile, isApart } = calibration.equal();
    if (profile) return believe(profile);
    write(words, isApart ? t("booth.calibration_apart") : t("booth.calibration_left", { n: left }));
    show();
  }

  /** @param {Profile} profile */
  function believe(profile) {
    onProfile(profile);
    stop();
    write(words, t("booth.calibration_done"));
    tell();
    play.focus(); // the key that was pressed last cannot be pressed any more
  }

  /** What is known of the headphones that are picked. */
  function tell() {
    const { made, full_scale_spl } = readProfile(browserStore("localStorage"), device());
    const key = made === "default" ? "booth.calibration_none" : "booth.calibration_known";
    write(byId("calibration-known", HTMLElement), t(key, { level: Math.round(full_scale_spl) }));
  }

  /** Other headphones have a calibration of their own. */
  function begin() {
    stop();
    write(words, "");
    tell();
  }

  play.addEventListener("click", () => (playing ? stop() : void start()));
  softer?.addEventListener("click", () => (calibration.softer(), show()));
  louder?.addEventListener("click", () => (calibration.louder(), show()));
  equal?.addEventListener("click", answer);
  meter.addEventListener("submit", (event) => {
    event.preventDefault();
    believe(calibration.byMeter(reading.valueAsNumber));
  });
  details.addEventListener("toggle", begin);
  byId("output", HTMLSelectElement).addEventListener("change", begin);
  byId("test-tone", HTMLButtonElement).addEventListener("click", stop); // both sound in the same element
  byId("headset", HTMLDialogElement).addEventListener("close", stop);
}
