// What stands around the picture: who interprets, the programme, the other way, the lock screen.

import { languageName } from "../../lib/i18n.js";
import { itemTime, itemWords, programmeNow } from "../../lib/programme.js";
import { channelWords } from "../../lib/state.js";
import { byId, light, page, press, t, write } from "../shell.js";

/** @typedef {import("../../lib/player.js").Course} Course */
/** @typedef {import("../../lib/state.js").RoomState} RoomState */

/**
 * The lamps relate to now, wherever in the livestream the listener is.
 * @param {RoomState} state
 * @param {Map<string, HTMLElement>} buttons  by channel
 * @param {string | null} chosen
 */
export function showLanguages(state, buttons, chosen) {
  const floor = languageName(state.floor_language, page.lang);
  for (const [channel, button] of buttons) {
    const { lamp, key } = channelWords(state, channel);
    light(button, lamp, t(key, { language: floor }));
    press(button, channel === chosen);
  }
}

/**
 * Why the page plays another way than the one wished, and the way back; nothing while it plays none.
 * @param {Course} course
 * @param {boolean} isPlaying
 */
export function showDetour({ way, reason }, isPlaying) {
  byId("detour", HTMLElement).hidden = reason === null || !isPlaying;
  write(byId("detour-words", HTMLElement), reason === null ? "" : t(detourKey(way, reason)));
  write(byId("detour-back", HTMLElement), t(way === "direct" ? "watch.back_to_livestream" : "watch.back_to_direct"));
}

/**
 * @param {import("../../lib/player.js").Way} way
 * @param {import("../../lib/player.js").Reason} reason
 */
function detourKey(way, reason) {
  if (way === "direct") return reason === "absent" ? "watch.livestream_absent" : "watch.livestream_failing";
  return reason === "busy" ? "watch.direct_busy" : "watch.direct_failing";
}

/**
 * That a desk has sent the listener to another channel, and the way back to the one they chose.
 * @param {string | null} from  null: they hear what they chose
 * @param {string} to
 */
export function showMoved(from, to) {
  byId("moved", HTMLElement).hidden = from === null;
  write(byId("moved-words", HTMLElement), from === null ? "" : t("watch.moved", { from, to }));
  write(byId("moved-back", HTMLElement), from === null ? "" : t("watch.moved_back", { language: from }));
}

/** @param {RoomState} state */
export function showProgramme(state) {
  const { now, next } = programmeNow(state);
  byId("programme", HTMLElement).hidden = !now && !next;
  showItem(byId("programme-now", HTMLElement), now, "");
  showItem(byId("programme-next", HTMLElement), next, next ? itemTime(next, page.lang) : "");
}

/**
 * @param {HTMLElement} element
 * @param {import("../../lib/programme.js").Item | null} item
 * @param {string} time
 */
function showItem(element, item, time) {
  element.hidden = item === null;
  write(element.querySelector("dd"), item ? [time, itemWords(item, page.lang)].filter(Boolean).join(" ") : "");
}

/**
 * The lock screen.
 * @param {RoomState} state
 * @param {string} artist  what is heard
 * @param {boolean} isPlaying
 */
export function showOutside(state, artist, isPlaying) {
  if (!("mediaSession" in navigator)) return;
  const title = state.title[page.lang] ?? Object.values(state.title)[0] ?? "";
  const shown = navigator.mediaSession.metadata;
  if (shown?.title !== title || shown.artist !== artist) {
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist, album: "Tolmach" });
  }
  navigator.mediaSession.playbackState = isPlaying ? "playing" : "paused";
}

/**
 * The keys of the lock screen and of a headset.
 * @param {object} acts
 * @param {() => void} acts.play
 * @param {() => void} acts.pause
 * @param {(seconds: number) => void} acts.step
 */
export function mountOutside({ play, pause, step }) {
  if (!("mediaSession" in navigator)) return;
  const session = navigator.mediaSession;
  session.setActionHandler("play", play);
  session.setActionHandler("pause", pause);
  session.setActionHandler("seekbackward", ({ seekOffset }) => step(-(seekOffset ?? 10)));
  session.setActionHandler("seekforward", ({ seekOffset }) => step(seekOffset ?? 10));
}
