// The figures of a source or a channel, in words: how loud, how it comes, who listens.

import { isPoor, listenersOf } from "../../lib/desk.js";
import { page, t } from "../shell.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("../../lib/desk.js").Line} Line */
/** @typedef {import("../../lib/desk_meters.js").Meter} Meter */
/** @typedef {import("../../lib/desk_meters.js").Reading} Reading */
/** @typedef {{name: string, words: string, isPoor?: boolean}} Row */

/**
 * @param {Card} card
 * @param {Meter} meter
 * @param {Reading | null} reading
 * @returns {Row[]}
 */
export function figureRows(card, { kind, name }, reading) {
  /** @type {Row[]} */
  const rows = [];
  if (reading?.isFlowing) {
    rows.push({ name: t("desk.peak"), words: t("desk.decibels", { db: number(reading.peak_dbfs) }) });
    rows.push({ name: t("desk.loudness"), words: t("desk.lufs", { lufs: number(reading.loudness_lufs) }) });
  }
  return rows.concat(kind === "source" ? streamRows(card, name) : [listenerRow(card, name)]);
}

/**
 * How a source's sound and picture come.
 * @param {Card} card
 * @param {string} source
 * @returns {Row[]}
 */
export function streamRows(card, source) {
  const lines = card.facts?.sources[source];
  /** @type {Row[]} */
  const rows = [];
  for (const kind of /** @type {const} */ (["audio", "video"])) {
    const line = lines?.[kind];
    if (line) rows.push({ name: t(`desk.health_${kind}`), words: lineWords(line), isPoor: isPoor(line) });
  }
  return rows;
}

/** @param {Line} line */
function lineWords(line) {
  const parts = [
    some(line.bitrate_kbps, (kbit) => (kbit >= 1000 ? t("desk.mbit", { n: number(kbit / 1000, 1) }) : t("desk.kbit", { n: number(kbit) }))),
    some(line.frames_per_s, (frames) => t("desk.frames", { n: number(frames) })),
    t("desk.lost", { percent: number(line.lost_percent, 1) }),
    t("desk.jitter", { ms: number(line.jitter_ms) }),
    some(line.round_trip_ms, (ms) => t("desk.round_trip", { ms: number(ms) })),
    some(line.delay_ms, (ms) => t("desk.delay", { ms: number(ms) })),
    some(line.keyframe_age_s, (seconds) => t("desk.keyframe", { s: number(seconds, 1) })),
    some(line.drift_ppm, (ppm) => t("desk.drift", { ppm: number(ppm) })),
  ];
  return parts.filter((words) => words !== "").join(" · ");
}

/**
 * @param {number | null | undefined} value
 * @param {(value: number) => string} words
 */
function some(value, words) {
  return value === null || value === undefined ? "" : words(value);
}

/**
 * @param {Card} card
 * @param {string} channel
 * @returns {Row}
 */
function listenerRow(card, channel) {
  return { name: t("desk.listening_now"), words: listenerWords(card, channel) };
}

/**
 * @param {Card} card
 * @param {string} channel
 */
export function listenerWords(card, channel) {
  const { webrtc, hls } = listenersOf(card.state, card.facts, channel);
  return hls === null ? String(webrtc) : t("desk.listeners_by_way", { direct: webrtc, stream: hls });
}

/**
 * @param {number} value
 * @param {number} [digits]
 */
function number(value, digits = 0) {
  return value.toLocaleString(page.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
