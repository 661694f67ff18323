// What can be mended at a source or a channel, beside the wall, so that its meters are seen meanwhile.

import { may } from "../../lib/desk.js";
import { parseSource } from "../../lib/desk_meters.js";
import { FLOOR } from "../../lib/state.js";
import { byId, press, t, write } from "../shell.js";
import { done } from "./answers.js";
import { isHeard, listenTo, onHeard } from "./ear.js";
import { figureRows } from "./figures.js";
import { element, showRows } from "./rows.js";
import { isSure } from "./sure.js";
import { mountTrim, showTrim } from "./trim.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk_meters.js").Meter} Meter */
/** @typedef {import("../../lib/desk_meters.js").MeterBank} MeterBank */
/** @typedef {{card: Card, meter: Meter, opener: HTMLElement}} Mended */

const panel = byId("panel", HTMLElement);
const listen = byId("panel-listen", HTMLButtonElement);
const cut = byId("panel-cut", HTMLButtonElement);
const sender = byId("panel-sender", HTMLButtonElement);
const restart = byId("panel-restart", HTMLButtonElement);
const fallback = byId("panel-fallback", HTMLSelectElement);
const moveTo = byId("panel-move-to", HTMLSelectElement);
const move = byId("panel-move", HTMLButtonElement);

/** @type {Mended | null} */
let mended = null;
/** @type {MeterBank | null} */
let readings = null;

/** @param {Meter} meter */
export function isMended({ room, kind, name }) {
  return mended !== null && mended.meter.room === room && mended.meter.kind === kind && mended.meter.name === name;
}

/**
 * @param {Card} card
 * @param {Meter} meter
 * @param {HTMLElement} opener  gets the focus back
 */
export function openPanel(card, meter, opener) {
  if (isMended(meter)) {
    closePanel();
    return;
  }
  const before = mended;
  mended = { card, meter, opener };
  // It stands where it does not hide the room it is about.
  const { left, width } = card.element.getBoundingClientRect();
  byId("rail", HTMLElement).dataset.side = left + width / 2 > innerWidth / 2 ? "start" : "end";
  panel.hidden = false;
  before?.card.show();
  card.show();
  showPanel();
  panel.focus({ preventScroll: true });
}

/** @returns {boolean} whether there was one to close */
export function closePanel() {
  if (!mended) return false;
  const { opener, card } = mended;
  mended = null;
  panel.hidden = true;
  card.show();
  if (opener.isConnected) opener.focus();
  return true;
}

/** Show it anew, after another state, facts, or something else listened to. */
export function showPanel() {
  if (!mended) return;
  const { card, meter } = mended;
  const { kind, name } = meter;
  write(byId("panel-title", HTMLElement), card.meterName(meter));
  write(byId("panel-room", HTMLElement), card.title);
  press(listen, isHeard(meter));
  write(listen, t(isHeard(meter) ? "desk.listening" : "desk.listen"));
  byId("panel-source", HTMLElement).hidden = kind !== "source";
  const isChannel = kind === "bus" && name !== FLOOR;
  byId("panel-channel", HTMLElement).hidden = kind !== "bus";
  if (kind === "source") showSource(card, name);
  else showChannel(card, name, isChannel);
  showFigures(card, meter);
}

/**
 * @param {Card} card
 * @param {string} name
 */
function showSource(card, name) {
  const source = parseSource(name);
  showTrim(card, name);
  const seat = seatOf(card, name);
  cut.hidden = !seat || seat.mic === "off_air";
  cut.disabled = !may(card.role, "cut_mic");
  sender.hidden = source.kind !== "venue" && source.kind !== "backup";
  sender.disabled = card.state.venue_source === name || !may(card.role, "select_venue");
  write(sender, t(card.state.venue_source === name ? "desk.sender_is_on" : "desk.sender_take"));
  restart.hidden = source.kind === "demo" || source.kind === "playout";
  restart.disabled = !may(card.role, "restart_source");
}

/**
 * @param {Card} card
 * @param {string} name
 * @param {boolean} isChannel
 */
function showChannel(card, name, isChannel) {
  const channel = card.state.channels.find((one) => one.channel === name);
  byId("panel-fallback-field", HTMLElement).hidden = !isChannel;
  if (channel && document.activeElement !== fallback) fallback.value = channel.fallback;
  fallback.disabled = !may(card.role, "set_fallback");
  const others = [FLOOR, ...card.state.channels.map((one) => one.channel)].filter((one) => one !== name);
  if (others.join() !== [...moveTo.options].map(({ value }) => value).join()) {
    moveTo.replaceChildren(...others.map((one) => new Option(card.channelName(one), one)));
  }
  moveTo.disabled = move.disabled = !may(card.role, "move_listeners");
}

/**
 * @param {Card} card
 * @param {Meter} meter
 */
function showFigures(card, meter) {
  showRows(
    byId("panel-figures", HTMLElement),
    figureRows(card, meter, readings?.reading(meter) ?? null),
    ({ name }) => name,
    ({ name }) => {
      const row = element("div");
      row.append(element("dt", "", name), element("dd"));
      return row;
    },
    (row, { words }) => write(row.querySelector("dd"), words),
  );
}

/**
 * @param {Card} card
 * @param {string} source
 */
function seatOf(card, source) {
  const { kind, person } = parseSource(source);
  if (kind !== "mic") return null;
  for (const { booth, seats } of card.state.booths) {
    const seat = seats.find((one) => one.person === person);
    if (seat) return { ...seat, booth };
  }
  return null;
}

/** @param {Mended} what */
async function cutMic({ card, meter }) {
  const seat = seatOf(card, meter.name);
  if (!seat) return;
  const question = {
    title: t("desk.cut_sure", { name: seat.name }),
    effect: t("desk.cut_effect", { channel: card.channelName(seat.outgoing) }),
    act: t("desk.cut"),
  };
  if (await isSure(question)) await card.command("cut_mic", { booth: seat.booth, person: seat.person });
}

/** @param {Mended} what */
async function restartSource({ card, meter }) {
  const answer = await card.request("POST", `sources/${encodeURIComponent(meter.name)}/restart`);
  if (answer) done(card, "restart", null);
}

/** @param {Mended} what */
async function moveListeners({ card, meter }) {
  const to = moveTo.value;
  const from = meter.name;
  const question = {
    title: t("desk.move_sure", { from: card.channelName(from), to: card.channelName(to) }),
    effect: t("desk.move_effect"),
    act: t("desk.move"),
  };
  if (!(await isSure(question))) return;
  if (await card.request("POST", "listeners/move", { from, to })) done(card, "move", null);
}

/** @param {(what: Mended) => unknown} act */
function onMended(act) {
  return () => {
    if (mended) act(mended);
  };
}

/** @param {MeterBank} bank */
export function mountPanel(bank) {
  readings = bank;
  mountTrim(() => mended);
  byId("panel-close", HTMLButtonElement).addEventListener("click", closePanel);
  listen.addEventListener("click", onMended(({ card, meter }) => listenTo(card, meter)));
  cut.addEventListener("click", onMended(cutMic));
  restart.addEventListener("click", onMended(restartSource));
  move.addEventListener("click", onMended(moveListeners));
  sender.addEventListener("click", onMended(({ card, meter }) => card.command("select_venue", { source: meter.name })));
  fallback.addEventListener(
    "change",
    onMended(({ card, meter }) => card.command("set_fallback", { language: meter.name, fallback: fallback.value })),
  );
  onHeard(showPanel);
}
