// What comes from the hall: its state, its two senders, the holding slide, the floor's language, who is on air.

import { listenersOf, onAirInto, relayChains, senderState } from "../../lib/desk.js";
import { FLOOR, channelWords } from "../../lib/state.js";
import { press, t, write } from "../shell.js";
import { listenerWords } from "./figures.js";
import { element, showRows } from "./rows.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/state.js").RoomState} RoomState */

/** @param {Card} card */
export function mountHall(card) {
  const senders = card.by("venue", HTMLButtonElement);
  const floors = card.by("floor", HTMLButtonElement);
  const slide = card.part("slide", HTMLButtonElement);
  for (const [source, button] of senders) {
    button.addEventListener("click", () => void card.command("select_venue", { source }));
  }
  for (const [language, button] of floors) {
    button.addEventListener("click", () => void card.command("set_floor_language", { language }));
  }
  slide.addEventListener("click", () => void card.command("hold_slide", { held: !card.state.is_held }));

  function show() {
    const { state } = card;
    const venue = card.part("venue-state", HTMLElement);
    venue.dataset.venue = state.venue;
    write(venue, t(`desk.venue_${state.venue}`));
    write(card.part("floor-now", HTMLElement), t("desk.floor_now", { language: card.channelName(state.floor_language) }));
    for (const [source, button] of senders) showSender(button, source, state);
    for (const [language, button] of floors) press(button, language === state.floor_language);
    press(slide, state.is_held ?? false);
    write(slide, t(state.is_held ? "desk.slide_end" : "desk.slide"));
    showAir(card);
    showRelay(card);
    showListeners(card);
  }
  card.add({ show, facts: () => showListeners(card) });
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
  for (const [channel, row] of card.by("channel", HTMLLIElement)) {
    const people = onAirInto(card.state, channel);
    const { lamp } = channelWords(card.state, channel);
    const sign = row.querySelector(".lamp");
    if (sign instanceof HTMLElement) sign.dataset.lamp = people.length > 0 ? "on-air" : lamp;
    const names = people.map(({ name, booth, live }) => t(live ? "desk.on_air_by" : "desk.on_air_silent", { name, booth }));
    write(row.querySelector(".words"), names.join(", ") || t(`desk.air_${unstaffed(card.state, channel)}`));
  }
}

/**
 * What a channel carries into which nobody speaks.
 * @param {RoomState} state
 * @param {string} channel
 */
function unstaffed(state, channel) {
  const found = state.channels.find((one) => one.channel === channel);
  return found?.mode === "passthrough" ? "passthrough" : (found?.fallback ?? "silence");
}

/**
 * Who interprets from whom, as chains of languages.
 * @param {Card} card
 */
function showRelay(card) {
  const chains = relayChains(card.state);
  const relay = card.part("relay", HTMLElement);
  relay.hidden = chains.length === 0;
  showRows(
    relay,
    chains,
    (chain) => chain.join(),
    (chain) => {
      const row = element("li");
      const names = chain.map((language) => card.channelName(language));
      const drawn = element("span", "chain", chain.map((language) => language.toUpperCase()).join(" → "));
      drawn.setAttribute("aria-hidden", "true");
      row.append(drawn, element("span", "hidden-words", names.join(", ")));
      row.dataset.isRelay = String(chain.length > 2);
      return row;
    },
    () => {},
  );
}

/** @param {Card} card */
function showListeners(card) {
  const heard = [FLOOR, ...card.state.channels.map(({ channel }) => channel)].reduce((sum, channel) => {
    const { webrtc, hls } = listenersOf(card.state, card.facts, channel);
    return sum + webrtc + (hls ?? 0);
  }, 0);
  write(card.part("listeners", HTMLElement), t("desk.listeners", { n: heard }));
  for (const [channel, row] of card.by("channel", HTMLLIElement)) {
    const { webrtc, hls } = listenersOf(card.state, card.facts, channel);
    const figures = row.querySelector(".heard-by");
    write(figures, hls === null ? String(webrtc) : `${webrtc} + ${hls}`);
    figures?.setAttribute("title", `${t("desk.listening_now")}: ${listenerWords(card, channel)}`);
  }
}
