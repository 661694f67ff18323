// The technician's and organiser's desk: every room of the conference side by side, a WebSocket for each.

import { socketUrl } from "../lib/state.js";
import { Wire } from "../lib/wire.js";
import { Card } from "./desk/card.js";
import { mountHall } from "./desk/hall.js";
import { mountPicture } from "./desk/picture.js";
import { mountProgramme } from "./desk/programme.js";
import { mountPushes } from "./desk/pushes.js";
import { mountRecording } from "./desk/recording.js";
import { mountTalk } from "./desk/talk.js";
import { byData, byId, onLeaving, page, showConnection, write } from "./shell.js";

/** @typedef {import("../lib/state.js").RoomState} RoomState */
/** @typedef {{room: string, ws: string, state: RoomState}} DeskRoom */

const { role, rooms } = /** @type {{role: string, rooms: DeskRoom[]}} */ (/** @type {unknown} */ (page));
const articles = byData("room");
/** @type {Map<string, import("../lib/wire.js").WireStatus>} */
const wires = new Map();
/** @type {(() => void)[]} */
const leavings = [];

/** @param {string} words  nothing when all is well */
function complain(words) {
  const problem = byId("problem", HTMLElement);
  problem.hidden = words === "";
  write(problem, words);
}

function showWires() {
  const isOpen = [...wires.values()].every((status) => status === "open");
  showConnection({ state: isOpen ? "connected" : "waiting" }, true);
}

/** @param {DeskRoom} entry */
function mount({ room, ws, state }) {
  const element = articles.get(room);
  if (!element) return;
  let boot = page.boot;
  /** @type {import("../lib/whep.js").Listener} */
  let listener;
  const wire = new Wire({
    url: socketUrl(ws, location.href),
    prefix: crypto.getRandomValues(new Uint32Array(2)).join("-"),
    handlers: {
      welcome(welcome) {
        if (welcome.boot !== boot) listener.session.restart();
        boot = welcome.boot;
      },
      state(newest) {
        card.state = newest;
        card.show();
      },
      news(message) {
        if (message.type !== "facts") return;
        card.facts = /** @type {import("../lib/desk.js").Facts} */ (/** @type {unknown} */ (message));
        card.showFacts();
      },
      status(status) {
        wires.set(room, status);
        showWires();
      },
      closing: (closing) => complain(closing.text),
      edgeLost: (edge) => listener.session.leaveEdge(edge),
    },
  });
  const card = new Card({ room, role, state, element, complain, command: (name, args) => wire.command(name, args) });
  for (const part of [mountHall, mountRecording, mountProgramme, mountPushes, mountTalk]) part(card);
  listener = mountPicture(card);
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

for (const entry of rooms) mount(entry);
onLeaving(() => {
  for (const leave of leavings) leave();
});
