// The interpreter's console: puts its sections together. Each section lives in a module of its own in booth/.

import { keyAction } from "../lib/keys.js";
import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { Pulse, packetsReceived } from "../lib/pulse.js";
import { Desk } from "./booth/desk.js";
import { mountHandover } from "./booth/handover.js";
import { HeadsetTest } from "./booth/headset.js";
import { Listening } from "./booth/listening.js";
import { mountMessages } from "./booth/messages.js";
import { mountOverview } from "./booth/overview.js";
import { Speaking } from "./booth/speaking.js";
import { byId, guardLeaving, onLeaving, openWire, page, showConnection, t, write } from "./shell.js";

const booth = page.booth ?? "";
// Of this tab: it survives a reload in the middle of a sentence, and is gone with the working day.
const ENTERED = `tolmach.booth.entered.${page.room}.${booth}`;
const entered = readPrefs(browserStore("sessionStorage"), ENTERED, {
  yes: false,
  microphone: /** @type {string | null} */ (null),
  output: "",
});
const keyPrefs = readPrefs(browserStore("localStorage"), "tolmach.booth.keys", { on: true });

const messages = mountMessages();
const desk = new Desk({
  booth,
  state: page.state,
  command: (name, args) => wire.command(name, args),
  onFailure: messages.failed,
});
const listening = new Listening(desk, show);
mountOverview(desk);
const speaking = new Speaking(desk, show);
const handover = mountHandover(desk);
const headset = new HeadsetTest(entered, (microphone) => void arrive(microphone));
let isInside = false;
let isWireLost = false;

/**
 * Whoever comes in by the headset test is off air, also when an earlier page of theirs was on a moment ago.
 * @param {MediaStream} microphone
 */
async function arrive(microphone) {
  if (!isInside && desk.seat && desk.seat.mic !== "off_air") await desk.say("release_mic");
  enter(microphone);
}

/** @param {MediaStream} microphone */
function enter(microphone) {
  isInside = true;
  entered.yes = true;
  writePrefs(browserStore("sessionStorage"), ENTERED, entered);
  messages.raise("device_lost", "");
  for (const track of microphone.getTracks()) track.addEventListener("ended", lostMicrophone);
  speaking.use(microphone);
  listening.start(entered.output);
  sitDown();
  void navigator.wakeLock?.request("screen").catch(() => {});
}

function sitDown() {
  if (isInside && desk.person) void desk.say("enter_booth", { booth, name: desk.name });
}

function lostMicrophone() {
  messages.raise("device_lost", t("device.lost"));
  headset.open(false);
}

function show() {
  desk.show();
  const mic = speaking.session?.status ?? { state: "idle" };
  const ear = listening.session.status;
  const worst = [ear, mic].find((status) => status.state !== "connected") ?? mic;
  showConnection(isWireLost || !desk.isReached ? { state: "waiting" } : worst, true);
  const isBroken = (/** @type {string} */ state) => state === "waiting" || state === "refused";
  // Another language loads the page anew, which nobody wants in the middle of a sentence.
  byId("page-language", HTMLSelectElement).disabled = speaking.air !== "off_air";
  messages.raise("server", isWireLost ? t("booth.alarm_server") : "");
  const isDeaf = isBroken(ear.state) || !desk.isReached;
  messages.raise("connection", isDeaf ? (ear.text ?? t("booth.alarm_connection")) : "");
  messages.raise("microphone", isBroken(mic.state) ? (mic.text ?? t("booth.alarm_microphone")) : "");
  messages.raise("unheard", speaking.air === "unheard" ? t("booth.alarm_unheard") : "");
}

/**
 * @param {import("../lib/wire.js").Closing} closing
 * @param {boolean} final
 */
function closing(closing, final) {
  messages.add(closing.text);
  if (!final) return;
  isInside = false;
  leave();
  write(byId("closed-text", HTMLElement), closing.text);
  byId("closed", HTMLDialogElement).showModal();
}

/** What was held when the connection broke must not stay held. */
function reconcile() {
  if (desk.seat?.mic === "coughing" && !desk.coughHeld) void desk.say("release_cough");
}

const wire = openWire({
  welcome: ({ you, state }) => {
    Object.assign(desk, { person: you.person, name: you.name, state });
    sitDown();
    reconcile();
  },
  state: (state) => {
    desk.state = state;
    show();
  },
  status: (status) => {
    isWireLost = status === "waiting";
    show();
  },
  closing,
  onRestarted: () => {
    if (!isInside) return;
    listening.session.restart();
    speaking.session?.restart();
  },
});

function leave() {
  listening.session.stop();
  speaking.session?.stop();
  wire.end();
}

/** @param {import("../lib/keys.js").KeyAction} action */
function act(action) {
  if (action.act === "incoming") listening.select(action.index);
  else if (action.act === "outgoing") speaking.select(action.index);
  else if (action.act === "mic") speaking.toggle();
  else if (action.act === "cough") speaking.holdCough(true);
  else if (action.act === "handover") handover.advance();
  else byId("help", HTMLDialogElement).showModal();
}

/** @param {KeyboardEvent} event */
function isTyping({ target }) {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === "text");
}

function mountKeys() {
  addEventListener("keydown", (event) => {
    const action = keyAction(event);
    const isOurs = isInside && keyPrefs.on && !isTyping(event) && !document.querySelector("dialog[open]");
    if (!action || !isOurs) return;
    event.preventDefault();
    act(action);
  });
  addEventListener("keyup", (event) => event.code === "KeyC" && speaking.holdCough(false));
  addEventListener("blur", () => speaking.holdCough(false));
  const shortcuts = byId("shortcuts", HTMLInputElement);
  shortcuts.checked = keyPrefs.on;
  shortcuts.addEventListener("change", () => {
    keyPrefs.on = shortcuts.checked;
    writePrefs(browserStore("localStorage"), "tolmach.booth.keys", keyPrefs);
  });
}

/** @param {Pulse} pulse */
async function feelPulse(pulse) {
  const { peer } = listening.session;
  const report = await peer?.getStats().catch(() => null);
  const entries = /** @type {Iterable<[string, any]>} */ (/** @type {unknown} */ (report ?? []));
  if (listening.session.status.state !== "connected") pulse.rest(performance.now());
  const isReached = pulse.feel(packetsReceived(entries), performance.now());
  if (isReached !== desk.isReached) {
    desk.isReached = isReached;
    show();
  }
}

function tickClock() {
  const now = new Date();
  write(byId("clock", HTMLElement), now.toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
  setTimeout(tickClock, 1000 - now.getMilliseconds());
}

mountKeys();
tickClock();
const pulse = new Pulse();
setInterval(() => void feelPulse(pulse), 500);
byId("open-help", HTMLButtonElement).addEventListener("click", () => byId("help", HTMLDialogElement).showModal());
byId("open-headset", HTMLButtonElement).addEventListener("click", () => headset.open(false));
byId("reload", HTMLButtonElement).addEventListener("click", () => location.reload());
addEventListener("online", () => {
  listening.session.nudge();
  speaking.session?.nudge();
});
guardLeaving(() => isInside && speaking.air !== "off_air");
onLeaving(leave);
show();
try {
  if (entered.yes) enter(await headset.capture());
  else headset.open(true);
} catch {
  headset.open(true);
}
