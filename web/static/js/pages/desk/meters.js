// The meters of a room: a canvas with the bars, over each of them a key to listen, under it a key to mend.

import { may } from "../../lib/desk.js";
import { NO_TRIM, isTrimmed, trimOf } from "../../lib/desk_acts.js";
import { columns, parseSource } from "../../lib/desk_meters.js";
import { press, t, write } from "../shell.js";
import { drawBars } from "./bars.js";
import { isHeard, listenTo, onHeard } from "./ear.js";
import { isMended, openPanel } from "./panel.js";
import { button, element, showRows } from "./rows.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk_meters.js").Meter} Meter */
/** @typedef {import("../../lib/desk_meters.js").MeterBank} MeterBank */

/**
 * @param {Card} card
 * @param {MeterBank} bank
 * @returns {{draw: () => void, show: () => void}} `draw` after new levels, `show` after another layout
 */
export function mountMeters(card, bank) {
  const canvas = card.part("bars", HTMLCanvasElement);
  const list = card.part("meters", HTMLUListElement);
  /** @type {{meter: Meter, left: number, width: number}[]} */
  let places = [];
  const words = { muted: t("desk.muted") };

  function draw() {
    drawBars(canvas, places.map(({ meter, left, width }) => ({ left, width, reading: bank.reading(meter) })), words);
  }

  function measure() {
    places = shown.map((meter, at) => {
      const row = /** @type {HTMLElement} */ (list.children[at]);
      return { meter, left: row.offsetLeft, width: row.offsetWidth };
    });
    draw();
  }

  /** @type {Meter[]} */
  let shown = [];
  function show() {
    shown = columns(card.state, bank.of(card.room));
    showRows(list, shown, keyOf, (meter) => columnOf(card, meter), (row, meter) => fill(card, row, meter));
    measure();
  }
  list.addEventListener("keydown", (event) => mute(card, shown, event));
  new ResizeObserver(measure).observe(list);
  onHeard(show);
  card.add({ show });
  return { draw, show };
}

/** @param {Meter} meter */
function keyOf({ kind, name }) {
  return `${kind} ${name}`;
}

/**
 * @param {Card} card
 * @param {Meter} meter
 */
function columnOf(card, meter) {
  const row = element("li", "column");
  row.dataset.kind = meter.kind;
  const listen = button("", () => listenTo(card, meter), "listen");
  listen.append(element("span", "hidden-words"));
  const mend = button("", () => openPanel(card, meter, mend), "mend");
  mend.append(element("span", "mend-name"), element("span", "hidden-words"));
  mend.setAttribute("aria-haspopup", "dialog");
  row.append(listen, mend);
  return row;
}

/**
 * @param {Card} card
 * @param {HTMLElement} row
 * @param {Meter} meter
 */
function fill(card, row, meter) {
  const listen = /** @type {HTMLButtonElement} */ (row.querySelector(".listen"));
  const mend = /** @type {HTMLButtonElement} */ (row.querySelector(".mend"));
  const name = card.meterName(meter);
  press(listen, isHeard(meter));
  listen.title = name;
  write(listen.querySelector(".hidden-words"), t("desk.listen_to", { what: name }));
  mend.title = name;
  mend.setAttribute("aria-expanded", String(isMended(meter)));
  write(mend.querySelector(".mend-name"), shortName(card, meter));
  write(mend.querySelector(".hidden-words"), t("desk.mend_of", { what: name }));
  row.dataset.air = meter.kind === "source" ? micOf(card, meter.name) : "";
  row.dataset.trimmed = String(meter.kind === "source" && isTrimmed(trimOf(card.state, meter.name)));
}

/**
 * @param {Card} card
 * @param {Meter} meter
 */
function shortName(card, { kind, name }) {
  if (kind === "bus") return name === "floor" ? t("desk.short_floor") : name.toUpperCase();
  const source = parseSource(name);
  return source.person ? card.personName(source.person) : t(`desk.short_${source.kind}`);
}

/**
 * @param {Card} card
 * @param {string} source
 */
function micOf(card, source) {
  const { kind, person } = parseSource(source);
  if (kind !== "mic") return "";
  return card.state.booths.flatMap(({ seats }) => seats).find((seat) => seat.person === person)?.mic ?? "";
}

/**
 * The key M on a meter mutes its source, and lets it sound again.
 * @param {Card} card
 * @param {Meter[]} shown
 * @param {KeyboardEvent} event
 */
function mute(card, shown, event) {
  if (event.code !== "KeyM" || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target instanceof Element ? event.target.closest("li") : null;
  const meter = shown.find((one) => keyOf(one) === row?.getAttribute("data-key"));
  if (meter?.kind !== "source" || !may(card.role, "set_trim")) return;
  const trim = { ...NO_TRIM, ...trimOf(card.state, meter.name) };
  void card.command("set_trim", { source: meter.name, ...trim, muted: !trim.muted });
}
