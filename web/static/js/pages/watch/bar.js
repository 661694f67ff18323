// The bar under the picture and the keys that do the same.

import { behindLive, isAtLive, spanWords } from "../../lib/position.js";
import { playerAction } from "../../lib/watch_keys.js";
import { byId, page, t, write } from "../shell.js";

/**
 * What the bar asks of the page.
 * @typedef {object} Acts
 * @property {() => void} toggle
 * @property {() => void} mute
 * @property {(volume: number) => void} volume
 * @property {(seconds: number) => void} step
 * @property {(time: number) => void} seek
 * @property {() => void} toLive
 * @property {() => void} captions
 */
/**
 * @typedef {object} Shown
 * @property {boolean} isPlaying
 * @property {boolean} isMuted
 * @property {number} volume
 * @property {boolean} hasVolume  the browser lets pages set it
 * @property {boolean} hasPicture
 * @property {boolean | null} captions  null where there are none
 * @property {import("../../lib/position.js").Place | null} place  null where nothing can be rewound
 */

const VOLUME_STEP = 0.1;

const player = byId("player", HTMLElement);
const picture = byId("picture", HTMLVideoElement);
const help = byId("help", HTMLDialogElement);
const pause = byId("pause", HTMLButtonElement);
const mute = byId("mute", HTMLButtonElement);
const volume = byId("volume", HTMLInputElement);
const seek = byId("seek", HTMLInputElement);
const live = byId("to-live", HTMLButtonElement);
const captions = byId("captions", HTMLButtonElement);
const windowed = byId("window", HTMLButtonElement);
const full = byId("full", HTMLButtonElement);

/** The thumb is held: its place is the person's, not the stream's. */
let isSeeking = false;
/** @type {import("../../lib/position.js").Place | null} */
let shownPlace = null;

/** @param {Acts} acts */
export function mountBar(acts) {
  pause.addEventListener("click", acts.toggle);
  mute.addEventListener("click", acts.mute);
  volume.addEventListener("input", () => acts.volume(Number(volume.value)));
  live.addEventListener("click", acts.toLive);
  captions.addEventListener("click", acts.captions);
  windowed.addEventListener("click", () => void toggleWindow());
  full.addEventListener("click", () => void toggleFull());
  byId("open-help", HTMLButtonElement).addEventListener("click", () => help.showModal());
  document.addEventListener("fullscreenchange", showFull);
  for (const event of ["enterpictureinpicture", "leavepictureinpicture"]) picture.addEventListener(event, showWindow);
  mountSeek(acts);
  addEventListener("keydown", (event) => onKey(event, acts));
}

/** @param {Acts} acts */
function mountSeek(acts) {
  seek.addEventListener("input", () => {
    isSeeking = true;
    if (shownPlace) showPlace({ ...shownPlace, time: shownPlace.start + Number(seek.value) });
  });
  seek.addEventListener("change", () => {
    isSeeking = false;
    if (shownPlace) acts.seek(shownPlace.start + Number(seek.value));
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {Acts} acts
 */
function onKey(event, acts) {
  if (help.open || event.defaultPrevented) return;
  const action = playerAction(event, focusOf(event.target));
  if (!action) return;
  event.preventDefault();
  switch (action.act) {
    case "step":
      return acts.step(action.seconds);
    case "louder":
      return acts.volume(Math.min(1, Number(volume.value) + VOLUME_STEP));
    case "quieter":
      return acts.volume(Math.max(0, Number(volume.value) - VOLUME_STEP));
    case "full":
      return void toggleFull();
    case "window":
      return void toggleWindow();
    case "help":
      return help.showModal();
    default:
      return acts[action.act]();
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {import("../../lib/watch_keys.js").Focus}
 */
function focusOf(target) {
  if (target instanceof HTMLSelectElement) return "list";
  if (target instanceof HTMLInputElement) return target.type === "checkbox" ? "button" : "slider";
  return target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement ? "button" : "page";
}

/** @param {Shown} shown */
export function showBar({ isPlaying, isMuted, volume: level, hasVolume, hasPicture, captions: caption, place }) {
  turn(pause, isPlaying, t(isPlaying ? "watch.pause" : "watch.resume"));
  turn(mute, isMuted, t(isMuted ? "watch.unmute" : "watch.mute"));
  byId("volume-label", HTMLElement).hidden = !hasVolume;
  volume.value = String(level);
  captions.hidden = caption === null;
  captions.setAttribute("aria-pressed", String(caption === true));
  windowed.hidden = !(document.pictureInPictureEnabled && hasPicture);
  full.hidden = !(document.fullscreenEnabled || "webkitEnterFullscreen" in picture);
  byId("rewind", HTMLElement).hidden = place === null;
  if (!place || isSeeking) return;
  shownPlace = place;
  seek.max = String(Math.max(0, Math.floor(place.live - place.start)));
  seek.value = String(isAtLive(place) ? seek.max : place.time - place.start);
  showPlace(place);
}

/** @param {import("../../lib/position.js").Place} place */
function showPlace(place) {
  const isLive = isAtLive(place);
  const behind = behindLive(place);
  live.dataset.live = String(isLive);
  write(byId("behind", HTMLElement), isLive ? "" : t("watch.behind", { time: spanWords(behind, page.lang) }));
  const said = isLive ? t("watch.live") : t("watch.behind", { time: spanWords(behind, page.lang, "long") });
  seek.setAttribute("aria-valuetext", said);
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} isOther  shows its second sign
 * @param {string} label
 */
function turn(button, isOther, label) {
  button.dataset.other = String(isOther);
  if (button.title === label) return;
  button.title = label;
  button.setAttribute("aria-label", label);
}

async function toggleFull() {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (document.fullscreenEnabled) await player.requestFullscreen();
    else /** @type {any} */ (picture).webkitEnterFullscreen?.(); // an iPhone shows a video alone
  } catch {
    // The browser wants a press of its own, or a frame around us does not allow it.
  }
}

async function toggleWindow() {
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else if (picture.videoWidth > 0) await picture.requestPictureInPicture();
  } catch {
    // As above.
  }
}

function showFull() {
  turn(full, document.fullscreenElement !== null, t(document.fullscreenElement ? "watch.full_leave" : "watch.full"));
}

function showWindow() {
  windowed.setAttribute("aria-pressed", String(document.pictureInPictureElement !== null));
}
