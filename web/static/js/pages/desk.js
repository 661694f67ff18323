// The technician's and organiser's desk: every room of the conference side by side, a WebSocket for each, one for all
// meters.

import { may } from "../lib/desk.js";
import { MeterFeed } from "../lib/desk_feed.js";
import { MeterBank } from "../lib/desk_meters.js";
import { socketUrl } from "../lib/state.js";
import { Wire } from "../lib/wire.js";
import { mountAlarms, takeAlarms } from "./desk/alarms.js";
import { refuse } from "./desk/answers.js";
import { Card } from "./desk/card.js";
import { mountChecks } from "./desk/checks.js";
import { hush, leaveEdge, listenAnew } from "./desk/ear.js";
import { mountFit } from "./desk/fit.js";
import { mountHall } from "./desk/hall.js";
import { mountHealth } from "./desk/health.js";
import { mountKeys } from "./desk/keys.js";
import { mountLarge } from "./desk/large.js";
import { mountMeters } from "./desk/meters.js";
import { mountPanel, showPanel } from "./desk/panel.js";
import { mountPicture } from "./desk/picture.js";
import { mountProgramme } from "./desk/programme.js";
import { mountPushes } from "./desk/pushes.js";
import { mountRecording } from "./desk/recording.js";
import { mountTalk } from "./desk/talk.js";
import { mountIntercom } from "./intercom.js";
import { mountReels } from "./reels.js";
import { byData, onLeaving, page, showConnection } from "./shell.js";

/** @typedef {{room: string, ws: string, state: import("../lib/desk.js").DeskState}} DeskRoom */

const { role, rooms } = /** @type {{role: string, rooms: DeskRoom[]}} */ (/** @type {unknown} */ (page));
const PARTS = [mountHall, mountHealth, mountRecording, mountProgramme, mountPushes, mountTalk, mountChecks, mountLarge, mountAlarms];
const articles = byData("room");
const bank = new MeterBank();
/** @type {Map<string, import("../lib/wire.js").WireStatus>} */
const wires = new Map();
/** @type {(() => void)[]} */
const leavings = [hush];
/** @type {{draw: () => void, show: () => void}[]} */
const meters = [];

function showWires() {
  const isOpen = [...wires.values()].every((status) => status === "open");
  showConnection({ state: isOpen ? "connected" : "waiting" }, true);
}

/** @param {DeskRoom} entry */
function mount({ room, ws, state }) {
  const element = articles.get(room);
  if (!element) return;
  let boot = page.boot;
  let skew_ms = 0;
  let person = "";
  /** @type {import("../lib/whep.js").Listener} */
  let listener;
  const wire = new Wire({
    url: socketUrl(ws, location.href),
    prefix: crypto.getRandomValues(new Uint32Array(2)).join("-"),
    handlers: {
      welcome(welcome) {
        skew_ms = welcome.now - Date.now();
        person = welcome.you.person;
        if (welcome.boot !== boot) {
          listener.session.renew(welcome.boot);
          intercom?.renew(welcome.boot);
          listenAnew(welcome.boot);
        }
        boot = welcome.boot;
      },
      state(newest) {
        card.state = newest;
        card.show();
        reels.show();
        intercom?.show();
        showPanel();
      },
      news: (message) => tell(card, reels, message),
      status(status) {
        wires.set(room, status);
        showWires();
      },
      closing: (closing) => refuse(closing.text),
      edgeLost(edge) {
        listener.session.leaveEdge(edge);
        leaveEdge(edge);
      },
    },
  });
  const card = new Card({ room, role, state, element, query: queryOf(ws), command: (name, args) => wire.command(name, args) });
  const reels = mountReels({
    element: card.part("reels", HTMLElement),
    room,
    token: page.token ?? "",
    state: () => card.state,
    command: (name, args) => card.command(name, args),
    complain: refuse,
    now_ms: () => Date.now() + skew_ms,
    mayPlay: may(role, "start_playout"),
  });
  const intercom =
    role === "technician"
      ? mountIntercom({
          element: card.part("intercom", HTMLElement),
          room,
          token: page.token ?? "",
          role,
          person: () => person,
          rings: true,
          state: () => card.state,
          command: (name, args) => wire.command(name, args),
        })
      : null;
  for (const part of PARTS) part(card);
  listener = mountPicture(card);
  meters.push(mountMeters(card, bank));
  card.show();
  wire.connect();
  addEventListener("online", () => {
    wire.connect();
    listener.session.nudge();
  });
  document.addEventListener("visibilitychange", () => document.hidden || wire.connect());
  leavings.push(() => {
    listener.session.stop();
    wire.end();
  });
}

/**
 * What the server tells beside the state.
 * @param {Card} card
 * @param {ReturnType<typeof mountReels>} reels
 * @param {{type: string}} message
 */
function tell(card, reels, message) {
  if (message.type === "facts") {
    card.facts = /** @type {import("../lib/desk.js").Facts} */ (/** @type {unknown} */ (message));
    card.showFacts();
    showPanel();
  } else if (message.type === "alarms") {
    takeAlarms(card, /** @type {{type: string, alarms: import("../lib/desk_alarms.js").Alarm[]}} */ (message).alarms);
  } else {
    reels.news(message);
  }
}

/** @param {string} ws  a room's WebSocket @returns {string} the query by which the same invitation is found elsewhere */
function queryOf(ws) {
  const as = new URL(ws, location.href).searchParams.get("as");
  return as === null ? "" : `?as=${encodeURIComponent(as)}`;
}

function mountFeed() {
  let isDrawing = false;
  const draw = () => {
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      for (const one of meters) one.draw();
    });
  };
  const feed = new MeterFeed({
    url: socketUrl(`/meters${queryOf(rooms[0]?.ws ?? "")}`, location.href),
    onLayout(layout) {
      bank.layout(layout);
      for (const one of meters) one.show();
    },
    onLevels(levels) {
      if (bank.levels(levels, performance.now())) draw();
    },
    onLost() {
      bank.forget();
      draw();
    },
  });
  const look = () => (document.hidden ? feed.rest() : feed.run());
  document.addEventListener("visibilitychange", look);
  look();
  leavings.push(() => feed.rest());
}

for (const entry of rooms) mount(entry);
mountFit([...articles.values()]);
mountPanel(bank);
mountKeys();
mountFeed();
onLeaving(() => {
  for (const leave of leavings) leave();
});
