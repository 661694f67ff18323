// Watch and listen. The sound has an element of its own, so that it goes on when a phone is locked.

import { languageName } from "../lib/i18n.js";
import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { FLOOR, channelWords, heardKey, pictureKey } from "../lib/state.js";
import { Listener } from "../lib/whep.js";
import { byData, byId, light, onLeaving, openWire, page, press, showConnection, t, write } from "./shell.js";

const PREFS = "tolmach.watch";
const prefs = readPrefs(browserStore("localStorage"), PREFS, {
  channel: /** @type {string | null} */ (null),
  volume: 1,
  muted: false,
  under: false,
  audioOnly: false,
});

const sound = byId("sound", HTMLAudioElement);
const picture = byId("picture", HTMLVideoElement);
const stageNote = byId("stage-note", HTMLElement);
const playButton = byId("play", HTMLButtonElement);
const muteButton = byId("mute", HTMLButtonElement);
const volume = byId("volume", HTMLInputElement);
const audioOnly = byId("audio-only", HTMLInputElement);
const mixes = [byId("mix-only", HTMLInputElement), byId("mix-under", HTMLInputElement)];
const buttons = byData("channel");

let state = page.state;
/** The listener has pressed a language here or before; the browser may still hold the sound back. */
let isWanted = false;
let isHeldBack = false;

const listener = new Listener({
  room: page.room,
  token: page.token,
  wanted: { channel: FLOOR, under: prefs.under, video: !prefs.audioOnly },
  onTrack: play,
  onStatus: show,
});

/** @param {string} channel */
function choose(channel) {
  isWanted = true;
  set({ channel });
  hear();
}

/** @param {MediaStreamTrack} track */
function play(track) {
  const stream = new MediaStream([track]);
  if (track.kind === "video") {
    picture.srcObject = stream;
    picture.play().catch(() => {});
  } else {
    sound.srcObject = stream;
    hear();
  }
}

/** Start the sound. Called inside the press too, because some browsers allow it only there. */
function hear() {
  isHeldBack = false;
  sound.play().catch((error) => {
    isHeldBack = error.name === "NotAllowedError";
    show();
  });
  show();
}

/** @param {string} channel */
function nameOf(channel) {
  return channel === FLOOR ? t("channel.floor") : languageName(channel, page.lang);
}

function show() {
  const floor = languageName(state.floor_language, page.lang);
  for (const [channel, button] of buttons) {
    const { lamp, key } = channelWords(state, channel);
    light(button, lamp, t(key, { language: floor }));
    press(button, isWanted && channel === prefs.channel);
  }
  const channel = prefs.channel ?? FLOOR;
  write(byId("heard", HTMLElement), t(heardNow(channel), { language: nameOf(channel), floor }));
  showConnection(listener.session.status);
  showStage();
  showControls();
  showOutside();
}

/**
 * Only what is really heard is called so.
 * @param {string} channel
 */
function heardNow(channel) {
  if (!isWanted) return "watch.not_yet";
  if (listener.session.status.state !== "connected") return "watch.chosen";
  return isHeldBack || sound.paused ? "watch.held_back" : heardKey(state, channel, prefs.under);
}

function showStage() {
  const { state: session } = listener.session.status;
  const hasPicture = !prefs.audioOnly && session === "connected" && picture.videoWidth > 0;
  picture.hidden = prefs.audioOnly;
  playButton.hidden = !(isWanted && session === "connected" && (isHeldBack || sound.paused));
  write(byId("play-words", HTMLElement), t("watch.play", { language: nameOf(prefs.channel ?? FLOOR) }));
  const key = stageKey(session, hasPicture);
  stageNote.hidden = !playButton.hidden || key === null;
  stageNote.dataset.over = String(hasPicture);
  write(stageNote, key === null ? "" : t(key));
}

/**
 * @param {import("../lib/session.js").SessionStatus["state"]} session
 * @param {boolean} hasPicture
 */
function stageKey(session, hasPicture) {
  if (!isWanted) return "watch.choose_below";
  if (session !== "connected") return `connection.${session}`;
  if (prefs.audioOnly && state.venue !== "lost") return "watch.only_sound";
  return pictureKey(state, hasPicture);
}

function showControls() {
  sound.muted = prefs.muted;
  sound.volume = prefs.volume;
  // iOS leaves the volume to the phone's keys and ignores the setting: then the slider is of no use.
  byId("volume-label", HTMLElement).hidden = sound.volume !== prefs.volume;
  volume.value = String(prefs.volume);
  press(muteButton, prefs.muted);
  write(muteButton, t(prefs.muted ? "watch.unmute" : "watch.mute"));
  audioOnly.checked = prefs.audioOnly;
  for (const mix of mixes) mix.checked = (mix.value === "under") === prefs.under;
}

/** Lock screen and headset keys. */
function showOutside() {
  if (!("mediaSession" in navigator) || !isWanted) return;
  const title = state.title[page.lang] ?? Object.values(state.title)[0] ?? "";
  navigator.mediaSession.metadata = new MediaMetadata({ title, artist: nameOf(prefs.channel ?? FLOOR), album: "Tolmach" });
  navigator.mediaSession.playbackState = sound.paused ? "paused" : "playing";
}

function mountControls() {
  for (const [channel, button] of buttons) button.addEventListener("click", () => choose(channel));
  playButton.addEventListener("click", hear);
  volume.addEventListener("input", () => set({ volume: Number(volume.value), muted: false }));
  muteButton.addEventListener("click", () => set({ muted: !prefs.muted }));
  audioOnly.addEventListener("change", () => set({ audioOnly: audioOnly.checked }));
  for (const mix of mixes) mix.addEventListener("change", () => set({ under: mix.value === "under" }));
  for (const event of ["playing", "pause"]) sound.addEventListener(event, show);
  for (const event of ["playing", "resize"]) picture.addEventListener(event, showStage);
}

/**
 * Change what is wanted, remember it, and let server and page follow.
 * @param {Partial<typeof prefs>} values
 */
function set(values) {
  Object.assign(prefs, values);
  writePrefs(browserStore("localStorage"), PREFS, prefs);
  if (isWanted) listener.listen({ channel: prefs.channel ?? FLOOR, under: prefs.under, video: !prefs.audioOnly });
  show();
}

function mountMediaSession() {
  if (!("mediaSession" in navigator)) return;
  navigator.mediaSession.setActionHandler("play", hear);
  navigator.mediaSession.setActionHandler("pause", () => sound.pause());
}

mountControls();
mountMediaSession();
const wire = openWire({
  state: (newest) => {
    state = newest;
    show();
  },
  onRestarted: () => isWanted && listener.session.restart(),
  edgeLost: (edge) => listener.session.leaveEdge(edge),
});
addEventListener("online", () => listener.session.nudge());
onLeaving(() => {
  listener.session.stop();
  wire.end();
});
// Whoever has chosen before need not choose again; if the browser wants a press first, the play button asks for it.
if (prefs.channel !== null && buttons.has(prefs.channel)) choose(prefs.channel);
else show();
