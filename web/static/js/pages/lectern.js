// The lectern's display: what the interpreters ask of the speaker, how much time is left, who is interpreted.

import { languageName } from "../lib/i18n.js";
import { SOON_S, languagesOnAir, noteNow, timeLeft_s, wishNow } from "../lib/lectern.js";
import { wordsOf } from "../lib/phrases.js";
import { itemWords, programmeNow } from "../lib/programme.js";
import { minutesWords } from "../lib/shift.js";
import { timerNow } from "../lib/timer.js";
import { byId, onLeaving, openWire, page, showConnection, t, write } from "./shell.js";

const TICK_MS = 250;
let state = page.state;
let ahead_ms = 0;

function showWish() {
  const found = wishNow(state.asks ?? [], Date.now() + ahead_ms);
  byId("lectern", HTMLElement).dataset.wish = found?.wish ?? "none";
  write(byId("wish", HTMLElement), found ? t(`lectern.${found.wish}`) : "");
  const note = noteNow(state.chat ?? [], Date.now() + ahead_ms);
  write(byId("note", HTMLElement), note ? wordsOf(note, t) : "");
  write(byId("wish-from", HTMLElement), found ? t("lectern.from", { booths: found.booths.join(", ") }) : "");
}

function showTime() {
  const now = new Date(Date.now() + ahead_ms);
  write(byId("clock", HTMLElement), now.toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
  const { left_s, phase, isGiven } = timeNow(now);
  const section = byId("time-left", HTMLElement).closest("section");
  if (section) section.dataset.phase = phase;
  write(byId("time-title", HTMLElement), t(isGiven ? "lectern.time_given" : "lectern.time_left"));
  write(byId("time-left", HTMLElement), left_s === null ? "–" : minutesWords(left_s));
  const { now: item } = programmeNow(state);
  const words = { none: t("lectern.no_time"), over: t("lectern.over"), soon: "", running: "" }[phase];
  write(byId("item", HTMLElement), [item && itemWords(item, page.lang), words].filter(Boolean).join(" – "));
}

/**
 * What a moderator gave the speaker stands above what the programme says.
 * @param {Date} now
 * @returns {{left_s: number | null, phase: "none" | "running" | "soon" | "over", isGiven: boolean}}
 */
function timeNow(now) {
  const given = timerNow(state, now.getTime());
  if (given) return { ...given, isGiven: true };
  const left_s = timeLeft_s(state, now);
  const phase = left_s === null ? "none" : left_s < 0 ? "over" : left_s <= SOON_S ? "soon" : "running";
  return { left_s, phase, isGiven: false };
}

function showLanguages() {
  const list = byId("languages", HTMLUListElement);
  const languages = languagesOnAir(state).map((language) => languageName(language, language));
  const words = languages.length > 0 ? languages : [t("lectern.nobody")];
  if (list.dataset.shown === words.join("|")) return;
  list.dataset.shown = words.join("|");
  list.replaceChildren(
    ...words.map((text) => Object.assign(document.createElement("li"), { textContent: text, className: languages.length ? "" : "quiet" })),
  );
}

function show() {
  showWish();
  showTime();
  showLanguages();
}

/** The hall's machine must not go dark in the middle of a speech; the browser lets go of the lock when it is hidden. */
function stayAwake() {
  if (!document.hidden) void navigator.wakeLock?.request("screen").catch(() => {});
}

const wire = openWire({
  welcome: ({ now }) => {
    ahead_ms = now - Date.now();
  },
  state: (newest) => {
    state = newest;
    show();
  },
  status: (status) => showConnection({ state: status === "waiting" ? "waiting" : "idle" }, true),
  closing: (closing, final) => {
    if (final) write(byId("item", HTMLElement), closing.text);
  },
  onRestarted: () => {},
});

document.addEventListener("visibilitychange", stayAwake);
onLeaving(() => wire.end());
stayAwake();
show();
setInterval(show, TICK_MS);
