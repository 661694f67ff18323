// The middle, under the picture: who speaks and what comes next, and who is on air in every booth.

import { languageName } from "../../lib/i18n.js";
import { itemTime, itemWords, programmeNow } from "../../lib/programme.js";
import { byId, page, t, write } from "../shell.js";

/** @param {import("./desk.js").Desk} desk */
export function mountOverview(desk) {
  const list = byId("booths", HTMLUListElement);
  let shown = "";

  function show() {
    write(byId("floor-language", HTMLElement), languageName(desk.state.floor_language, page.lang));
    const { now, next } = programmeNow(desk.state);
    write(byId("speaker", HTMLElement), now ? (now.speaker || itemWords(now, page.lang)) : "");
    write(byId("next", HTMLElement), next ? nextWords(next) : "");
    const key = JSON.stringify(desk.state.booths);
    if (key === shown) return;
    shown = key;
    list.replaceChildren(...desk.state.booths.map((booth) => boothItem(booth, desk)));
  }

  desk.add({ show });
}

/** @param {import("../../lib/programme.js").Item} next */
function nextWords(next) {
  const item = itemWords(next, page.lang);
  const time = itemTime(next, page.lang);
  return time ? t("booth.next_at", { time, item }) : t("booth.next", { item });
}

/**
 * @param {import("./desk.js").Booth} booth
 * @param {import("./desk.js").Desk} desk
 */
function boothItem(booth, desk) {
  const item = document.createElement("li");
  item.dataset.own = String(booth.booth === desk.booth);
  item.append(element("strong", t("common.booth", { booth: booth.booth })));
  if (booth.seats.length === 0) item.append(element("span", t("booth.empty"), "seat quiet"));
  for (const seat of booth.seats) item.append(seatLine(seat, desk.person));
  return item;
}

/**
 * @param {import("./desk.js").Seat} seat
 * @param {string} self
 */
function seatLine(seat, self) {
  const line = element("span", "", "seat");
  const lamp = element("span", "", "lamp");
  const isOnAir = seat.mic !== "off_air";
  lamp.dataset.lamp = isOnAir ? "on-air" : "off";
  lamp.setAttribute("aria-hidden", "true");
  const name = seat.person === self ? t("booth.you", { name: seat.name }) : seat.name;
  const words = element("span", `${name} `);
  words.append(element("span", seatWords(seat), "quiet"));
  line.append(lamp, words);
  return line;
}

/** @param {import("./desk.js").Seat} seat */
function seatWords(seat) {
  const language = languageName(seat.outgoing, page.lang);
  if (seat.mic === "coughing") return t("booth.seat_coughing", { language });
  if (seat.mic === "on_air") return t(seat.live ? "booth.seat_on_air" : "booth.seat_unheard", { language });
  return t(seat.present ? "booth.seat_off_air" : "booth.seat_absent");
}

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} [className]
 */
function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}
