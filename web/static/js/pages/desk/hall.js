// What comes from the hall: its state, its two senders, the holding slide, the floor's language, fallbacks, who is on air.

import { gigabytes, onAirInto, senderState } from "../../lib/desk.js";
import { channelWords } from "../../lib/state.js";
import { page, press, t, write } from "../shell.js";
import { element, showRows } from "./rows.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/state.js").RoomState} RoomState */

/** @param {Card} card */
export function mountHall(card) {
  const senders = card.by("venue", HTMLButtonElement);
  const floors = card.by("floor", HTMLButtonElement);
  const fallbacks = card.by("fallback", HTMLSelectElement);
  const slide = card.part("slide", HTMLButtonElement);
  for (const [source, button] of senders) {
    button.addEventListener("click", () => void card.command("select_venue", { source }));
  }
  for (const [language, button] of floors) {
    button.addEventListener("click", () => void card.command("set_floor_language", { language }));
  }
  for (const [language, select] of fallbacks) {
    select.addEventListener("change", () => void card.command("set_fallback", { language, fallback: select.value }));
  }
  slide.addEventListener("click", () => void card.command("hold_slide", { held: !card.state.is_held }));

  function show() {
    const { state } = card;
    const venue = card.part("venue-state", HTMLElement);
    venue.dataset.venue = state.venue;
    write(venue, t(`desk.venue_${state.venue}`));
    const heard = Object.values(state.listeners ?? {}).reduce((sum, count) => sum + count, 0);
    write(card.part("listeners", HTMLElement), t("desk.listeners", { n: heard }));
    for (const [source, button] of senders) showSender(button, source, state);
    for (const [language, button] of floors) press(button, language === state.floor_language);
    for (const { channel, fallback } of state.channels) {
      const select = fallbacks.get(channel);
      if (select && document.activeElement !== select) select.value = fallback;
    }
    press(slide, state.is_held ?? false);
    write(slide, t(state.is_held ? "desk.slide_end" : "desk.slide"));
    showAir(card);
  }
  card.add({ show, facts: () => showHealth(card) });
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} source
 * @param {RoomState} state
 */
function showSender(button, source, state) {
  const { flows, isSelected, lamp } = senderState(state, source);
  press(button, isSelected);
  const sign = button.querySelector(".lamp");
  if (sign instanceof HTMLElement) sign.dataset.lamp = lamp;
  write(button.querySelector(".words"), t(flows ? "desk.sender_flows" : "desk.sender_away"));
}

/** @param {Card} card */
function showAir(card) {
  const floor = card.channelName(card.state.floor_language);
  for (const [channel, row] of card.by("channel", HTMLLIElement)) {
    const people = onAirInto(card.state, channel);
    const { lamp, key } = channelWords(card.state, channel);
    const sign = row.querySelector(".lamp");
    if (sign instanceof HTMLElement) sign.dataset.lamp = people.length > 0 ? "on-air" : lamp;
    const names = people.map(({ name, booth, live }) => t(live ? "desk.on_air_by" : "desk.on_air_silent", { name, booth }));
    write(row.querySelector(".words"), names.join(", ") || t(key, { language: floor }));
  }
}

/** @param {Card} card */
function showHealth(card) {
  const { facts } = card;
  if (!facts) return;
  /** @type {{name: string, words: string}[]} */
  const lines = [];
  for (const source of ["venue", "backup"]) {
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      const line = facts.sources[source]?.[kind];
      if (!line) continue;
      const words = t("desk.health_line", { packets: line.packets_per_s, lost: line.lost_percent, jitter: Math.round(line.jitter_ms) });
      lines.push({ name: `${t(`desk.sender_${source}`)}, ${t(`desk.health_${kind}`)}`, words });
    }
  }
  const live = facts.livestream;
  if (live) lines.push({ name: t("desk.health_livestream"), words: t(live.is_running ? "desk.health_runs" : "desk.health_rests") });
  const free = gigabytes(facts.disk.free_bytes).toLocaleString(page.lang);
  lines.push({ name: t("desk.health_disk"), words: t("desk.health_free", { free }) });
  showRows(
    card.part("health", HTMLElement),
    lines,
    ({ name }) => name,
    ({ name }) => {
      const row = element("div");
      row.append(element("dt", "", name), element("dd"));
      return row;
    },
    (row, { words }) => write(row.querySelector("dd"), words),
  );
}
