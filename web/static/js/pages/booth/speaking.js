// The right side: the microphone, where it speaks to, and the cough key.

import { languageName, ownName } from "../../lib/i18n.js";
import { judge } from "../../lib/sound.js";
import { airState, colleagueOnAir, handoverStep, holderOf, isMicOpen } from "../../lib/state.js";
import { Publisher } from "../../lib/whip.js";
import { release } from "../devices.js";
import { mountMeter } from "../meters.js";
import { byId, light, page, press, t, write } from "../shell.js";
import { Keyring } from "./keyring.js";

/** The words of the on-air key by state. */
const WORDS = /** @type {const} */ ({ off_air: "off", on_air: "on", coughing: "cough", unheard: "unheard" });

/** The server's ramp, and the way there. */
const RAMP_MS = 250;

const onAir = byId("on-air", HTMLButtonElement);
const cough = byId("cough", HTMLButtonElement);

export class Speaking {
  /** @type {MediaStream | null} */ #microphone = null;
  /** @type {MediaStream | null} a copy that goes to the room; the meter reads the microphone itself, off air too */
  #sent = null;
  /** @type {Publisher | null} */ #publisher = null;
  /** @type {import("../../lib/state.js").AirState} */ #air = "off_air";
  #isOnIntercom = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #closing;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {() => void} onStatus
   * @param {(peak_dbfs: number) => void} onLevel  the highest of the last 0.4 s, on air and off
   */
  constructor(desk, onStatus, onLevel) {
    this.desk = desk;
    this.onStatus = onStatus;
    this.meter = mountMeter(byId("level", HTMLElement), (peak_dbfs) => {
      showLevel(peak_dbfs);
      onLevel(peak_dbfs);
    });
    onAir.addEventListener("click", () => this.toggle());
    mountCough((held) => this.holdCough(held));
    this.outgoing = new Keyring("outgoing", (index) => this.select(index));
    desk.add(this);
  }

  /** @returns {import("../../lib/state.js").AirState} as shown last */
  get air() {
    return this.#air;
  }

  /** @returns {import("../../lib/session.js").Session | null} */
  get session() {
    return this.#publisher?.session ?? null;
  }

  /**
   * Speak through another microphone, without a break where one was open.
   * @param {MediaStream} microphone
   */
  use(microphone) {
    const before = [this.#microphone, this.#sent];
    this.#microphone = microphone;
    this.#sent = microphone.clone();
    this.#open(false);
    this.meter.attach(microphone);
    this.#gate();
    this.#send(this.#sent);
    before.forEach(release);
  }

  /** Send to the page's new room, if something was sent before. */
  move() {
    const publisher = this.#publisher;
    if (!publisher) return;
    publisher.session.stop();
    publisher.room = page.room;
    publisher.session.start();
  }

  /** Go on air or off. */
  toggle() {
    if (onAir.disabled) return;
    void this.desk.say(this.desk.seat?.mic === "off_air" ? "take_mic" : "release_mic");
  }

  /**
   * Let the microphone out to the intercom; off air and in a cough it is heard there alone.
   * @param {boolean} isTalking
   */
  talk(isTalking) {
    if (this.#isOnIntercom === isTalking) return;
    this.#isOnIntercom = isTalking;
    this.#gate();
  }

  /** @returns {boolean} somebody hears what is said, though nobody on air does */
  get isOnIntercom() {
    return this.#isOnIntercom && this.desk.seat?.mic !== "on_air";
  }

  /** @param {boolean} held */
  holdCough(held) {
    if (this.desk.coughHeld === held || cough.disabled) return;
    this.desk.coughHeld = held;
    this.#gate(); // at once; the server hears of it next
    if (this.desk.seat?.mic !== "off_air") void this.desk.say(held ? "press_cough" : "release_cough");
    else this.show();
  }

  /** @param {number} index */
  select(index) {
    const language = [...this.outgoing.keys.keys()][index];
    if (language !== undefined) void this.desk.say("select_outgoing", { language });
  }

  show() {
    this.#gate();
    const { desk } = this;
    const isSending = desk.isReached && desk.isSafe && this.session?.status.state === "connected";
    this.#air = airState(desk.seat, desk.coughHeld, isSending);
    byId("console", HTMLElement).dataset.air = this.#air;
    cough.disabled = desk.seat === null;
    // Without hearing protection nobody goes on air; going off is always allowed to whoever sits here.
    const maySwitch = desk.isSafe || desk.seat?.mic !== "off_air";
    onAir.disabled = desk.seat === null || this.#microphone === null || !maySwitch;
    onAir.dataset.waiting = String(desk.isWaiting("take_mic") || desk.isWaiting("release_mic"));
    press(onAir, this.#air !== "off_air");
    press(cough, this.#air === "coughing");
    this.#showWords();
    this.outgoing.fit(desk.ownBooth?.languages ?? [...this.outgoing.keys.keys()], ownName, (index) => "ABC"[index] ?? "");
    for (const [language, button] of this.outgoing.keys) showOutgoing(desk, language, button);
  }

  #showWords() {
    const { seat, ownBooth, person } = this.desk;
    const words = `booth.air_${WORDS[this.#air]}`;
    const colleague = this.#air === "off_air" ? colleagueOnAir(ownBooth, person) : null;
    const variables = { language: languageName(seat?.outgoing ?? "", page.lang), name: colleague?.name ?? "" };
    write(byId("air-word", HTMLElement), t(words));
    write(byId("air-hint", HTMLElement), seat ? this.#hint(variables) : "");
    write(byId("air-status", HTMLElement), t(`${words}_status`, variables));
  }

  /** @param {{language: string, name: string}} variables */
  #hint(variables) {
    const { ownBooth, person, isSafe } = this.desk;
    if (this.#air !== "off_air") return t(`booth.air_${WORDS[this.#air]}_hint`, variables);
    if (!isSafe) return t("booth.air_off_protect");
    if (variables.name) return t("booth.air_off_colleague", variables);
    const { step, partner } = ownBooth ? handoverStep(ownBooth, person) : { step: "impossible", partner: null };
    if (step === "force") return t("booth.air_off_force", { name: partner?.name ?? "" });
    return t("booth.air_off_hint", variables);
  }

  /**
   * The track itself is shut off air: what is said then does not leave this machine. Who hands over is let out by the
   * server's ramp, so the track stays open for that long; a cough shuts it at once.
   */
  #gate() {
    const { seat, ownBooth, coughHeld, isSafe } = this.desk;
    if (this.isOnIntercom) this.#open(true);
    else if (!isSafe) this.#open(false);
    else if (isMicOpen(seat, coughHeld, ownBooth)) this.#open(true);
    else if (coughHeld || seat?.mic !== "off_air") this.#open(false);
    else this.#closing ??= setTimeout(() => this.#open(false), RAMP_MS);
  }

  /** @param {boolean} isOpen */
  #open(isOpen) {
    clearTimeout(this.#closing);
    this.#closing = undefined;
    for (const track of this.#sent?.getTracks() ?? []) track.enabled = isOpen;
  }

  /** @param {MediaStream} stream */
  #send(stream) {
    if (!page.token) return;
    if (this.#publisher) void this.#publisher.replace(stream);
    this.#publisher ??= new Publisher({ room: page.room, token: page.token, stream, onStatus: this.onStatus });
    this.#publisher.session.start();
  }
}

/** @param {number} peak_dbfs */
function showLevel(peak_dbfs) {
  write(byId("level-words", HTMLElement), t(judge(peak_dbfs) === "loud" ? "booth.own_level_loud" : "booth.own_level"));
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} language
 * @param {HTMLElement} button
 */
function showOutgoing(desk, language, button) {
  const holder = holderOf(desk.state, language);
  const isOwn = holder?.seat.person === desk.person;
  const heard = t("booth.listeners", { n: desk.state.listeners?.[language] ?? 0 });
  const engaged = isOwn ? t("booth.engaged_own", { n: heard }) : heard;
  const { name = "" } = holder?.seat ?? {};
  const words = holder && !isOwn ? t("booth.engaged_by", { name, booth: holder.booth.booth }) : engaged;
  light(button, holder ? "interpreted" : "off", words);
  button.dataset.engaged = String(holder !== null && !isOwn);
  press(button, desk.seat?.outgoing === language);
}

/**
 * Held by pointer or by Space and Enter on the button itself; let go also when the pointer or the focus is lost.
 * @param {(held: boolean) => void} hold
 */
function mountCough(hold) {
  const isKey = (/** @type {KeyboardEvent} */ { key }) => key === " " || key === "Enter";
  cough.addEventListener("pointerdown", (event) => {
    cough.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    cough.addEventListener(end, () => hold(false));
  }
  cough.addEventListener("keydown", (event) => isKey(event) && hold(true));
  cough.addEventListener("keyup", (event) => isKey(event) && hold(false));
}
