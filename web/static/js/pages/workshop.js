// Taking part from afar, and speaking as a guest: the test, the door, the room. Each section lives in workshop/.

import { wishNow } from "../lib/lectern.js";
import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { mountReporting } from "../lib/reporting.js";
import { timerNow } from "../lib/timer.js";
import { announcement } from "../lib/workshop.js";
import { mountConsent } from "./consent.js";
import { mountIntercom } from "./intercom.js";
import { byId, guardLeaving, onLeaving, openWire, page, showConnection, showRecording, t, write } from "./shell.js";
import { showProgramme } from "./watch/words.js";
import { Entry } from "./workshop/entry.js";
import { Hearing } from "./workshop/hearing.js";
import { Kit } from "./workshop/kit.js";
import { Scene } from "./workshop/scene.js";
import { Speaking } from "./workshop/speaking.js";
import { Visit } from "./workshop/visit.js";
import { Writing } from "./workshop/writing.js";

const TICK_MS = 500;
// Of this tab: whoever loads the page anew in the middle of a sentence is back without the test.
const ENTERED = `tolmach.workshop.entered.${page.room}`;
const entered = readPrefs(browserStore("sessionStorage"), ENTERED, { yes: false, name: "", language: "" });

const visit = new Visit(page.state, (name, args) => wire.command(name, args));
const kit = new Kit({
  onChange: () => show(),
  onOutput: (device) => void hearing.output(device),
  complain: (words) => visit.complain(words),
});
const hearing = new Hearing(visit, kit, () => show());
const speaking = new Speaking(visit, kit, () => show());
const scene = new Scene(visit, kit, hearing, speaking);
const writing = new Writing(visit);
const entry = new Entry(visit, kit, ({ name, language }) => {
  Object.assign(entered, { name, language: language ?? "" });
  kit.remember({ name });
  void enter();
});
const showConsent = mountConsent({
  source: () => visit.person && `speaker:${visit.person}`,
  command: (name, args) => wire.command(name, args),
});
const aside = byId("aside", HTMLElement);
const intercom = mountIntercom({
  element: /** @type {HTMLElement} */ (aside.querySelector('[data-part="intercom"]')),
  room: page.room,
  token: page.token ?? "",
  role: "speaker", // backstage a participant is as a guest
  person: () => visit.person,
  hasOwnMicrophone: true,
  isElsewhere: () => visit.step !== "backstage",
  onTalking: (isTalking) => speaking.talk(isTalking),
  state: () => visit.state,
  command: (name, args) => wire.command(name, args),
});
const speaks = byId("speaks", HTMLSelectElement);
const announce = byId("announce", HTMLElement);
const leaveDialog = byId("leave-dialog", HTMLDialogElement);
/** Why one is not in the room although one wants to be, in words. */
let refusal = "";

/** Come in, or back in: who was there a moment ago finds everything as it was. */
async function enter() {
  const wasInside = visit.isInside;
  visit.isInside = true;
  const name = visit.name || entered.name;
  const outcome = await wire.command("enter_room", { name, language: entered.language || null });
  const isRefused = outcome.kind === "refused" && visit.own?.place !== "removed";
  refusal = isRefused ? outcome.text : "";
  visit.isInside = !isRefused;
  visit.hasLeft = isRefused && wasInside;
  visit.complain(refusal);
  remember(visit.isInside);
  show();
}

/** @param {boolean} yes */
function remember(yes) {
  entered.yes = yes;
  writePrefs(browserStore("sessionStorage"), ENTERED, entered);
}

async function leave() {
  remember(false);
  visit.hasLeft = true;
  show();
  await visit.say("leave_room");
}

function comeBack() {
  visit.hasLeft = false;
  visit.isInside = false;
  location.reload();
}

function show() {
  const { step, state } = visit;
  byId("workshop", HTMLElement).dataset.step = step;
  byId("entry", HTMLElement).hidden = step !== "test";
  byId("inside", HTMLElement).hidden = !visit.isThere;
  byId("leave", HTMLElement).hidden = !visit.isThere && step !== "waiting";
  showDoor();
  hearing.follow();
  aside.hidden = step !== "backstage";
  intercom.show();
  speaking.follow();
  scene.show();
  if (step === "test") entry.show();
  showProgramme(state);
  if (visit.isThere) writing.show();
  else writing.clear();
  if (document.activeElement !== speaks) speaks.value = visit.own?.speaks ?? "";
  showRecording(state);
  showConsent(state);
  showConnection(connection(), true);
  // Another language loads the page anew, which nobody wants in the middle of a sentence.
  byId("page-language", HTMLSelectElement).disabled = visit.own?.has_floor === true;
}

function showDoor() {
  const { step } = visit;
  byId("door", HTMLElement).hidden = visit.isThere || step === "test";
  if (visit.isThere || step === "test") return;
  write(byId("door-title", HTMLElement), t(`workshop.door_${step}`));
  write(byId("door-words", HTMLElement), refusal || t(`workshop.door_${step}_hint`));
  byId("come-back", HTMLElement).hidden = step !== "left";
}

/** @returns {import("../lib/session.js").SessionStatus} the worst of wire, ears and microphone */
function connection() {
  if (visit.isSentOut || visit.hasLeft) return { state: "idle" };
  if (visit.isWireLost) return { state: "waiting" };
  const found = [hearing.session, speaking.session].flatMap((session) => (session ? [session.status] : []));
  return found.find(({ state }) => state !== "connected") ?? found[0] ?? { state: "idle" };
}

/**
 * @param {import("../lib/workshop.js").WorkshopState} state
 */
function learn(state) {
  const before = visit.own;
  visit.state = state;
  const key = visit.isInside ? announcement(before, visit.own) : null;
  if (key) write(announce, t(`workshop.said_${key}`));
  show();
}

const wire = openWire({
  welcome: ({ you, state, now }) => {
    const { person, name, role } = you;
    Object.assign(visit, { person, name, role, ahead_ms: now - Date.now(), state, isSentOut: false });
    entry.known();
    if (visit.isInside || entered.yes) void enter();
    else if (!kit.microphone) void entry.open();
  },
  state: learn,
  status: (status) => {
    visit.isWireLost = status === "waiting";
    show();
  },
  closing: (closing, final) => {
    if (closing.code === "removed") {
      visit.isSentOut = true;
      write(announce, t("workshop.said_place_removed"));
      show();
    }
    if (!final) return;
    remember(false);
    refusal = closing.text;
    visit.hasLeft = true;
    show();
  },
  onRestarted: (boot) => {
    for (const session of sessions()) session.renew(boot);
  },
  edgeLost: (edge) => hearing.session?.leaveEdge(edge),
});

function sessions() {
  return [hearing.session, speaking.session].flatMap((session) => session ?? []);
}

function tick() {
  const { state } = visit;
  const timer = visit.isThere ? timerNow(state, visit.now_ms) : null;
  const shown = byId("timer", HTMLElement);
  shown.hidden = timer === null;
  shown.dataset.phase = timer?.phase ?? "";
  write(shown, timer ? t("workshop.timer", { time: minutes(timer.left_s) }) : "");
  const wish = visit.own?.has_floor ? wishNow(state.asks ?? [], visit.now_ms) : null;
  const words = byId("wish", HTMLElement);
  words.hidden = wish === null;
  write(words, wish ? t(`workshop.wish_${wish.wish}`) : "");
}

/** @param {number} seconds */
function minutes(seconds) {
  const whole = Math.abs(seconds);
  return `${seconds < 0 ? "−" : ""}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The keys of the room, by place on the keyboard; in a text all keys are the writer's. */
addEventListener("keydown", (event) => {
  const { code, altKey, ctrlKey, metaKey, shiftKey, repeat, target } = event;
  const isWriting = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  if (altKey || ctrlKey || metaKey || shiftKey || repeat || isWriting || !visit.isThere || leaveDialog.open) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code);
  if (code === "KeyH") speaking.toggleHand();
  else if (code === "KeyM") speaking.toggleMicrophone();
  else if (code === "KeyV") speaking.togglePicture();
  else if (digit) hearing.selectAt(Number(digit[1]) - 1);
});

speaks.addEventListener("change", () => void visit.say("set_speaks", { language: speaks.value || null }));
byId("leave", HTMLButtonElement).addEventListener("click", () => leaveDialog.showModal());
leaveDialog.addEventListener("close", () => leaveDialog.returnValue === "leave" && void leave());
byId("come-back", HTMLButtonElement).addEventListener("click", comeBack);
setInterval(tick, TICK_MS);
mountReporting({ peer: () => hearing.session?.peer, tell: (message) => wire.tell(message) });
addEventListener("online", () => {
  for (const session of sessions()) session.nudge();
});
guardLeaving(() => visit.own?.has_floor === true && visit.isInside);
onLeaving(() => {
  hearing.stop();
  speaking.stop();
  wire.end();
});
show();
