// What all pages share: the data block, the language of the page, the wire, leaving.

import { translator } from "../lib/i18n.js";
import { setIceServers } from "../lib/ice.js";
import { socketUrl } from "../lib/state.js";
import { Wire } from "../lib/wire.js";

/**
 * @typedef {object} PageData
 * @property {string} page
 * @property {string} lang
 * @property {string} boot
 * @property {Record<string, string>} languages
 * @property {Record<string, import("../lib/i18n.js").Message>} messages
 * @property {string} room
 * @property {string | null} [token]
 * @property {string} ws
 * @property {string | null} [booth]
 * @property {boolean} [is_backup]  a venue page that is the hall's second sender
 * @property {string | null} [watch_url]  the public address of the watch page; none for a closed room
 * @property {boolean} [livestream]  the room has one
 * @property {string | null} [player]  the address of hls.js
 * @property {RTCIceServer[]} [ice_servers]
 * @property {import("../lib/state.js").RoomState} state
 * @property {RoomChoice[]} [rooms]  all that the invitation is good for, this one among them
 */
/**
 * @typedef {object} RoomChoice
 * @property {string} room
 * @property {Record<string, string>} title
 * @property {string | null} [booth]  the interpreter's booth there
 * @property {string} path  of this page there
 */

/** @type {PageData} */
export const page = JSON.parse(byId("page", HTMLScriptElement).text);
export const t = translator(page.messages, page.lang);

/**
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} type
 * @returns {E}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`#${id} is missing`);
  return element;
}

/**
 * All elements that carry a data attribute, by its value: `byData("channel")` maps "de" to the button.
 * @param {string} name
 * @returns {Map<string, HTMLElement>}
 */
export function byData(name) {
  const found = document.querySelectorAll(`[data-${name}]`);
  const key = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  return new Map([...found].map((element) => [htmlElement(element).dataset[key] ?? "", htmlElement(element)]));
}

/** @param {Element | null} element */
function htmlElement(element) {
  if (!(element instanceof HTMLElement)) throw new Error("not an HTML element");
  return element;
}

/**
 * Write only what differs, so that screen readers are not told the same again.
 * @param {Element | null} element
 * @param {string} text
 */
export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/**
 * Show a lamp and its words inside a button.
 * @param {HTMLElement} button
 * @param {import("../lib/state.js").Lamp} lamp
 * @param {string} words
 */
export function light(button, lamp, words) {
  htmlElement(button.querySelector(".lamp")).dataset.lamp = lamp;
  write(button.querySelector(".words"), words);
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 */
export function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}

/**
 * What a session's state and way are called, in words and as data for the stylesheet.
 * @param {import("../lib/session.js").SessionStatus} status
 * @param {boolean} [isShort]  a word where the page says more elsewhere
 */
export function showConnection(status, isShort = false) {
  const element = byId("connection", HTMLElement);
  element.dataset.state = status.state;
  const way = status.state === "connected" && status.way ? t(`connection.way_${status.way}`) : "";
  element.dataset.way = way ? status.way : "";
  element.title = way; // for whoever helps; nobody else knows what a relay is
  const problem = status.code === "no_webrtc" ? t("device.no_webrtc") : status.text;
  const words = isShort ? t(`connection.${status.state}_short`) : problem || t(`connection.${status.state}`);
  write(element, status.state === "idle" ? "" : words);
}

/**
 * Say to everybody in the room that the session is being recorded, for as long as it is.
 * @param {import("../lib/state.js").RoomState} state
 */
export function showRecording({ recording }) {
  byId("recording", HTMLElement).dataset.on = String(Boolean(recording));
  write(byId("recording-words", HTMLElement), recording ? t("common.recording_on") : "");
}

/**
 * Connect the page's WebSocket. `onRestarted` tells of another server process: sessions must be opened anew.
 * @param {import("../lib/wire.js").WireHandlers & {onRestarted: (boot: string) => void}} handlers
 */
export function openWire(handlers) {
  let boot = page.boot;
  const wire = new Wire({
    url: socketUrl(page.ws, location.href),
    prefix: crypto.getRandomValues(new Uint32Array(2)).join("-"),
    handlers: {
      ...handlers,
      welcome(welcome) {
        const isAnother = welcome.boot !== boot;
        boot = welcome.boot;
        handlers.welcome?.(welcome);
        if (isAnother) handlers.onRestarted(boot);
      },
    },
  });
  addEventListener("online", () => wire.connect());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wire.connect();
  });
  wire.connect();
  return wire;
}

/**
 * Run when the page is left, and take up again when the browser brings it back as it was.
 * @param {() => void} leave
 */
export function onLeaving(leave) {
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

/**
 * Have the browser ask before a page is left by mistake.
 * @param {() => boolean} isBusy
 */
export function guardLeaving(isBusy) {
  addEventListener("beforeunload", (event) => isBusy() && event.preventDefault());
}

/**
 * The switch from room to room without a reload, where an invitation is good for several. What hangs on the room
 * besides the wire is the page's to close before and to open after.
 * @param {object} options
 * @param {Wire} options.wire
 * @param {() => Promise<boolean>} options.mayLeave  asks where leaving would be noticed
 * @param {() => Promise<void>} options.leave   says goodbye in the old room
 * @param {(choice: RoomChoice) => void} options.arrive  page.room is the new one; its state comes with the welcome
 */
export function mountRooms({ wire, mayLeave, leave, arrive }) {
  const select = document.getElementById("rooms");
  if (!(select instanceof HTMLSelectElement)) return;
  const change = async (/** @type {string} */ room) => {
    const choice = page.rooms?.find((one) => one.room === room);
    const isWanted = choice && room !== page.room && (await mayLeave());
    select.value = page.room;
    if (!isWanted) return;
    select.disabled = true;
    await leave();
    const as = new URLSearchParams(page.ws.split("?")[1]).get("as");
    const query = new URLSearchParams({ room, ...(as ? { as } : {}) });
    Object.assign(page, { room, ws: `/ws?${query}`, booth: choice.booth ?? null });
    history.replaceState(null, "", choice.path);
    select.value = room;
    select.disabled = false;
    arrive(choice);
    wire.move(socketUrl(page.ws, location.href));
  };
  select.value = page.room; // browsers restore an older choice on reload
  select.addEventListener("change", () => void change(select.value));
}

/**
 * The switch for the language of the page, which is not the language of the sound.
 * @param {string} id
 */
function mountPageLanguage(id) {
  const select = document.getElementById(id);
  if (!(select instanceof HTMLSelectElement)) return;
  select.value = page.lang; // browsers restore an older choice on reload
  select.addEventListener("change", () => {
    const url = new URL(location.href);
    url.searchParams.set("lang", select.value); // the server remembers it in a cookie
    location.replace(url);
  });
}

mountPageLanguage("page-language");
mountPageLanguage("headset-language"); // the first headset test lies over the bar
setIceServers(page.ice_servers ?? [], location.search);
