// Calibrating the headphones, in the headset dialog: a murmur is set as loud as a voice, three times.

import { Calibration, murmur } from "../../lib/hearing_calibration.js";
import { audioContext } from "../meters.js";
import { byId, press, t, write } from "../shell.js";

const MURMUR_S = 4;
const FADE_S = 0.05;

/**
 * @param {() => string} device  id of the headphones that are picked
 * @param {(profile: import("../../lib/hearing_profile.js").Profile) => void} onProfile
 */
export function mountCalibration(device, onProfile) {
  const calibration = new Calibration();
  const play = byId("calibration-play", HTMLButtonElement);
  const words = byId("calibration-words", HTMLElement);
  const [softer, louder, equal] = ["softer", "louder", "equal"].map((name) => byId(`calibration-${name}`, HTMLButtonElement));
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
    show();
  }

  function stop() {
    playing?.source.stop();
    playing = null;
    show();
  }

  function show() {
    press(play, playing !== null);
    for (const button of [softer, louder, equal]) button?.toggleAttribute("disabled", playing === null);
    const { currentTime } = audioContext();
    playing?.gain.gain.setTargetAtTime(10 ** (calibration.gain_db / 20), currentTime, FADE_S);
  }

  function answer() {
    const { left, profile, isApart } = calibration.equal();
    if (profile) {
      write(words, t("booth.calibration_done", { level: Math.round(profile.full_scale_spl) }));
      onProfile(profile);
      stop();
    } else {
      write(words, isApart ? t("booth.calibration_apart") : t("booth.calibration_left", { n: left }));
      show();
    }
  }

  play.addEventListener("click", () => (playing ? stop() : void start()));
  softer?.addEventListener("click", () => (calibration.softer(), show()));
  louder?.addEventListener("click", () => (calibration.louder(), show()));
  equal?.addEventListener("click", answer);
  byId("headset", HTMLDialogElement).addEventListener("close", stop);
}
