// The knobs of a source in the panel: mute, gain, delay, high-pass, gate, and the way back.

import { may } from "../../lib/desk.js";
import { NO_TRIM, isTrimmed, subject, trimOf } from "../../lib/desk_acts.js";
import { byId, press, t, write } from "../shell.js";
import { undo, undoing } from "./answers.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk_acts.js").Trim} Trim */
/** @typedef {import("../../lib/desk_meters.js").Meter} Meter */
/** @typedef {() => {card: Card, meter: Meter} | null} Mended  what the panel is open for */

// Often enough for the ear, seldom enough for the limit of commands.
const TURN_MS = 120;

const mute = byId("trim-mute", HTMLButtonElement);
const gain = byId("trim-gain", HTMLInputElement);
const delay = byId("trim-delay", HTMLInputElement);
const highPass = byId("trim-high-pass", HTMLInputElement);
const gate = byId("trim-gate", HTMLInputElement);
const back = byId("trim-undo", HTMLButtonElement);
const reset = byId("trim-reset", HTMLButtonElement);

/** The source whose gain is being turned and whose answer is awaited: so long the knob stands where it was put. */
let awaited = "";

/**
 * @param {Card} card
 * @param {string} source
 */
export function showTrim(card, source) {
  const trim = trimOf(card.state, source);
  const isAllowed = may(card.role, "set_trim");
  press(mute, trim.muted);
  write(mute, t(trim.muted ? "desk.unmute" : "desk.mute"));
  if (!undoing.isTurning && awaited !== place(card, source)) gain.value = String(trim.gain_db);
  write(byId("trim-gain-now", HTMLElement), `${gain.value} dB`);
  if (document.activeElement !== delay) delay.value = String(trim.delay_ms);
  highPass.checked = trim.high_pass;
  gate.checked = trim.gate;
  for (const control of [mute, gain, delay, highPass, gate]) control.disabled = !isAllowed;
  back.disabled = !isAllowed || !undoing.has((one) => one.room === card.room && subject(one) === source);
  reset.disabled = !isAllowed || !isTrimmed(trim);
}

/** @param {Mended} mended */
export function mountTrim(mended) {
  /** @param {Partial<Trim>} change */
  async function set(change) {
    const what = mended();
    if (!what) return;
    const { card, meter } = what;
    await card.command("set_trim", { source: meter.name, ...trimOf(card.state, meter.name), ...change });
    if (mended() === what) showTrim(card, meter.name);
  }
  mute.addEventListener("click", () => {
    const what = mended();
    if (what) void set({ muted: !trimOf(what.card.state, what.meter.name).muted });
  });
  delay.addEventListener("change", () => {
    if (delay.checkValidity() && delay.value !== "") void set({ delay_ms: Math.round(Number(delay.value)) });
  });
  highPass.addEventListener("change", () => void set({ high_pass: highPass.checked }));
  gate.addEventListener("change", () => void set({ gate: gate.checked }));
  reset.addEventListener("click", () => void set({ ...NO_TRIM }));
  back.addEventListener("click", () => {
    const what = mended();
    if (what) void undo((one) => one.room === what.card.room && subject(one) === what.meter.name);
  });
  mountGain(mended, set);
}

/**
 * One wish at a time is on its way: what is turned meanwhile is wished next, so that a slow answer takes no step back.
 * @param {Mended} mended
 * @param {(change: Partial<Trim>) => Promise<void>} set
 */
function mountGain(mended, set) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let starting;
  /** @type {Promise<void> | null} */
  let sending = null;
  let isLetGo = true;

  async function follow() {
    const what = mended();
    let sent = "";
    while (what && mended() === what && sent !== gain.value) {
      sent = gain.value;
      await set({ gain_db: Number(sent) });
      undoing.isTurning = !isLetGo; // the first step is the one to come back to
      if (sent !== gain.value) await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
    awaited = "";
    sending = null;
  }
  function send() {
    clearTimeout(starting);
    starting = undefined;
    sending ??= follow();
    return sending;
  }
  gain.addEventListener("input", () => {
    isLetGo = false;
    const what = mended();
    awaited = what ? place(what.card, what.meter.name) : "";
    write(byId("trim-gain-now", HTMLElement), `${gain.value} dB`);
    starting ??= setTimeout(() => void send(), TURN_MS);
  });
  gain.addEventListener("change", () => {
    isLetGo = true;
    void send().then(() => {
      undoing.isTurning = false;
      const what = mended();
      if (what) showTrim(what.card, what.meter.name);
    });
  });
}

/**
 * @param {Card} card
 * @param {string} source
 */
function place(card, source) {
  return `${card.room} ${source}`;
}
