// The alarms of all rooms on top of the wall: what is wrong, since when, what to do, and who has seen it.

import { AlarmBook, lasting } from "../../lib/desk_alarms.js";
import { byId, page, t, write } from "../shell.js";
import { done } from "./answers.js";
import { ring } from "./bell.js";
import { button, element, showRows } from "./rows.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk_alarms.js").Alarm} Alarm */
/** @typedef {import("../../lib/desk_alarms.js").Shown} Shown */

const TICK_MS = 1_000;
const list = byId("alarms", HTMLUListElement);
const calm = byId("alarms-none", HTMLElement);
const count = byId("alarms-count", HTMLElement);
const said = byId("alarm-said", HTMLElement);
const title = document.title;
const book = new AlarmBook();
/** @type {Map<string, Card>} */
const cards = new Map();

/** @param {Card} card */
export function mountAlarms(card) {
  cards.set(card.room, card);
}

/**
 * @param {Card} card  of whose room the server tells
 * @param {Alarm[]} alarms
 */
export function takeAlarms(card, alarms) {
  const fresh = book.take(card.room, alarms, Date.now()).filter(({ acknowledged }) => !acknowledged);
  const worst = fresh.find(({ severity }) => severity === "red") ?? fresh[0];
  if (worst) write(said, `${t(`desk.alarm_${worst.severity}`)}: ${placeOf(worst)}. ${titleOf(worst)}`);
  show();
  // The newest stands on top, and whoever has scrolled down sees it all the same.
  if (worst && !list.contains(document.activeElement)) list.scrollTop = 0;
  ringFor(fresh.length > 0);
}

/** Acknowledge the one on top. */
export function acknowledgeFirst() {
  const first = book.list(Date.now()).find(({ alarm, clearedAt }) => clearedAt === null && !alarm.acknowledged);
  if (first) void acknowledge(first.alarm);
}

/** @param {boolean} isNew */
function ringFor(isNew) {
  const { open } = book;
  const worst = open.some(({ severity }) => severity === "red") ? "red" : open.length > 0 ? "amber" : null;
  ring(worst, isNew, performance.now());
}

function show() {
  const now = Date.now();
  const shown = book.list(now);
  showRows(list, shown, ({ alarm }) => alarm.id, rowOf, (row, one) => fill(row, one, now));
  list.hidden = shown.length === 0;
  calm.hidden = shown.length > 0;
  showCount(shown.filter(({ clearedAt }) => clearedAt === null).map(({ alarm }) => alarm));
  const { length } = book.open;
  document.title = length > 0 ? `(${length}) ${title}` : title;
  for (const [room, card] of cards) card.element.dataset.alarm = book.worst(room);
}

/** @param {Alarm[]} standing */
function showCount(standing) {
  const n = standing.filter(({ severity }) => severity === "red").length;
  count.hidden = standing.length === 0;
  write(count.querySelector("strong"), t("desk.alarms_count", { n: standing.length }));
  write(count.querySelector("span"), n > 0 ? t("desk.alarms_red", { n }) : "");
}

/** @param {Shown} shown */
function rowOf({ alarm }) {
  const row = element("li", "alarm");
  const sign = element("span", "sign");
  sign.setAttribute("aria-hidden", "true");
  const words = element("p", "alarm-words");
  words.append(element("strong", "alarm-title"), " ", element("span", "alarm-do"));
  const key = button(t("desk.acknowledge"), () => void acknowledge(alarm));
  row.append(sign, element("span", "alarm-grade"), element("span", "alarm-place"), words, element("time"), element("span", "alarm-seen"), key);
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {Shown} shown
 * @param {number} now
 */
function fill(row, { alarm, clearedAt }, now) {
  const isSeen = alarm.acknowledged !== null;
  row.dataset.severity = alarm.severity;
  row.dataset.state = clearedAt !== null ? "cleared" : isSeen ? "seen" : "open";
  write(row.querySelector(".alarm-grade"), t(clearedAt === null ? `desk.alarm_${alarm.severity}` : "desk.alarm_cleared"));
  write(row.querySelector(".alarm-place"), placeOf(alarm));
  write(row.querySelector(".alarm-title"), titleOf(alarm));
  write(row.querySelector(".alarm-do"), t(`alarm.${alarm.kind}_do`, valuesOf(alarm)));
  const from = new Date(alarm.since).toLocaleTimeString(page.lang);
  write(row.querySelector("time"), t("desk.alarm_since", { time: from, lasting: lasting((clearedAt ?? now) - alarm.since) }));
  write(row.querySelector(".alarm-seen"), alarm.acknowledged ? t("desk.alarm_seen", { name: alarm.acknowledged.by }) : "");
  const key = row.querySelector("button");
  if (!key) return;
  key.hidden = isSeen || clearedAt !== null;
  key.setAttribute("aria-label", `${t("desk.acknowledge")}: ${placeOf(alarm)}, ${titleOf(alarm)}`);
}

/** @param {Alarm} alarm @returns {string} the room, and what in it */
function placeOf(alarm) {
  const card = alarm.room === null ? undefined : cards.get(alarm.room);
  if (!card) return t("desk.alarm_server");
  const subject = subjectOf(card, alarm);
  return subject ? `${card.title}, ${subject}` : card.title;
}

/**
 * @param {Card} card
 * @param {Alarm} alarm
 */
function subjectOf(card, { subject }) {
  if (!subject) return "";
  const isChannel = subject === "floor" || card.state.channels.some(({ channel }) => channel === subject);
  return isChannel ? card.channelName(subject) : card.sourceName(subject);
}

/** @param {Alarm} alarm */
function titleOf(alarm) {
  const words = alarm.values.reason === "stopped" ? "picture_stopped" : alarm.kind;
  return t(`alarm.${words}`, valuesOf(alarm));
}

/** @param {Alarm} alarm @returns {Record<string, string | number>} numbers as the page's language writes them */
function valuesOf({ values }) {
  const written = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "number"
      ? value.toLocaleString(page.lang, { maximumFractionDigits: 1, signDisplay: name === "lu" ? "exceptZero" : "auto" })
      : String(value ?? ""),
  ]);
  return Object.fromEntries(written);
}

/** @param {Alarm} alarm */
async function acknowledge(alarm) {
  const card = cards.get(alarm.room ?? "") ?? [...cards.values()][0];
  if (!card) return;
  if (await card.request("POST", `alarms/${encodeURIComponent(alarm.id)}/ack`)) done(card, "acknowledge", null);
}

setInterval(() => {
  show();
  ringFor(false);
}, TICK_MS);
