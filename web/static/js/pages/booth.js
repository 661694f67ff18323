// The interpreter's console: puts its sections together. Each section lives in a module of its own in booth/.

import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { Pulse, packetsReceived } from "../lib/pulse.js";
import { mountReporting } from "../lib/reporting.js";
import { mountCalibration } from "./booth/calibration.js";
import { mountChain } from "./booth/chain.js";
import { mountAsks, mountChat } from "./booth/chat.js";
import { Desk } from "./booth/desk.js";
import { Guarding } from "./booth/guarding.js";
import { mountHandover } from "./booth/handover.js";
import { HeadsetTest } from "./booth/headset.js";
import { mountKeyboard } from "./booth/keyboard.js";
import { Listening } from "./booth/listening.js";
import { mountMessages } from "./booth/messages.js";
import { Monitoring } from "./booth/monitoring.js";
import { mountOverview } from "./booth/overview.js";
import { Papers } from "./booth/papers.js";
import { Reels } from "./booth/reels.js";
import { mountShift } from "./booth/shift.js";
import { Speaking } from "./booth/speaking.js";
import { mountConsent } from "./consent.js";
import { mountIntercom } from "./intercom.js";
import { byId, guardLeaving, mountRooms, onLeaving, openWire, page, showConnection, showRecording, t, write } from "./shell.js";

const TICK_MS = 500;
const booth = page.booth ?? "";
// Of this tab: it survives a reload in the middle of a sentence, and is gone with the working day.
const enteredName = () => `tolmach.booth.entered.${page.room}.${booth}`;
const entered = readPrefs(browserStore("sessionStorage"), enteredName(), {
  yes: false,
  microphone: /** @type {string | null} */ (null),
  output: "",
});

const messages = mountMessages();
const desk = new Desk({
  booth,
  state: page.state,
  command: (name, args) => wire.command(name, args),
  onFailure: messages.failed,
});
const listening = new Listening(desk, show);
const monitoring = new Monitoring(desk, listening);
mountOverview(desk);
const speaking = new Speaking(desk, show, (peak_dbfs) => {
  // What is said to the intercom is heard by whom it is meant for.
  guarding.look(speaking.isOnIntercom ? -Infinity : peak_dbfs, speaking.air);
});
const handover = mountHandover(desk);
const shift = mountShift(desk, (words) => messages.raise("shift", words));
const chat = mountChat(desk, messages);
const asks = mountAsks(desk, messages);
const papers = new Papers(desk, messages.add);
const reels = new Reels(desk, papers, listening);
const guarding = new Guarding(desk, messages, listening);
mountChain();
const showConsent = mountConsent({
  source: () => desk.person && `mic:${desk.person}`,
  command: (name, args) => wire.command(name, args),
});
const intercom = mountIntercom({
  element: /** @type {HTMLElement} */ (document.querySelector('[data-part="intercom"]')),
  get room() {
    return page.room;
  },
  token: page.token ?? "",
  role: "interpreter",
  person: () => desk.person,
  booth,
  hasOwnMicrophone: true,
  state: () => desk.state,
  command: (name, args) => wire.command(name, args),
  isElsewhere: () => desk.seat?.mic === "on_air",
  onTalking: (isTalking) => speaking.talk(isTalking),
  complain: messages.add,
  play: (track) => listening.hearIntercom(track),
});
const headset = new HeadsetTest(entered, (microphone) => void arrive(microphone));
mountCalibration(() => entered.output, (profile) => listening.protect(entered.output, profile));
let isInside = false;
let isWireLost = false;
let hasAsked = false;
/** Whether this page comes back by itself: it was in the booth a moment ago, and nobody has opened another since. */
let isReturning = entered.yes;

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
  remember(true);
  messages.raise("device_lost", "");
  for (const track of microphone.getTracks()) track.addEventListener("ended", lostMicrophone);
  speaking.use(microphone);
  void listening.start(entered.output);
  sitDown();
  void navigator.wakeLock?.request("screen").catch(() => {});
}

/** @param {boolean} yes */
function remember(yes) {
  entered.yes = yes;
  writePrefs(browserStore("sessionStorage"), enteredName(), entered);
}

/** Back after a reload, without the headset test; or to the test when the microphone does not come. */
async function comeBack() {
  isReturning = false;
  hasAsked = true; // whoever is back in the middle of a sentence is asked nothing
  try {
    enter(await headset.capture());
  } catch {
    headset.open(true);
  }
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
  intercom.show();
  const mic = speaking.session?.status ?? { state: "idle" };
  const ear = listening.session.status;
  const worst = [ear, mic].find((status) => status.state !== "connected") ?? mic;
  showConnection(isWireLost || !desk.isReached ? { state: "waiting" } : worst, true);
  const isBroken = (/** @type {string} */ state) => state === "waiting" || state === "refused";
  // Another language loads the page anew, which nobody wants in the middle of a sentence.
  for (const id of ["page-language", "headset-language"]) {
    byId(id, HTMLSelectElement).disabled = speaking.air !== "off_air";
  }
  messages.raise("held", listening.isHeld ? t("booth.alarm_held") : "");
  messages.raise("server", isWireLost ? t("booth.alarm_server") : "");
  const isDeaf = isBroken(ear.state) || !desk.isReached;
  messages.raise("connection", isDeaf ? (ear.text ?? t("booth.alarm_connection")) : "");
  messages.raise("microphone", isBroken(mic.state) ? (mic.text ?? t("booth.alarm_microphone")) : "");
  messages.raise("unheard", speaking.air === "unheard" && desk.isSafe ? t("booth.alarm_unheard") : "");
}

/**
 * @param {import("../lib/wire.js").Closing} closing
 * @param {boolean} final
 */
function closing(closing, final) {
  messages.add(closing.text);
  if (!final) return;
  isInside = false;
  if (closing.code === "replaced") remember(false); // a reload asks before it takes the booth back
  end(closing.text);
}

/** @param {string} words  why nothing works here any more */
function end(words) {
  leave();
  write(byId("closed-text", HTMLElement), words);
  byId("closed", HTMLDialogElement).showModal();
}

/** What was held when the connection broke must not stay held. */
function reconcile() {
  if (desk.seat?.mic === "coughing" && !desk.coughHeld) void desk.say("release_cough");
}

/** @param {boolean} isElsewhere  another window is this interpreter's console */
function settle(isElsewhere) {
  if (isElsewhere && !isInside && !hasAsked) {
    hasAsked = true;
    byId("elsewhere", HTMLDialogElement).showModal();
  } else if (isReturning) {
    void comeBack();
  }
}

const wire = openWire({
  welcome: ({ you, state, now }) => {
    Object.assign(desk, { person: you.person, name: you.name, state, ahead_ms: now - Date.now() });
    sitDown();
    reconcile();
    settle(you.elsewhere ?? false);
  },
  state: (state) => {
    desk.state = state;
    showRecording(state);
    showConsent(state);
    show();
  },
  status: (status) => {
    isWireLost = status === "waiting";
    show();
  },
  news: (news) => {
    if (news.type === "quality") guarding.measured(news);
    else if (news.type === "papers") void papers.load();
    else if (news.type === "reels") void reels.load();
  },
  closing,
  onRestarted: (boot) => {
    for (const session of sessions()) session.renew(boot);
    intercom.renew(boot);
  },
});

mountRooms({
  wire,
  mayLeave: async () => {
    if (speaking.air !== "off_air") messages.add(t("booth.room_on_air"));
    return speaking.air === "off_air";
  },
  leave: async () => {
    if (desk.seat) await wire.command("leave_booth");
    remember(false);
  },
  arrive: ({ title }) => {
    remember(isInside);
    const room = title[page.lang] ?? page.room;
    write(byId("room-title", HTMLElement), room);
    messages.add(t("booth.room_changed", { room }));
    for (const part of [chat, papers, reels, listening, monitoring, speaking, intercom]) part.move();
  },
});

/** All that goes out and comes in. */
function sessions() {
  const ears = [listening.session, listening.relay.session, monitoring.listener.session];
  return speaking.session ? [...ears, speaking.session] : ears;
}

function leave() {
  listening.stop();
  monitoring.stop();
  speaking.session?.stop();
  wire.end();
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

mountKeyboard(
  {
    mic: () => speaking.toggle(),
    cough: () => speaking.holdCough(true),
    outgoing: ({ index }) => speaking.select(index),
    incoming: ({ index }) => listening.select(index),
    handover: () => handover.advance(),
    decline: () => handover.decide(),
    pivot: () => listening.nextPivot(),
    ears: () => listening.toggleEars(),
    replay: () => listening.toggleReplay(),
    turn: ({ knob, by }) => listening.knobs.turn(knob, by),
    monitor: () => monitoring.next(),
    shift: () => shift.next(),
    slower: () => asks.ask("slower"),
    repeat: () => asks.ask("repeat"),
    louder: () => asks.ask("louder"),
    call: () => asks.ring(),
    chat: () => chat.focus(),
    phrase: ({ index }) => chat.phrase(index),
    papers: () => papers.toggle(),
    glossary: () => void papers.find(),
    help: () => byId("help", HTMLDialogElement).showModal(),
  },
  () => speaking.holdCough(false),
  () => isInside,
);
tickClock();
const pulse = new Pulse();
setInterval(() => void feelPulse(pulse), TICK_MS);
mountReporting({ peer: () => listening.session.peer, tell: (message) => wire.tell(message) });
setInterval(() => desk.tick(), TICK_MS / 2);
byId("open-help", HTMLButtonElement).addEventListener("click", () => byId("help", HTMLDialogElement).showModal());
byId("open-headset", HTMLButtonElement).addEventListener("click", () => headset.open(false));
byId("reload", HTMLButtonElement).addEventListener("click", () => location.reload());
const elsewhere = byId("elsewhere", HTMLDialogElement);
elsewhere.addEventListener("close", () => {
  if (elsewhere.returnValue !== "move") end(t("booth.elsewhere_stayed"));
  else if (!isReturning) headset.open(true);
  else void comeBack();
});
addEventListener("online", () => {
  for (const session of sessions()) session.nudge();
});
guardLeaving(() => isInside && speaking.air !== "off_air");
onLeaving(leave);
show();
// After a reload of this very page nobody waits for an answer; otherwise the welcome says whether another one is open.
const [navigation] = performance.getEntriesByType("navigation");
if (isReturning && /** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.type === "reload") void comeBack();
else if (!isReturning) headset.open(true);
