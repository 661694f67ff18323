// The alarms' sound, for who wishes it: two falling tones for red, one for amber, again while nobody has seen them.

import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { byId, press } from "../shell.js";

const PREFS = "tolmach-bell";
const AGAIN_MS = 5_000;
const PEAK = 0.2;
/** @type {Record<"red" | "amber", number[]>} */
const TONES_HZ = { red: [988, 740, 988, 740], amber: [660] };
const TONE_S = 0.16;

const key = byId("bell", HTMLButtonElement);
const store = browserStore("localStorage");
/** @type {AudioContext | null} */
let context = null;
let rungAt = -Infinity;

export function toggleBell() {
  const isOn = key.getAttribute("aria-pressed") !== "true";
  press(key, isOn);
  writePrefs(store, PREFS, { isOn });
  if (isOn) play("amber"); // this is how it sounds
}

/**
 * Ring for what is new, and for what is red for as long as nobody has acknowledged it.
 * @param {"red" | "amber" | null} worst  of what nobody has seen
 * @param {boolean} isNew
 * @param {number} now  milliseconds
 */
export function ring(worst, isNew, now) {
  if (key.getAttribute("aria-pressed") !== "true" || worst === null) return;
  if (!isNew && (worst !== "red" || now - rungAt < AGAIN_MS)) return;
  rungAt = now;
  play(worst);
}

/** @param {"red" | "amber"} severity */
function play(severity) {
  context ??= new AudioContext();
  void context.resume();
  const begin = context.currentTime + 0.02;
  TONES_HZ[severity].forEach((hertz, at) => {
    if (context) playTone(context, hertz, begin + at * TONE_S);
  });
}

/**
 * @param {AudioContext} to
 * @param {number} hertz
 * @param {number} begin
 */
function playTone(to, hertz, begin) {
  const tone = new OscillatorNode(to, { frequency: hertz, type: "triangle" });
  const gain = new GainNode(to, { gain: 0 });
  gain.gain.setTargetAtTime(PEAK, begin, 0.01);
  gain.gain.setTargetAtTime(0, begin + TONE_S * 0.7, 0.02);
  tone.connect(gain).connect(to.destination);
  tone.start(begin);
  tone.stop(begin + TONE_S * 2);
}

press(key, readPrefs(store, PREFS, { isOn: false }).isOn);
key.addEventListener("click", toggleBell);
