// What the person at the desk listens to: one source or bus of one room at a time, apart from everything else.

import { browserStore, readPrefs, writePrefs } from "../../lib/prefs.js";
import { Session } from "../../lib/session.js";
import { byId, page, t, write } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk_meters.js").Meter} Meter */

const PREFS = "tolmach-ear";
const sound = byId("ear", HTMLAudioElement);
const strip = byId("hearing", HTMLElement);
const volume = byId("ear-volume", HTMLInputElement);
const store = browserStore("localStorage");

/** @type {{card: Card, meter: Meter} | null} */
let heard = null;
/** @type {(() => void)[]} */
const followers = [];

const session = new Session({
  token: page.token,
  endpoint: () => addressOf(),
  prepare: (peer) => {
    peer.addTransceiver("audio", { direction: "recvonly" });
    peer.ontrack = ({ track }) => {
      sound.srcObject = new MediaStream([track]);
      sound.play().catch(() => {});
    };
  },
  onStatus: () => show(),
});

function addressOf() {
  if (!heard) return "";
  const { room, kind, name } = heard.meter;
  const what = kind === "source" ? `solo:${name}` : `bus:${name}`;
  return `/whep/${encodeURIComponent(room)}/${encodeURIComponent(what)}`;
}

/**
 * Listen to it; and no more, when that is what one listens to.
 * @param {Card} card
 * @param {Meter} meter
 */
export function listenTo(card, meter) {
  if (isHeard(meter)) {
    hush();
    return;
  }
  heard = { card, meter };
  session.restart();
  show();
}

/** Listen to nothing. */
export function hush() {
  heard = null;
  session.stop();
  sound.srcObject = null;
  show();
}

/** @param {Meter} meter */
export function isHeard({ room, kind, name }) {
  return heard !== null && heard.meter.room === room && heard.meter.kind === kind && heard.meter.name === name;
}

/** @param {() => void} show  whenever something else is listened to */
export function onHeard(show) {
  followers.push(show);
}

/** @param {string} boot  of the server's process that answers now */
export function listenAnew(boot) {
  if (heard) session.renew(boot);
}

/** @param {string} edge */
export function leaveEdge(edge) {
  session.leaveEdge(edge);
}

function show() {
  strip.dataset.on = String(heard !== null);
  strip.dataset.state = session.status.state;
  byId("hush", HTMLButtonElement).hidden = heard === null;
  write(byId("heard", HTMLElement), heardWords());
  for (const follow of followers) follow();
}

function heardWords() {
  if (!heard) return t("desk.hear_nothing");
  const { state, text } = session.status;
  if (state === "refused") return text ?? t("connection.refused");
  return t("desk.hear", { room: heard.card.title, what: heard.card.meterName(heard.meter) });
}

function mountVolume() {
  const prefs = readPrefs(store, PREFS, { volume: 80 });
  volume.value = String(prefs.volume);
  const apply = () => {
    sound.volume = Number(volume.value) / 100;
    writePrefs(store, PREFS, { volume: Number(volume.value) });
  };
  volume.addEventListener("input", apply);
  apply();
  byId("hush", HTMLButtonElement).addEventListener("click", hush);
  addEventListener("online", () => session.nudge());
  show();
}

mountVolume();
