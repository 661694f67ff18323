// The hall's projector: who speaks from afar, large, with name and language; a video message; or a calm card.

import { languageName } from "../lib/i18n.js";
import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { itemWords, programmeNow } from "../lib/programme.js";
import { sceneOf } from "../lib/screen.js";
import { FLOOR } from "../lib/state.js";
import { Listener } from "../lib/whep.js";
import { keepAwake } from "./awake.js";
import { byId, onLeaving, openWire, page, press, showConnection, write } from "./shell.js";

const TICK_MS = 250;
/** A picture that stood still for so long is none: the line is too bad for it, and a frozen face is no sight. */
const FROZEN_MS = 4_000;
const HIDE_KEYS_MS = 3_000;
const PREFS = `tolmach.screen.${page.room}`;
const prefs = readPrefs(browserStore("localStorage"), PREFS, { black: false });

const screen = byId("screen", HTMLElement);
const black = byId("black", HTMLButtonElement);
let state = page.state;
let ahead_ms = 0;
let movedAt = performance.now();
let isWireLost = false;

/** A picture of the room on a video element, fetched while it is wanted. The sound that comes with it is not played. */
class Picture {
  #frames = 0;
  #framedAt = -Infinity;

  /**
   * @param {string} name  of the element, and
   * @param {string} picture  what the server calls it
   */
  constructor(name, picture) {
    this.video = byId(name, HTMLVideoElement);
    this.listener = new Listener({
      room: page.room,
      token: page.token,
      wanted: { channel: FLOOR, under: false, video: true },
      pictures: [picture],
      onTrack: (track) => {
        if (track.kind === "video") this.video.srcObject = new MediaStream([track]);
      },
      onStatus: show,
    });
  }

  /** @param {boolean} isWanted */
  want(isWanted) {
    const isRunning = this.listener.session.status.state !== "idle";
    if (isWanted && !isRunning) this.listener.session.start();
    if (!isWanted && isRunning) this.listener.session.stop();
  }

  /**
   * Whether frames have come lately.
   * @param {number} now
   */
  isMoving(now) {
    const frames = this.video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
    if (frames !== this.#frames) this.#framedAt = now;
    this.#frames = frames;
    return now - this.#framedAt < FROZEN_MS;
  }
}

const face = new Picture("face", "stage");
const film = new Picture("film", "hall");

function show() {
  const scene = sceneOf(state, Date.now() + ahead_ms, face.isMoving(performance.now()));
  face.want(true);
  film.want(Boolean(state.playout)); // before it begins, so that it begins at once
  screen.dataset.shows = scene.shows;
  screen.dataset.idle = prefs.black ? "black" : "card";
  press(black, prefs.black);
  write(byId("who", HTMLElement), scene.speaker?.name ?? "");
  const { language = null } = scene.speaker ?? {};
  write(byId("language", HTMLElement), language ? languageName(language, page.lang) : "");
  showCard();
  screen.dataset.keys = String(performance.now() - movedAt < HIDE_KEYS_MS);
  showConnection(isWireLost ? { state: "waiting" } : face.listener.session.status, true);
}

function showCard() {
  const now = new Date(Date.now() + ahead_ms);
  const { now: item } = programmeNow(state);
  write(byId("item", HTMLElement), item ? itemWords(item, page.lang) : "");
  write(byId("clock", HTMLElement), now.toLocaleTimeString(page.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
}

function turnBlack() {
  prefs.black = !prefs.black;
  writePrefs(browserStore("localStorage"), PREFS, prefs);
  show();
}

function turnFull() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen().catch(() => {});
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key.toLowerCase() === "f") turnFull();
  else if (event.key.toLowerCase() === "b") turnBlack();
}

/** Keys and cursor are there while somebody is at the machine. */
function stir() {
  movedAt = performance.now();
  show();
}

const wire = openWire({
  welcome: ({ now }) => {
    ahead_ms = now - Date.now();
  },
  state: (newest) => {
    state = newest;
    show();
  },
  status: (status) => {
    isWireLost = status === "waiting";
    show();
  },
  closing: (closing, final) => {
    if (final) write(byId("item", HTMLElement), closing.text);
  },
  onRestarted: (boot) => {
    for (const { listener } of [face, film]) listener.session.renew(boot);
  },
});

byId("full", HTMLButtonElement).addEventListener("click", turnFull);
black.addEventListener("click", turnBlack);
screen.addEventListener("dblclick", turnFull);
addEventListener("keydown", onKey);
for (const event of ["pointermove", "pointerdown", "focusin"]) addEventListener(event, stir);
addEventListener("online", () => [face, film].forEach(({ listener }) => listener.session.nudge()));
onLeaving(() => {
  for (const picture of [face, film]) picture.want(false);
  wire.end();
});
keepAwake();
show();
setInterval(show, TICK_MS);
