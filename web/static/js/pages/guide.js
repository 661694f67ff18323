// A tour: this phone is the hall. One button, one code for the others to scan, and nothing that eats the battery.

import { browserStore } from "../lib/prefs.js";
import { LevelProbe, fraction, judge } from "../lib/sound.js";
import { venueState } from "../lib/state.js";
import { Publisher } from "../lib/whip.js";
import { keepAwake } from "./awake.js";
import { mountConsent } from "./consent.js";
import { capture, deviceProblem, microphoneWish } from "./devices.js";
import { audioContext } from "./meters.js";
import { byData, byId, guardLeaving, onLeaving, openWire, page, press, showConnection, showRecording, t, write } from "./shell.js";

/** Often enough for the eye to trust it, seldom enough for the battery. */
const LOOK_MS = 250;
const LIVE_FLAG = `tolmach.guide.live.${page.room}`;

const speak = byId("speak", HTMLButtonElement);
const end = byId("end", HTMLButtonElement);
const level = byId("level", HTMLElement);
const floorButtons = byData("floor-language");
const probe = new LevelProbe(audioContext());

let state = page.state;
/** @type {MediaStreamTrack | null} */
let microphone = null;
/** @type {Publisher | null} */
let publisher = null;
let isPaused = false;
/** What flows is the rest of one's own sending, before a reload or the end of it, and not another device's. */
let isFading = browserStore("sessionStorage")?.getItem(LIVE_FLAG) === "yes";
let isWireLost = false;
let problem = "";

/** A phone is held at arm's length, in the wind, and its loudspeaker may play: here the browser's processing helps. */
async function openMicrophone() {
  try {
    const stream = await capture({ audio: microphoneWish(null, true) });
    microphone = stream.getAudioTracks()[0] ?? null;
    microphone?.addEventListener("ended", () => void reopen());
    problem = "";
    probe.attach(stream);
    await publisher?.replace(stream);
    if (microphone) microphone.enabled = !isPaused;
    return stream;
  } catch (error) {
    problem = t(deviceProblem(error));
    return null;
  } finally {
    show();
  }
}

/** A call has taken the microphone, or it was unplugged. */
async function reopen() {
  microphone = null;
  problem = t("device.lost");
  show();
  if (publisher) await openMicrophone();
}

async function begin() {
  speak.disabled = true;
  const stream = await openMicrophone();
  speak.disabled = false;
  if (!stream || !page.token) return;
  publisher = new Publisher({ room: page.room, token: page.token, stream, onStatus: followSession });
  publisher.session.start();
  browserStore("sessionStorage")?.setItem(LIVE_FLAG, "yes");
  keepAwake();
  show();
}

/** @param {import("../lib/session.js").SessionStatus} status */
function followSession({ code }) {
  if (code === "sent_elsewhere") finish(true); // two pages would take the hall from each other for ever
  else show();
}

/**
 * Finish: the phone is no hall any more, and its microphone is free.
 * @param {boolean} [isTaken]  another page sends in this one's place
 */
function finish(isTaken = false) {
  isFading = !isTaken;
  publisher?.session.stop();
  publisher = null;
  microphone?.stop();
  microphone = null;
  isPaused = false;
  probe.attach(null);
  browserStore("sessionStorage")?.setItem(LIVE_FLAG, "no");
  show();
}

function turn() {
  if (!publisher) {
    void begin();
    return;
  }
  isPaused = !isPaused;
  if (microphone) microphone.enabled = !isPaused;
  show();
}

function show() {
  const session = publisher?.session.status ?? { state: "idle" };
  const told = venueState(state, session.state, isWireLost);
  isFading &&= told === "elsewhere";
  const live = isFading ? "off" : told;
  const now = live === "live" && isPaused ? "paused" : live;
  speak.dataset.state = now;
  write(byId("speak-word", HTMLElement), t(`guide.${now}`));
  write(byId("speak-hint", HTMLElement), session.text ?? t(`guide.${now}_hint`));
  end.hidden = publisher === null;
  showConnection(isWireLost ? { state: "waiting" } : session, true);
  // Another language loads the page anew, which the listeners would notice.
  byId("page-language", HTMLSelectElement).disabled = publisher !== null;
  byId("problem", HTMLElement).hidden = problem === "";
  write(byId("problem", HTMLElement), problem);
  const n = Object.values(state.listeners ?? {}).reduce((sum, one) => sum + one, 0);
  write(byId("listeners", HTMLElement), t("guide.listeners", { n }));
  for (const [language, button] of floorButtons) press(button, language === state.floor_language);
  showRecording(state);
  showConsent(state);
}

function showLevel() {
  const { peak_dbfs } = probe.read();
  level.style.setProperty("--level", String(fraction(peak_dbfs)));
  level.setAttribute("aria-valuenow", peak_dbfs.toFixed(0));
  level.dataset.level = judge(peak_dbfs);
}

/** @param {string} language */
async function setFloor(language) {
  const outcome = await wire.command("set_floor_language", { language });
  problem = outcome.kind === "refused" ? outcome.text : outcome.kind === "lost" ? t("network.command_lost") : "";
  show();
}

const showConsent = mountConsent({ source: () => "venue", command: (name, args) => wire.command(name, args) });
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
    if (final) finish();
  },
  onRestarted: (boot) => publisher?.session.renew(boot),
});

speak.addEventListener("click", turn);
end.addEventListener("click", () => finish());
for (const [language, button] of floorButtons) button.addEventListener("click", () => void setFloor(language));
addEventListener("online", () => publisher?.session.nudge());
guardLeaving(() => publisher !== null);
onLeaving(() => {
  publisher?.session.stop();
  wire.end();
});
setInterval(() => !document.hidden && publisher && showLevel(), LOOK_MS);
speak.disabled = false;
show();
// A page that was live before a reload is live again.
if (browserStore("sessionStorage")?.getItem(LIVE_FLAG) === "yes") void begin();
