// The intercom's panel, on every page of those who work: press to talk to a side, hear what is said to one's own.
// Interpreters and who is backstage talk by the microphone they have; everybody else opens one that is heard here alone.

import { Press, REST_MS, hasNewCall, isSame, partiesOf, restAfter, talksTo } from "../lib/intercom.js";
import { Listener } from "../lib/whep.js";
import { Publisher } from "../lib/whip.js";
import { capture, deviceProblem, microphoneWish, release } from "./devices.js";
import { onLeaving, press, t, write } from "./shell.js";

/** @typedef {import("../lib/intercom.js").Party} Party */
/** @typedef {import("../lib/intercom.js").Talk} Talk */
/**
 * @typedef {object} Talking  what the intercom needs of a room's state
 * @property {Talk[]} [talks]
 * @property {{booth: string}[]} booths
 * @property {{id: number | string, answered: boolean}[]} [calls]
 */
/**
 * @typedef {object} Options
 * @property {HTMLElement} element  the macro's section
 * @property {string} room  read anew each time: some pages change it
 * @property {string} token
 * @property {string} role
 * @property {() => string} person
 * @property {string | null} [booth]
 * @property {boolean} [hasOwnMicrophone]  the page sends one already, by which its person talks
 * @property {() => string | null} [device]  the microphone that is picked elsewhere on the page
 * @property {() => boolean} [isElsewhere]  that microphone is on air or on the floor now: one talks here no more
 * @property {(isTalking: boolean) => void} [onTalking]  one talks here, or no more: to whom a microphone of the page's own is open
 * @property {boolean} [rings]  calls from booths ring here
 * @property {() => Talking} state
 * @property {(name: string, args: Record<string, unknown>) => Promise<import("../lib/wire.js").Outcome>} command
 * @property {(words: string) => void} [complain]  tells what went wrong otherwise than the panel itself
 * @property {(track: MediaStreamTrack) => void} [play]  plays what is heard otherwise than the panel's own element
 */

const RING_HZ = [880, 660];
const RING_S = 0.18;
const KEYS = new Set([" ", "Enter"]);

/** @param {Options} options */
export function mountIntercom(options) {
  const { element, role, token, command } = options;
  const sound = part("sound", HTMLAudioElement);
  const problem = part("problem", HTMLElement);
  const output = element.querySelector('[data-intercom="output"]');
  const talking = new Press();
  /** @type {Map<HTMLButtonElement, Party>} */
  const buttons = new Map();
  /** @type {Publisher | null} */
  let publisher = null;
  /** @type {MediaStream | null} */
  let microphone = null;
  let rest_ms = REST_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  /** @type {Party | null} */
  let said = null;
  let isSaying = false;
  let known = new Set(callsNow().map(({ id }) => id));

  const listener =
    role === "speaker"
      ? null
      : new Listener({
          room: options.room,
          token,
          wanted: { channel: "intercom", under: false, video: false },
          onTrack(track) {
            if (options.play) options.play(track);
            else hear(track);
          },
          onStatus: () => {},
        });

  /** @template {HTMLElement} E @param {string} name @param {new () => E} type @returns {E} */
  function part(name, type) {
    const found = element.querySelector(`[data-intercom="${name}"]`);
    if (!(found instanceof type)) throw new Error(`the intercom has no ${name}`);
    return found;
  }

  function callsNow() {
    return options.state().calls ?? [];
  }

  /** @param {MediaStreamTrack} track */
  function hear(track) {
    sound.srcObject = new MediaStream([track]);
    sound.play().catch(() => {}); // until the page is touched for the first time; see `tryAgain`
  }

  function tryAgain() {
    if (sound.srcObject && sound.paused) sound.play().catch(() => {});
  }

  /**
   * In the hall the computer's own output are the loudspeakers: nothing is heard before headphones are picked.
   * @param {HTMLSelectElement} select
   */
  function mountOutput(select) {
    sound.muted = true;
    const offer = async () => {
      const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
      const outputs = devices.filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId !== "");
      const picked = select.value;
      const options = outputs.map(({ label, deviceId }, n) => new Option(label || t("device.unnamed", { n: n + 1 }), deviceId));
      select.replaceChildren(new Option(t("intercom.output_off"), "off"), ...options);
      select.value = options.some(({ value }) => value === picked) ? picked : "off";
      sound.muted = select.value === "off";
    };
    select.addEventListener("change", () => void steer(select.value));
    navigator.mediaDevices?.addEventListener("devicechange", () => void offer());
    select.addEventListener("focus", () => void offer()); // labels come with the leave to use a microphone
    void offer();
  }

  /** @param {string} device  an output's id, or "off" */
  async function steer(device) {
    sound.muted = true;
    if (device === "off") return;
    try {
      await sound.setSinkId(device);
      sound.muted = false;
      tryAgain();
    } catch (error) {
      complain(t(deviceProblem(error)));
    }
  }

  /** @param {string} words  empty: nothing is wrong any more */
  function complain(words) {
    if (options.complain) {
      if (words) options.complain(words);
      return;
    }
    problem.hidden = words === "";
    write(problem, words);
  }

  /** The microphone of the intercom alone, opened by a press. Its connection stays once it is made. */
  async function openMicrophone() {
    clearTimeout(resting);
    if (options.hasOwnMicrophone || microphone?.active) return true;
    const began = performance.now();
    try {
      microphone = await capture({ audio: microphoneWish(options.device?.() ?? null, true) });
    } catch (error) {
      complain(t(deviceProblem(error)));
      return false;
    }
    rest_ms = restAfter(performance.now() - began);
    if (publisher) {
      await publisher.replace(microphone);
      return true;
    }
    publisher = new Publisher({ room: options.room, token, stream: microphone, as: "intercom", onStatus: () => {} });
    publisher.session.start();
    return true;
  }

  /** Nobody has talked for a while: the browser no longer says that this page listens. */
  function letGo() {
    release(microphone);
    microphone = null;
    void publisher?.rest();
  }

  /** Tell the server to whom one talks, until it knows; one command at a time, so that the last press wins. */
  async function say() {
    if (isSaying) return;
    isSaying = true;
    while (!isSame(said, talking.open)) {
      const wanted = talking.open;
      if (wanted && !(await openMicrophone())) {
        talking.end();
        continue;
      }
      const outcome = await command("talk_to", { to: wanted?.to ?? null, booth: wanted?.booth ?? null });
      if (outcome.kind === "done" || !wanted) {
        said = wanted;
      } else {
        // What was said before stands on the server: the next round takes it back.
        complain("text" in outcome ? outcome.text : t("intercom.failed"));
        if (outcome.kind === "lost") said = wanted;
        talking.end();
      }
      open();
    }
    isSaying = false;
    show();
  }

  /** The microphone is shut as soon as one lets go, and open only when the server knows to whom one talks. */
  function open() {
    const isTalking = said !== null && talking.open !== null;
    for (const track of microphone?.getTracks() ?? []) track.enabled = isTalking;
    clearTimeout(resting);
    if (microphone && talking.open === null) resting = setTimeout(letGo, rest_ms);
    options.onTalking?.(isTalking);
  }

  /**
   * What the server knows and this page does not want: said before a reload, or by a microphone that is on air now.
   */
  function settle() {
    if (isSaying || !options.hasOwnMicrophone) return;
    if (said !== null && options.isElsewhere?.()) talking.end();
    const own = options.state().talks?.find(({ person }) => person === options.person());
    if (own && said === null) said = { to: own.to, booth: own.booth };
    if (!isSame(said, talking.open)) void say();
  }

  /** @param {Party} party */
  function begin(party) {
    complain("");
    tryAgain();
    talking.down(party, performance.now());
    show();
    void say();
  }

  function finish() {
    talking.up(performance.now());
    open();
    show();
    void say();
  }

  /**
   * The finger or the key is somewhere else: what is held ends, what was tapped stays.
   * @param {Party} party  of the button that was left; by then another one may be pressed
   */
  function lose(party) {
    if (!isSame(talking.open, party)) return;
    talking.lose();
    open();
    show();
    void say();
  }

  /** @param {Party} party */
  function buttonFor(party) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small talk-to";
    button.dataset.to = party.booth ?? party.to;
    button.textContent = party.booth ? t("intercom.booth", { booth: party.booth }) : t(`intercom.to_${party.to}`);
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      begin(party);
    });
    button.addEventListener("pointerup", finish);
    for (const gone of ["pointercancel", "lostpointercapture", "blur"]) button.addEventListener(gone, () => lose(party));
    button.addEventListener("keydown", (event) => {
      if (!KEYS.has(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) begin(party);
    });
    button.addEventListener("keyup", (event) => {
      if (!KEYS.has(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      finish();
    });
    // A screen reader's press comes as a click without a pointer.
    button.addEventListener("click", (event) => {
      if (event.detail !== 0) return;
      begin(party);
      finish();
    });
    return button;
  }

  function showButtons() {
    const parties = partiesOf(role, options.state().booths.map(({ booth }) => booth));
    const isAsBefore = parties.length === buttons.size && [...buttons.values()].every((one, n) => isSame(one, parties[n] ?? null));
    if (!isAsBefore) {
      buttons.clear();
      for (const party of parties) buttons.set(buttonFor(party), party);
      part("buttons", HTMLElement).replaceChildren(...buttons.keys());
    }
    for (const [button, party] of buttons) press(button, isSame(talking.open, party));
  }

  function showHeard() {
    const self = { role, person: options.person(), booth: options.booth ?? null };
    const heard = talksTo(options.state().talks ?? [], self);
    const names = heard.map((talk) => t("intercom.heard", { who: nameOf(talk) }));
    element.dataset.heard = String(heard.length > 0);
    write(part("heard", HTMLElement), names.join(" "));
  }

  /** @param {Talk} talk */
  function nameOf({ name, role: from, from_booth }) {
    const side = from_booth ? t("intercom.booth", { booth: from_booth }) : t(`intercom.to_${from}`);
    return name ? `${name} (${side})` : side;
  }

  function ring() {
    const calls = callsNow();
    if (options.rings && hasNewCall(known, calls)) void chime();
    known = new Set(calls.map(({ id }) => id));
  }

  function show() {
    settle();
    showButtons();
    showHeard();
    ring();
    const words = talking.open ? t(said ? "intercom.talking" : "intercom.opening") : t("intercom.hint");
    element.dataset.talking = String(said !== null);
    write(part("state", HTMLElement), words);
  }

  part("volume", HTMLInputElement).addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement) sound.volume = target.valueAsNumber;
  });
  element.dataset.plays = String(listener !== null);
  if (output instanceof HTMLSelectElement) mountOutput(output);
  addEventListener("pointerdown", tryAgain);
  onLeaving(() => {
    listener?.session.stop();
    publisher?.session.stop();
    release(microphone);
  });
  listener?.session.start();
  show();

  return {
    show,
    /**
     * What a tap on the party's button does.
     * @param {Party} party
     */
    tap(party) {
      begin(party);
      finish();
    },
    /**
     * Another process of the server answers: what was said is forgotten there.
     * @param {string} boot
     */
    renew(boot) {
      talking.end();
      said = null;
      open();
      for (const session of [listener?.session, publisher?.session]) session?.renew(boot);
      show();
    },
    /** The page is in another room now. */
    move() {
      talking.end();
      said = null;
      open();
      listener?.move(options.room);
      listener?.listen({ channel: "intercom" });
      if (publisher) {
        publisher.session.stop();
        publisher.room = options.room;
        publisher.session.start();
      }
      show();
    },
  };
}

async function chime() {
  const context = new AudioContext();
  await context.resume();
  const gain = new GainNode(context, { gain: 0.2 });
  gain.connect(context.destination);
  RING_HZ.forEach((frequency, n) => {
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(gain);
    tone.start(context.currentTime + n * RING_S);
    tone.stop(context.currentTime + (n + 1) * RING_S);
  });
  setTimeout(() => void context.close(), 1000 * RING_S * RING_HZ.length + 200);
}
