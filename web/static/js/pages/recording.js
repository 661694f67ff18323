// A recording: played with the language of one's choice, and for staff the switches of who may see it.

import { Livestream } from "../lib/livestream.js";
import { NativeStream } from "../lib/native_stream.js";
import { browserStore, readPrefs, writePrefs } from "../lib/prefs.js";
import { FLOOR } from "../lib/state.js";
import { browserTimers } from "../lib/timing.js";
import { byData, byId, onLeaving, page, press, t, write } from "./shell.js";

/** @typedef {{id: string, room: string, is_public: boolean}} Recording */

const data = /** @type {{recording: Recording, has_picture: boolean}} */ (/** @type {unknown} */ (page));
const base = `/recordings/${encodeURIComponent(data.recording.id)}`;
const PREFS = "tolmach.recording";
// Who listens to Ukrainian on the watch page listens to it here.
const wished = remembered(PREFS) ?? remembered("tolmach.watch");
const picture = byId("picture", HTMLVideoElement);
const problem = byId("problem", HTMLElement);
const buttons = byData("channel");

let channel = wished !== null && buttons.has(wished) ? wished : FLOOR;
/** @type {Livestream | NativeStream | null} */
let stream = null;

/** @param {string} name */
function remembered(name) {
  return readPrefs(browserStore("localStorage"), name, { channel: /** @type {string | null} */ (null) }).channel;
}

/** @param {string} words  nothing when all is well */
function complain(words) {
  problem.hidden = words === "";
  write(problem, words);
}

function show() {
  for (const [name, button] of buttons) press(button, name === channel);
}

/** @param {string} wanted */
function choose(wanted) {
  channel = wanted;
  writePrefs(browserStore("localStorage"), PREFS, { channel });
  stream?.choose(channel);
  show();
}

async function open() {
  const found = page.player && (await import(page.player).catch(() => null));
  const Hls = /** @type {import("../lib/livestream.js").HlsClass | undefined} */ (found?.default);
  if (Hls?.isSupported()) stream = new Livestream({ Hls, onChange: () => {} });
  else if (picture.canPlayType("application/vnd.apple.mpegurl") !== "") stream = native();
  if (!stream) return complain(t("recording.no_player"));
  const url = `${base}/${data.has_picture ? "index" : "audio"}.m3u8`;
  stream.start(picture, { url, channel, quality: "auto" });
}

function native() {
  const nameOf = (/** @type {string} */ name) => buttons.get(name)?.textContent?.trim() ?? name;
  return new NativeStream({ nameOf, timers: browserTimers });
}

/**
 * Say something to the server as who we are here.
 * @param {"POST" | "DELETE"} method
 * @param {string} path
 * @param {string} next  the page to go to when it is done
 */
async function say(method, path, next) {
  const headers = { Authorization: `Bearer ${page.token}` };
  const answer = await fetch(base + path, { method, headers }).catch(() => null);
  if (answer?.ok) location.assign(next);
  else complain(t("recording.failed"));
}

function mountStaff() {
  const own = location.pathname + location.search;
  document.getElementById("publish")?.addEventListener("click", () => void say("POST", "/publish", own));
  document.getElementById("unpublish")?.addEventListener("click", () => void say("POST", "/unpublish", own));
  const dialog = document.getElementById("delete-dialog");
  if (!(dialog instanceof HTMLDialogElement)) return;
  document.getElementById("delete")?.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "delete") void say("DELETE", "", "/");
  });
}

for (const [name, button] of buttons) button.addEventListener("click", () => choose(name));
mountStaff();
onLeaving(() => stream?.stop());
show();
await open();
