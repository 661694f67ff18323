// The hall's machine: camera and microphone in, and what the floor speaks.

import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { judge } from "../lib/sound.js";
import { venueState } from "../lib/state.js";
import { Publisher } from "../lib/whip.js";
import { cameraWish, deviceProblem, listDevices, microphoneWish, release } from "./devices.js";
import { mountConsent } from "./consent.js";
import { mountMeter } from "./meters.js";
import { byData, byId, guardLeaving, onLeaving, openWire, page, press, showConnection, showRecording, t, write } from "./shell.js";

const PREFS = "tolmach.venue";
const LIVE_FLAG = `tolmach.venue.live.${page.room}`;
const prefs = readPrefs(browserStore("localStorage"), PREFS, {
  camera: /** @type {string | null} */ (null),
  microphone: /** @type {string | null} */ (null),
  processing: false,
});

const preview = byId("preview", HTMLVideoElement);
const goLive = byId("go-live", HTMLButtonElement);
const stopLive = byId("stop-live", HTMLButtonElement);
const stopDialog = byId("stop-dialog", HTMLDialogElement);
const camera = byId("camera", HTMLSelectElement);
const microphone = byId("microphone", HTMLSelectElement);
const processing = byId("processing", HTMLInputElement);
const floorButtons = byData("floor-language");

let state = page.state;
/** @type {MediaStream | null} */
let stream = null;
/** @type {Publisher | null} */
let publisher = null;
let problem = "";
let isWireLost = false;

const meter = mountMeter(byId("level", HTMLElement), (peak) => {
  write(byId("level-words", HTMLElement), t(`common.level_${judge(peak)}`));
});

/** Open what is picked; without a camera go on with sound alone. Opening one device anew must not stop the other's hall. */
async function openDevices() {
  const before = stream;
  try {
    stream = await capture();
    problem = stream.getVideoTracks().length === 0 ? t("venue.no_camera") : "";
    for (const track of stream.getTracks()) track.addEventListener("ended", () => void deviceLost(track));
    await publisher?.replace(stream);
    release(before);
  } catch (error) {
    problem = t(deviceProblem(error));
  }
  preview.srcObject = stream;
  meter.attach(stream);
  await listAll();
  show();
}

/** @returns {Promise<MediaStream>} */
async function capture() {
  const audio = microphoneWish(prefs.microphone, prefs.processing);
  try {
    return await navigator.mediaDevices.getUserMedia({ audio, video: cameraWish(prefs.camera) });
  } catch (error) {
    const hasNoCamera = error instanceof DOMException && error.name === "NotFoundError";
    if (!hasNoCamera) throw error;
    return navigator.mediaDevices.getUserMedia({ audio });
  }
}

/** @param {MediaStreamTrack} track */
async function deviceLost(track) {
  if (!stream?.getTracks().includes(track)) return;
  problem = t("device.lost");
  show();
  await openDevices();
}

async function listAll() {
  if (!navigator.mediaDevices) return;
  const [audio] = stream?.getAudioTracks() ?? [];
  const [video] = stream?.getVideoTracks() ?? [];
  await listDevices(microphone, "audioinput", audio?.getSettings().deviceId, (n) => t("device.unnamed", { n }));
  await listDevices(camera, "videoinput", video?.getSettings().deviceId, (n) => t("device.unnamed", { n }));
}

function start() {
  if (!stream || !page.token) return;
  publisher ??= new Publisher({ room: page.room, token: page.token, stream, onStatus: show });
  publisher.session.start();
  browserStore("sessionStorage")?.setItem(LIVE_FLAG, "yes");
  void navigator.wakeLock?.request("screen").catch(() => {});
  show();
}

function stop() {
  publisher?.session.stop();
  publisher = null;
  browserStore("sessionStorage")?.setItem(LIVE_FLAG, "no");
  show();
}

function show() {
  const session = publisher?.session.status ?? { state: "idle" };
  const live = venueState(state, session.state, isWireLost, page.is_backup ? "backup" : "venue");
  byId("live-banner", HTMLElement).dataset.state = live;
  write(byId("live-word", HTMLElement), t(`venue.${live}`));
  write(byId("live-hint", HTMLElement), session.text ?? t(`venue.${live}_hint`));
  showConnection(isWireLost ? { state: "waiting" } : session, true);
  // Another language loads the page anew, which the hall would notice.
  byId("page-language", HTMLSelectElement).disabled = live !== "off";
  goLive.disabled = stream === null;
  goLive.hidden = live !== "off";
  stopLive.hidden = live === "off";
  byId("preview-note", HTMLElement).hidden = (stream?.getVideoTracks().length ?? 0) > 0;
  byId("problem", HTMLElement).hidden = problem === "";
  write(byId("problem", HTMLElement), problem);
  for (const [language, button] of floorButtons) press(button, language === state.floor_language);
  showRecording(state);
  showConsent(state);
}

/** @param {string} language */
async function setFloor(language) {
  const outcome = await wire.command("set_floor_language", { language });
  problem = outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "";
  show();
}

function mountControls() {
  goLive.addEventListener("click", start);
  stopLive.addEventListener("click", () => stopDialog.showModal());
  stopDialog.addEventListener("close", () => stopDialog.returnValue === "stop" && stop());
  for (const [language, button] of floorButtons) button.addEventListener("click", () => void setFloor(language));
  processing.checked = prefs.processing;
  for (const control of [camera, microphone, processing]) {
    control.addEventListener("change", () => {
      Object.assign(prefs, { camera: camera.value, microphone: microphone.value, processing: processing.checked });
      writePrefs(browserStore("localStorage"), PREFS, prefs);
      void openDevices();
    });
  }
  navigator.mediaDevices?.addEventListener("devicechange", () => void listAll());
}

const showConsent = mountConsent({
  source: () => "venue",
  command: (name, args) => wire.command(name, args),
});
const wire = openWire({
  state: (newest) => {
    state = newest;
    show();
  },
  status: (status) => {
    isWireLost = status === "waiting";
    show();
  },
  closing: (closing, final) => {
    problem = closing.text;
    if (final) stop();
  },
  onRestarted: () => publisher?.session.restart(),
});

mountControls();
addEventListener("online", () => publisher?.session.nudge());
guardLeaving(() => publisher !== null);
onLeaving(() => {
  publisher?.session.stop();
  wire.end();
});
show();
await openDevices();
// A page that was live before a reload is live again: nobody may sit at the hall's machine.
if (browserStore("sessionStorage")?.getItem(LIVE_FLAG) === "yes") start();
