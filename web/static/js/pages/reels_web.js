// What pages ask the server of video messages over HTTP.

import { page, t } from "./shell.js";

/** @typedef {import("../lib/reels.js").Reel} Reel */
/** @typedef {import("../lib/reels.js").Cue} Cue */

const WHOLE_ROOM = "room";
const NAME_CHARS = 120;

/**
 * @param {string} room
 * @param {string} token
 * @returns {Promise<Reel[] | null>} null when the server was not reached
 */
export async function listReels(room, token) {
  const answer = await ask(`${place(room)}?${new URLSearchParams({ lang: page.lang })}`, token).catch(() => null);
  if (!answer?.ok) return null;
  return (await answer.json()).reels;
}

/**
 * @param {string} room
 * @param {string} token
 * @param {string} asset
 * @returns {Promise<Cue[]>}
 */
export async function listCues(room, token, asset) {
  const answer = await ask(`${place(room)}/${asset}/subtitles`, token).catch(() => null);
  return answer?.ok ? (await answer.json()).cues : [];
}

/**
 * Where the film can be seen, by the cookie of this page's invitation.
 * @param {string} room
 * @param {string} asset
 */
export function previewAddress(room, asset) {
  const rooms = /** @type {{rooms?: {room: string, ws: string}[]}} */ (/** @type {unknown} */ (page)).rooms ?? [];
  const ws = rooms.find((one) => one.room === room)?.ws ?? page.ws;
  const invitation = new URL(ws, location.href).searchParams.get("as") ?? "";
  return `${place(room)}/${asset}/preview.mp4?${new URLSearchParams({ as: invitation })}`;
}

/**
 * Send a film and tell how much of it has gone.
 * @param {{room: string, token: string, film: File, item: string, onShare: (share: number) => void}} sending
 * @returns {Promise<{asset: string, problem: string}>} one of them is empty
 */
export function sendFilm({ room, token, film, item, onShare }) {
  // Only this old way tells how far a body is.
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => onShare(loaded / (total || 1)));
  const done = new Promise((/** @type {(outcome: {asset: string, problem: string}) => void} */ resolve) => {
    request.addEventListener("loadend", () => {
      const { asset = "", error } = readJson(request.responseText);
      resolve(request.status === 201 ? { asset, problem: "" } : { asset: "", problem: error?.text ?? t("network.command_lost") });
    });
  });
  request.open("POST", `${place(room)}?${new URLSearchParams({ name: film.name.slice(-NAME_CHARS), item, lang: page.lang })}`);
  request.setRequestHeader("Authorization", `Bearer ${token}`);
  request.send(film);
  return done;
}

/**
 * Lay a message's script with the papers of its item, where booths look for it.
 * @param {{room: string, token: string, item: string, script: File}} sending
 */
export function sendScript({ room, token, item, script }) {
  const kind = script.name.toLowerCase().endsWith(".pdf") ? "pdf" : "text";
  const query = new URLSearchParams({ kind, name: script.name.slice(-NAME_CHARS), lang: page.lang });
  const path = `/papers/${encodeURIComponent(room)}/${encodeURIComponent(item || WHOLE_ROOM)}?${query}`;
  return ask(path, token, { method: "POST", body: script });
}

/** @param {{room: string, token: string, asset: string, subtitles: File}} sending */
export function sendSubtitles({ room, token, asset, subtitles }) {
  return ask(`${place(room)}/${asset}/subtitles?${new URLSearchParams({ lang: page.lang })}`, token, { method: "PUT", body: subtitles });
}

/** @param {{room: string, token: string, asset: string}} doomed */
export function removeReel({ room, token, asset }) {
  return ask(`${place(room)}/${asset}?${new URLSearchParams({ lang: page.lang })}`, token, { method: "DELETE" });
}

/**
 * @param {Promise<Response>} asked
 * @returns {Promise<string>} what went wrong, in a sentence; nothing when it is done
 */
export async function problemOf(asked) {
  const answer = await asked.catch(() => null);
  if (answer?.ok) return "";
  return readJson((await answer?.text()) ?? "").error?.text ?? t("network.command_lost");
}

/** @param {string} text */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** @param {string} room */
function place(room) {
  return `/reels/${encodeURIComponent(room)}`;
}

/**
 * @param {string} url
 * @param {string} token
 * @param {RequestInit} [request]
 */
function ask(url, token, request = {}) {
  return fetch(url, { ...request, headers: { Authorization: `Bearer ${token}` } });
}
