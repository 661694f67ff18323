// The right side: the microphone, where it speaks to, and the cough key.

import { languageName } from "../../lib/i18n.js";
import { judge } from "../../lib/sound.js";
import { airState, colleagueOnAir, holderOf, isMicOpen } from "../../lib/state.js";
import { Publisher } from "../../lib/whip.js";
import { release } from "../devices.js";
import { mountMeter } from "../meters.js";
import { byData, byId, light, page, press, t, write } from "../shell.js";

/**
 * @param {import("./desk.js").Desk} desk
 * @param {() => void} onStatus
 */
export function mountSpeaking(desk, onStatus) {
  const onAir = byId("on-air", HTMLButtonElement);
  const cough = byId("cough", HTMLButtonElement);
  const buttons = byData("outgoing");
  const meter = mountMeter(byId("level", HTMLElement), (peak) => {
    const key = judge(peak) === "loud" ? "booth.own_level_loud" : "booth.own_level";
    write(byId("level-words", HTMLElement), t(key));
  });
  /** @type {Publisher | null} */
  let publisher = null;
  /** @type {MediaStream | null} sent to the room; the meter reads the microphone itself, so that it moves off air too */
  let sent = null;
  /** @type {MediaStream | null} */
  let microphone = null;
  /** @type {import("../../lib/state.js").AirState} */
  let shown = "off_air";

  /** @param {MediaStream} opened */
  function useMicrophone(opened) {
    meter.attach(opened);
    const before = [microphone, sent];
    microphone = opened;
    sent = opened.clone();
    gate();
    if (publisher) void publisher.replace(sent);
    else if (page.token) publisher = new Publisher({ room: page.room, token: page.token, stream: sent, onStatus });
    publisher?.session.start();
    before.forEach(release);
  }

  /** The track itself is shut off air: what is said then does not leave this machine. */
  function gate() {
    for (const track of sent?.getTracks() ?? []) track.enabled = isMicOpen(desk.seat, desk.coughHeld);
  }

  function show() {
    gate();
    const air = airState(desk.seat, desk.coughHeld, publisher?.session.status.state === "connected");
    const language = languageName(desk.seat?.outgoing ?? "", page.lang);
    shown = air;
    byId("console", HTMLElement).dataset.air = air;
    document.documentElement.dataset.air = air;
    onAir.disabled = cough.disabled = desk.seat === null;
    onAir.dataset.waiting = String(desk.isWaiting("take_mic") || desk.isWaiting("release_mic"));
    press(onAir, air !== "off_air");
    press(cough, air === "coughing");
    write(byId("air-word", HTMLElement), t(`booth.air_${WORDS[air]}`));
    const colleague = air === "off_air" ? colleagueOnAir(desk.ownBooth, desk.person) : null;
    const hint = colleague ? "booth.air_off_colleague" : `booth.air_${WORDS[air]}_hint`;
    write(byId("air-hint", HTMLElement), t(hint, { language, name: colleague?.name ?? "" }));
    write(byId("air-status", HTMLElement), t(`booth.air_${WORDS[air]}_status`, { language }));
    for (const [channel, button] of buttons) showOutgoing(desk, channel, button);
  }

  function toggle() {
    if (onAir.disabled) return;
    void desk.say(desk.seat?.mic === "off_air" ? "take_mic" : "release_mic");
  }

  /** @param {boolean} held */
  function holdCough(held) {
    if (desk.coughHeld === held || cough.disabled) return;
    desk.coughHeld = held;
    gate(); // at once; the server hears of it next
    if (desk.seat?.mic !== "off_air") void desk.say(held ? "press_cough" : "release_cough");
    else show();
  }

  /** @param {number} index */
  function select(index) {
    const language = [...buttons.keys()][index];
    if (language !== undefined) void desk.say("select_outgoing", { language });
  }

  onAir.addEventListener("click", toggle);
  mountCough(cough, holdCough);
  [...buttons.values()].forEach((button, i) => button.addEventListener("click", () => select(i)));
  desk.add({ show });
  return { air: () => shown, useMicrophone, toggle, holdCough, select, session: () => publisher?.session ?? null };
}

/** The words of the on-air key by state. */
const WORDS = /** @type {const} */ ({ off_air: "off", on_air: "on", coughing: "cough", unheard: "unheard" });

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} language
 * @param {HTMLElement} button
 */
function showOutgoing(desk, language, button) {
  const holder = holderOf(desk.state, language);
  const isOwn = holder?.seat.person === desk.person;
  const n = desk.state.listeners?.[language] ?? 0;
  const words = holder && !isOwn ? t("booth.engaged", { name: holder.seat.name }) : t("booth.listeners", { n });
  light(button, holder ? "interpreted" : "off", words);
  press(button, desk.seat?.outgoing === language);
}

/**
 * Held by pointer or by Space and Enter on the button itself; let go also when the pointer or the focus is lost.
 * @param {HTMLButtonElement} button
 * @param {(held: boolean) => void} hold
 */
function mountCough(button, hold) {
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    button.addEventListener(end, () => hold(false));
  }
  button.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") hold(true);
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") hold(false);
  });
}
