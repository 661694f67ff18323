// The hall's machine: camera and microphones in, loudspeakers and transmitters out, and what the floor speaks.

import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { judge } from "../lib/sound.js";
import { venueState } from "../lib/state.js";
import { MOST_STRIPS, freshStrip, stripsOf } from "../lib/strips.js";
import { Publisher } from "../lib/whip.js";
import { keepAwake } from "./awake.js";
import { cameraWish, capture, deviceProblem, listDevices, release } from "./devices.js";
import { mountConsent } from "./consent.js";
import { mountIntercom } from "./intercom.js";
import { audioContext, mountMeter } from "./meters.js";
import { byData, byId, guardLeaving, onLeaving, openWire, page, press, showConnection, showRecording, t, write } from "./shell.js";
import { HallMicrophone } from "./venue/hall_microphone.js";
import { canPick, listOutputs } from "./venue/output.js";
import { mountSpeakers } from "./venue/speakers.js";
import { StripRow } from "./venue/strip_row.js";
import { StripSound, stripWish } from "./venue/strip_sound.js";
import { mountTransmitters } from "./venue/transmitters.js";

const PREFS = "tolmach.venue";
const LIVE_FLAG = `tolmach.venue.live.${page.room}`;
const prefs = readPrefs(browserStore("localStorage"), PREFS, {
  camera: /** @type {string | null} */ (null),
  processing: false,
  strips: /** @type {object} */ ([]),
});
const strips = stripsOf(prefs.strips);

const preview = byId("preview", HTMLVideoElement);
const goLive = byId("go-live", HTMLButtonElement);
const stopLive = byId("stop-live", HTMLButtonElement);
const stopDialog = byId("stop-dialog", HTMLDialogElement);
const camera = byId("camera", HTMLSelectElement);
const processing = byId("processing", HTMLInputElement);
const addMic = byId("mic-add", HTMLButtonElement);
const floorButtons = byData("floor-language");

let state = page.state;
/** @type {MediaStream | null} the devices' own */
let stream = null;
/** @type {MediaStream | null} what is sent of them */
let sent = null;
/** @type {Publisher | null} */
let publisher = null;
let problem = "";
/** What flows is the rest of one's own sending, before a reload or the end of it, and not another device's. */
let isFading = browserStore("sessionStorage")?.getItem(LIVE_FLAG) === "yes";
let isWireLost = false;

const meter = mountMeter(byId("level", HTMLElement), (peak) => {
  write(byId("level-words", HTMLElement), t(`common.level_${judge(peak)}`));
});
const first = new StripRow(1, (isOtherDevice) => {
  remember();
  if (isOtherDevice) void openDevices();
  else void feed();
});
const firstSound = new StripSound(audioContext());
const others = [2, 3, 4].map((number) => new HallMicrophone(number, { changed: remember, show: () => show() }));

function remember() {
  Object.assign(prefs, { strips });
  writePrefs(browserStore("localStorage"), PREFS, prefs);
}

/** Open what is picked; without a camera go on with sound alone. Opening one device anew must not stop the other's hall. */
async function openDevices() {
  const before = stream;
  try {
    stream = await openBoth();
    problem = stream.getVideoTracks().length === 0 ? t("venue.no_camera") : "";
    for (const track of stream.getTracks()) track.addEventListener("ended", () => void deviceLost(track));
    await feed();
    release(before);
  } catch (error) {
    problem = t(deviceProblem(error));
  }
  preview.srcObject = stream;
  await listAll();
  show();
}

/** Send what the first strip makes of its device; nothing is interrupted while only its level changes. */
async function feed() {
  const track = firstSound.feed(stream?.getAudioTracks()[0] ?? null, strips[0]);
  const tracks = [...(track ? [track] : []), ...(stream?.getVideoTracks() ?? [])];
  const before = sent?.getTracks() ?? [];
  if (tracks.length !== before.length || !tracks.every((one) => before.includes(one))) {
    sent = new MediaStream(tracks);
    meter.attach(sent);
    await publisher?.replace(sent);
  }
  show();
}

/** @returns {Promise<MediaStream>} */
async function openBoth() {
  const audio = stripWish(strips[0], { processing: prefs.processing });
  try {
    return await capture({ audio, video: cameraWish(prefs.camera) });
  } catch (error) {
    const hasNoCamera = error instanceof DOMException && error.name === "NotFoundError";
    if (!hasNoCamera) throw error;
    return capture({ audio });
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
  await first.list(audio?.getSettings().deviceId);
  await listDevices(camera, "videoinput", video?.getSettings().deviceId, (n) => t("device.unnamed", { n }));
  const outputs = await listOutputs();
  speakers.devices(outputs);
  transmitters.devices(outputs);
}

function start() {
  if (!sent || !page.token) return;
  publisher ??= new Publisher({ room: page.room, token: page.token, stream: sent, onStatus: followSession });
  publisher.session.start();
  for (const microphone of others) microphone.send(true);
  browserStore("sessionStorage")?.setItem(LIVE_FLAG, "yes");
  keepAwake();
  show();
}

/** @param {import("../lib/session.js").SessionStatus} status */
function followSession({ code }) {
  if (code === "sent_elsewhere") stop(true); // two pages would take the hall from each other for ever
  else show();
}

/** @param {boolean} [isTaken]  another page sends in this one's place */
function stop(isTaken = false) {
  isFading = !isTaken;
  publisher?.session.stop();
  publisher = null;
  for (const microphone of others) microphone.send(false);
  browserStore("sessionStorage")?.setItem(LIVE_FLAG, "no");
  show();
}

function show() {
  const session = publisher?.session.status ?? { state: "idle" };
  const told = venueState(state, session.state, isWireLost, page.is_backup ? "backup" : "venue");
  isFading &&= told === "elsewhere";
  const live = isFading ? "off" : told;
  const isOff = live === "off" || live === "elsewhere";
  byId("live-banner", HTMLElement).dataset.state = live;
  write(byId("live-word", HTMLElement), t(`venue.${live}`));
  write(byId("live-hint", HTMLElement), session.text ?? t(`venue.${live}_hint`));
  showConnection(isWireLost ? { state: "waiting" } : session, true);
  // Another language loads the page anew, which the hall would notice.
  byId("page-language", HTMLSelectElement).disabled = !isOff;
  goLive.disabled = sent === null;
  goLive.hidden = !isOff;
  stopLive.hidden = isOff;
  byId("preview-note", HTMLElement).hidden = problem !== "" || (stream?.getVideoTracks().length ?? 0) > 0;
  byId("problem", HTMLElement).hidden = problem === "";
  write(byId("problem", HTMLElement), problem);
  for (const [language, button] of floorButtons) press(button, language === state.floor_language);
  showMicrophones();
  showRecording(state);
  showConsent(state);
}

function showMicrophones() {
  first.show(strips[0], firstSound.isHeld ? t("venue.mic_held") : "");
  for (const microphone of others) {
    const source = `hall:${microphone.number}`;
    microphone.show(state.venue_microphones?.some((one) => one.source === source && one.live) ?? false);
  }
  addMic.hidden = page.is_backup === true || strips.length === MOST_STRIPS;
  byId("mic-remove", HTMLButtonElement).hidden = strips.length === 1;
}

/** Another microphone: a device that no strip has yet; shut where there is none, for the same sound twice is a noise. */
async function addMicrophone() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const used = [stream?.getAudioTracks()[0]?.getSettings().deviceId, ...strips.map(({ device }) => device)];
  const inputs = devices.filter(({ kind, deviceId }) => kind === "audioinput" && !["default", "communications"].includes(deviceId));
  const free = inputs.find(({ deviceId }) => !used.includes(deviceId));
  strips.push({ ...freshStrip(), device: free?.deviceId ?? null, muted: !free });
  await openOther(strips.length);
  byId(`mic-${strips.length}-device`, HTMLSelectElement).focus();
}

function removeMicrophone() {
  const number = strips.length;
  strips.pop();
  void openOther(number);
  addMic.focus();
}

/** @param {number} number  whose strip has come or gone */
async function openOther(number) {
  remember();
  await others[number - 2]?.open(strips[number - 1] ?? null);
  others[number - 2]?.send(publisher !== null);
  show();
}

/** What was plugged in or out: outputs are offered anew, and microphones that were missing are tried again. */
function devicesChanged() {
  void listAll();
  for (const microphone of others) {
    if (microphone.hasProblem) void microphone.open(strips[microphone.number - 1] ?? null);
  }
}

/** @param {string} language */
async function setFloor(language) {
  const outcome = await wire.command("set_floor_language", { language });
  problem = outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "";
  show();
}

/** Browsers that hide their outputs show the one that is picked in their own window, and list it from then on. */
function mountPicking() {
  const button = byId("output-pick", HTMLButtonElement);
  /** @type {any} */
  const devices = navigator.mediaDevices;
  button.hidden = !canPick || !devices || !("selectAudioOutput" in devices);
  button.addEventListener("click", () => void devices.selectAudioOutput().then(listAll).catch(() => {}));
}

function mountControls() {
  goLive.addEventListener("click", start);
  stopLive.addEventListener("click", () => stopDialog.showModal());
  stopDialog.addEventListener("close", () => stopDialog.returnValue === "stop" && stop());
  for (const [language, button] of floorButtons) button.addEventListener("click", () => void setFloor(language));
  addMic.addEventListener("click", () => void addMicrophone());
  byId("mic-remove", HTMLButtonElement).addEventListener("click", removeMicrophone);
  document.getElementById("qr-print")?.addEventListener("click", () => print());
  processing.checked = prefs.processing;
  for (const control of [camera, processing]) {
    control.addEventListener("change", () => {
      Object.assign(prefs, { camera: camera.value, processing: processing.checked });
      remember();
      void openDevices();
    });
  }
  mountPicking();
  navigator.mediaDevices?.addEventListener("devicechange", devicesChanged);
}

const showConsent = mountConsent({
  source: () => "venue",
  command: (name, args) => wire.command(name, args),
});
const speakers = mountSpeakers({ command: (name, args) => wire.command(name, args) });
const transmitters = mountTransmitters();
const sessions = () => [...others, speakers, transmitters];
let person = "";
const intercom = mountIntercom({
  element: /** @type {HTMLElement} */ (document.querySelector('[data-part="intercom"]')),
  room: page.room,
  token: page.token ?? "",
  role: "venue",
  person: () => person,
  state: () => state,
  command: (name, args) => wire.command(name, args),
});
const wire = openWire({
  welcome: ({ you }) => {
    person = you.person;
  },
  state: (newest) => {
    state = newest;
    intercom.show();
    speakers.state(newest);
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
  onRestarted: (boot) => {
    publisher?.session.renew(boot);
    for (const one of sessions()) one.renew(boot);
    intercom.renew(boot);
  },
});

mountControls();
addEventListener("online", () => {
  publisher?.session.nudge();
  for (const one of sessions()) one.nudge();
});
guardLeaving(() => publisher !== null);
onLeaving(() => {
  publisher?.session.stop();
  for (const microphone of others) microphone.send(false);
  speakers.end();
  transmitters.end();
  wire.end();
});
show();
await openDevices();
await Promise.all(others.map((microphone, at) => microphone.open(strips[at + 1] ?? null)));
// A page that was live before a reload is live again: nobody may sit at the hall's machine.
if (browserStore("sessionStorage")?.getItem(LIVE_FLAG) === "yes") start();
