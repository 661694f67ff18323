// Watch and listen: the livestream, or the hall without delay. One language, one volume, one set of keys for both.

import { languageName } from "../lib/i18n.js";
import { beginCourse, followCourse, restCourse, resumeCourse, wishFor } from "../lib/player.js";
import { Moves } from "../lib/moves.js";
import { isAtLive } from "../lib/position.js";
import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { mountReporting } from "../lib/reporting.js";
import { FLOOR } from "../lib/state.js";
import { heardWords, stageWords } from "../lib/watching.js";
import { byData, byId, onLeaving, openWire, page, showConnection, showRecording, t, write } from "./shell.js";
import { mountBar, showBar } from "./watch/bar.js";
import { DirectWay, LivestreamWay } from "./watch/ways.js";
import { mountOutside, showDetour, showLanguages, showMoved, showOutside, showProgramme } from "./watch/words.js";

/** @typedef {import("../lib/player.js").Way} Way */

const PREFS = "tolmach.watch";
const LOOK_MS = 500;
const prefs = readPrefs(browserStore("localStorage"), PREFS, {
  channel: /** @type {string | null} */ (null),
  volume: 1,
  muted: false,
  under: false,
  quality: "auto",
  way: "livestream",
});

const sound = byId("sound", HTMLAudioElement);
const picture = byId("picture", HTMLVideoElement);
const stageNote = byId("stage-note", HTMLElement);
const playButton = byId("play", HTMLButtonElement);
const noDelay = byId("no-delay", HTMLInputElement);
const quality = byId("quality", HTMLSelectElement);
const mixes = [byId("mix-only", HTMLInputElement), byId("mix-under", HTMLInputElement)];
const buttons = byData("channel");

const moves = new Moves();

let state = page.state;
/** The listener has pressed a language here or before; the browser may still hold the sound back. */
let isWanted = false;
let isHeldBack = false;
let isPaused = false;
let hasCaptions = false;
/** The server was there and is not: no other way to it is better then. Null until it was there. @type {boolean | null} */
let isServerLost = null;
/** The browser has stopped a picture nobody sees: the sound goes on alone until the page is seen again. */
let isUnseen = false;

const stage = { sound, picture, onChange: () => show(), play };
const direct = new DirectWay({ room: page.room, token: page.token, stage });
const livestream = new LivestreamWay({ room: page.room, player: page.player ?? null, nameOf: ownName, stage });
let course = beginCourse(wishAtFirst(), page.livestream === true, performance.now());

/** @returns {Way} */
function wishAtFirst() {
  const asked = new URL(location.href).searchParams.get("way") ?? prefs.way;
  return asked === "direct" ? "direct" : "livestream";
}

function way() {
  return course.way === "direct" ? direct : livestream;
}

/** @returns {import("./watch/ways.js").Wanted} */
function wanted() {
  const wish = /** @type {import("./watch/ways.js").Quality} */ (prefs.quality);
  return { channel: channelNow(), under: prefs.under, quality: isUnseen ? "sound" : wish };
}

/** What was chosen, or where a desk has sent the listener since. */
function channelNow() {
  return moves.after(prefs.channel ?? FLOOR);
}

/** @param {readonly import("../lib/moves.js").Move[]} told */
function follow(told) {
  const before = channelNow();
  moves.learn(told);
  if (isWanted && channelNow() !== before) way().follow(wanted());
  show();
}

/** @param {string} channel */
function choose(channel) {
  const isFirst = !isWanted;
  isWanted = true;
  moves.chosen();
  if (isFirst) course = restCourse(course, performance.now());
  set({ channel });
  hear();
}

/** Start the sound. Called inside the press too, because some browsers allow it only there. */
function hear() {
  isPaused = false;
  play(way().output);
  if (course.way === "direct") picture.play().catch(() => {});
}

/** @param {HTMLMediaElement} output */
function play(output) {
  if (isPaused) return;
  isHeldBack = false;
  output.play().catch((error) => {
    isHeldBack = error.name === "NotAllowedError";
    show();
  });
  show();
}

function pause() {
  isPaused = true;
  for (const element of [sound, picture]) element.pause();
  show();
}

function toggle() {
  if (!isWanted) choose(channelNow());
  else if (way().output.paused) hear();
  else pause();
}

/** @param {Way} wish */
function go(wish) {
  const before = course.way;
  course = wishFor(course, wish, performance.now());
  change(before);
  set({ way: wish });
}

/** @param {Way} before */
function change(before) {
  if (before === course.way || !isWanted) return;
  (before === "direct" ? direct : livestream).end();
  way().begin(wanted());
  play(way().output);
}

/** Look whether the way in use gives sound, and take the other when it does not. */
function look() {
  const now = performance.now();
  const { report } = way();
  const before = course.way;
  const mayRest = !isWanted || isPaused || isHeldBack || isServerLost === true;
  course = mayRest ? restCourse(course, now) : followCourse(course, report, now);
  change(before);
  show();
}

/**
 * The server was away and is back.
 * @param {string | null} boot  its new process; null when it is the same
 */
function resume(boot) {
  const before = course.way;
  course = resumeCourse(course, boot !== null, performance.now());
  if (before !== course.way) change(before);
  else if (isWanted && boot !== null) way().renew(boot);
  else way().nudge();
}

/** @param {string} channel */
function nameOf(channel) {
  return channel === FLOOR ? t("channel.floor") : languageName(channel, page.lang);
}

/** @param {string} channel */
function ownName(channel) {
  return buttons.get(channel)?.querySelector(".language-name")?.textContent ?? channel;
}

/** @returns {import("../lib/session.js").SessionStatus} */
function connection() {
  if (course.way === "direct") return direct.status;
  if (!isWanted) return { state: "idle" };
  const isGoing = performance.now() - course.soundedAt < 2 * LOOK_MS && livestream.place !== null;
  if (isGoing || isPaused) return { state: "connected", text: t("watch.way_livestream") };
  return { state: livestream.place === null ? "connecting" : "waiting" };
}

/** @returns {import("../lib/watching.js").Standing} */
function standing() {
  const session = connection().state;
  const isBlind = wanted().quality === "sound";
  const { place } = livestream; // null while the other way is taken
  return {
    state,
    channel: channelNow(),
    session,
    isWanted,
    isPaused,
    isHeldBack: isHeldBack || way().output.paused,
    isRewound: place !== null && !isAtLive(place),
    isUnder: prefs.under && course.way === "direct",
    isBlind,
    hasPicture: !isBlind && session === "connected" && picture.videoWidth > 0,
  };
}

function show() {
  const floor = languageName(state.floor_language, page.lang);
  const now = standing();
  showLanguages(state, buttons, isWanted ? now.channel : null);
  const language = nameOf(now.channel);
  write(byId("heard", HTMLElement), t(heardWords(now), { language, floor }));
  const session = connection();
  showConnection(session);
  showStage(now, language);
  showControls();
  showDetour(course, session.state === "connected");
  const chosen = prefs.channel ?? FLOOR;
  showMoved(isWanted && chosen !== now.channel ? nameOf(chosen) : null, language);
  if (isWanted) showOutside(state, language, !way().output.paused);
}

/**
 * @param {import("../lib/watching.js").Standing} now
 * @param {string} language
 */
function showStage(now, language) {
  picture.hidden = now.isBlind;
  playButton.hidden = !(isWanted && now.session === "connected" && now.isHeldBack);
  write(byId("play-words", HTMLElement), isPaused ? t("watch.resume") : t("watch.play", { language }));
  const key = stageWords(now);
  stageNote.hidden = !playButton.hidden || key === null;
  stageNote.dataset.over = String(now.hasPicture);
  write(stageNote, key === null ? "" : t(key));
}

function showControls() {
  const { output } = way();
  sound.muted = prefs.muted;
  picture.muted = output === sound || prefs.muted;
  for (const element of [sound, picture]) element.volume = prefs.volume;
  const isLivestream = course.way === "livestream" && isWanted;
  showBar({
    isPlaying: isWanted && !output.paused,
    isMuted: prefs.muted,
    volume: prefs.volume,
    hasVolume: sound.volume === prefs.volume, // iOS leaves it to the phone's keys and ignores the setting
    hasPicture: prefs.quality !== "sound" && picture.videoWidth > 0,
    captions: isLivestream && livestream.hasCaptions ? hasCaptions : null,
    place: isLivestream ? livestream.place : null,
  });
  byId("no-delay-label", HTMLElement).hidden = !course.hasLivestream;
  noDelay.checked = course.way === "direct";
  const small = byId("quality-small", HTMLOptionElement);
  small.hidden = small.disabled = !(isLivestream && livestream.hasSmall);
  quality.value = prefs.quality;
  byId("mixes", HTMLElement).hidden = course.way === "livestream";
  for (const mix of mixes) mix.checked = (mix.value === "under") === prefs.under;
}

function mountControls() {
  for (const [channel, button] of buttons) button.addEventListener("click", () => choose(channel));
  playButton.addEventListener("click", hear);
  noDelay.addEventListener("change", () => go(noDelay.checked ? "direct" : "livestream"));
  byId("detour-back", HTMLButtonElement).addEventListener("click", () => go(course.wish));
  byId("moved-back", HTMLButtonElement).addEventListener("click", () => choose(prefs.channel ?? FLOOR));
  quality.addEventListener("change", () => set({ quality: quality.value }));
  for (const mix of mixes) mix.addEventListener("change", () => set({ under: mix.value === "under" }));
  for (const element of [sound, picture]) {
    for (const event of ["playing", "pause", "resize", "seeked"]) element.addEventListener(event, show);
  }
  picture.addEventListener("pause", () => document.hidden && !isPaused && beUnseen(true));
  document.addEventListener("visibilitychange", () => !document.hidden && isUnseen && beUnseen(false));
}

/** @param {boolean} isNow */
function beUnseen(isNow) {
  if (isNow && (course.way === "direct" || prefs.quality === "sound")) return;
  isUnseen = isNow;
  way().change(wanted());
}

const step = (/** @type {number} */ seconds) => livestream.step(seconds);

function toLive() {
  livestream.toLive();
  hear();
}

/**
 * Change what is wanted, remember it, and let server and page follow.
 * @param {Partial<typeof prefs>} values
 */
function set(values) {
  Object.assign(prefs, values);
  writePrefs(browserStore("localStorage"), PREFS, prefs);
  if (isWanted) way().change(wanted());
  show();
}

mountControls();
mountBar({
  toggle,
  mute: () => set({ muted: !prefs.muted }),
  volume: (level) => set({ volume: level, muted: false }),
  step,
  seek: (time) => livestream.seek(time),
  toLive,
  captions() {
    hasCaptions = !hasCaptions;
    livestream.caption(hasCaptions);
    show();
  },
});
mountOutside({ play: hear, pause, step });
const wire = openWire({
  state: (newest) => {
    state = newest;
    showRecording(state);
    showProgramme(state);
    show();
  },
  welcome: ({ now, moves: told }) => {
    if (isServerLost === true) resume(null);
    isServerLost = false;
    moves.setClock(now);
    follow(told);
  },
  news: ({ type, channel, to, at }) => type === "moved" && follow([{ channel, to, at }]),
  status: (status) => status === "waiting" && isServerLost === false && (isServerLost = true),
  onRestarted: resume,
  edgeLost: (edge) => direct.listener.session.leaveEdge(edge),
});
addEventListener("online", () => way().nudge());
setInterval(look, LOOK_MS);
mountReporting({ peer: () => direct.listener.session.peer, tell: (message) => wire.tell(message) });
onLeaving(() => {
  direct.end();
  livestream.end();
  wire.end();
});
showRecording(state);
showProgramme(state);
// Whoever has chosen before need not choose again; if the browser wants a press first, the play button asks for it.
if (prefs.channel !== null && buttons.has(prefs.channel)) choose(prefs.channel);
else show();
