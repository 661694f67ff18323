// The moderator's page: puts its sections together. Each lives in a module of its own in moderator/.

import { mountConsent } from "./consent.js";
import { isSure } from "./desk/sure.js";
import { Chair } from "./moderator/chair.js";
import { mountFloor } from "./moderator/floor.js";
import { mountKeyboard } from "./moderator/keyboard.js";
import { mountNotices } from "./moderator/notices.js";
import { mountPeople } from "./moderator/people.js";
import { mountProgramme } from "./moderator/programme.js";
import { mountQueue } from "./moderator/queue.js";
import { mountSight } from "./moderator/sight.js";
import { mountTabs } from "./moderator/tabs.js";
import { mountTalk } from "./moderator/talk.js";
import { Voice } from "./moderator/voice.js";
import { mountIntercom } from "./intercom.js";
import { mountReels } from "./reels.js";
import { byId, guardLeaving, mountRooms, onLeaving, openWire, page, showConnection, showRecording, t, write } from "./shell.js";

const TICK_MS = 500;

/** @param {string} words  nothing when all is well */
function complain(words) {
  const problem = byId("problem", HTMLElement);
  problem.hidden = words === "";
  write(problem, words);
}

const chair = new Chair({
  state: /** @type {import("../lib/moderating.js").ModeratedRoom} */ (page.state),
  command: (name, args) => wire.command(name, args),
  complain,
});
const tabs = mountTabs(chair);
mountNotices(chair);
const queue = mountQueue(chair);
const floor = mountFloor(chair);
const programme = mountProgramme(chair);
const talk = mountTalk(chair, () => tabs.open("talk", talk.focus));
const people = mountPeople(chair, talk.writeTo);
const listener = mountSight(chair, showStatus);
const voice = new Voice(chair, showStatus);
mountFilms();
const showConsent = mountConsent({
  source: () => chair.person && `speaker:${chair.person}`,
  command: (name, args) => wire.command(name, args),
});
chair.add({ show: () => showConsent(chair.state) });
const intercom = mountIntercom({
  element: /** @type {HTMLElement} */ (document.querySelector('[data-part="intercom"]')),
  get room() {
    return page.room;
  },
  token: page.token ?? "",
  role: "moderator",
  person: () => chair.person,
  device: () => voice.device,
  state: () => chair.state,
  command: (name, args) => wire.command(name, args),
  onTalking: (isTalking) => voice.beAside(isTalking),
  complain,
});
chair.add(intercom);
let isWireLost = false;

/** The panel of video messages, for whichever room the page is in. */
function mountFilms() {
  const element = document.querySelector('[data-part="reels"]');
  if (!(element instanceof HTMLElement)) throw new Error("the place for video messages is missing");
  const reels = mountReels({
    element,
    get room() {
      return page.room;
    },
    token: page.token ?? "",
    state: () => chair.state,
    command: (name, args) => chair.say(name, args),
    complain,
    now_ms: () => chair.now_ms,
  });
  chair.add({ show: () => reels.show(), news: (news) => reels.news(news), move: () => reels.news({ type: "reels" }) });
}

function showStatus() {
  const all = [listener.session.status, voice.session.status].filter(({ state }) => state !== "idle");
  const worst = all.find(({ state }) => state !== "connected") ?? listener.session.status;
  showConnection(isWireLost ? { state: "waiting" } : worst, true);
  chair.show();
}

function talkBackstage() {
  intercom.tap({ to: "backstage", booth: null });
}

/** Media want somebody who is in the room. */
async function comeIn() {
  if (await chair.say("enter_room", { name: chair.name, language: null })) chair.enter();
}

/** @param {string} words  why nothing works here any more */
function end(words) {
  leave();
  write(byId("closed-text", HTMLElement), words);
  byId("closed", HTMLDialogElement).showModal();
}

function leave() {
  listener.session.stop();
  voice.stop();
  wire.end();
}

const wire = openWire({
  welcome: ({ you, now }) => {
    Object.assign(chair, { person: you.person, name: you.name, ahead_ms: now - Date.now() });
    void comeIn();
  },
  state: (state) => {
    chair.take(/** @type {import("../lib/moderating.js").ModeratedRoom} */ (state));
    showRecording(state);
  },
  status: (status) => {
    isWireLost = status === "waiting";
    showStatus();
  },
  news: (news) => chair.tell(news),
  closing: (closing, final) => (final ? end(closing.text) : complain(closing.text)),
  edgeLost: (edge) => listener.session.leaveEdge(edge),
  onRestarted: (boot) => {
    for (const session of [listener.session, voice.session]) session.renew(boot);
    intercom.renew(boot);
  },
});

mountRooms({
  wire,
  mayLeave: async () =>
    !voice.isHeard ||
    isSure({ title: t("moderator.leave_sure"), effect: t("moderator.leave_effect"), act: t("moderator.leave_act") }),
  leave: async () => {
    if (chair.own) await wire.command("leave_room");
  },
  arrive: () => {
    complain("");
    chair.move();
    write(byId("room-title", HTMLElement), page.rooms?.find(({ room }) => room === page.room)?.title[page.lang] ?? page.room);
  },
});
byId("talk-backstage", HTMLButtonElement).addEventListener("click", talkBackstage);
mountKeyboard({
  give: queue.giveNext,
  take: queue.takeBack,
  next: programme.step,
  timer: ({ seconds }) => floor.setTimer(seconds),
  own_floor: () => void voice.toggleFloor(),
  mic: () => void voice.toggleMute(),
  backstage: talkBackstage,
  admit: people.admitAll,
  hall_hand: queue.addHallHand,
  slide: programme.toggleSlide,
  clear: talk.clear,
  find: () => tabs.open("people", people.find),
  chat: () => tabs.open("talk", talk.focus),
  help: () => byId("help", HTMLDialogElement).showModal(),
});
byId("open-help", HTMLButtonElement).addEventListener("click", () => byId("help", HTMLDialogElement).showModal());
byId("reload", HTMLButtonElement).addEventListener("click", () => location.reload());
addEventListener("online", () => {
  listener.session.nudge();
  voice.session.nudge();
});
setInterval(() => chair.tick(), TICK_MS);
guardLeaving(() => voice.isHeard);
onLeaving(leave);
chair.show();
