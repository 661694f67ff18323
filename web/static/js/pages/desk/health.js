// How a room's streams are: what comes from the hall, the livestream, the disk, the browsers that report.

import { gigabytes } from "../../lib/desk.js";
import { page, t, write } from "../shell.js";
import { streamRows } from "./figures.js";
import { element, showRows } from "./rows.js";

/** @typedef {import("./card.js").Card} Card */
/** @typedef {import("./figures.js").Row} Row */

/** @param {Card} card */
export function mountHealth(card) {
  card.add({ show: () => {}, facts: () => showHealth(card) });
}

/** @param {Card} card */
function showHealth(card) {
  showRows(
    card.part("health", HTMLElement),
    healthRows(card),
    ({ name }) => name,
    ({ name }) => {
      const row = element("div");
      row.append(element("dt", "", name), element("dd"));
      return row;
    },
    (row, { words, isPoor = false }) => {
      row.dataset.poor = String(isPoor);
      write(row.querySelector("dd"), isPoor ? `⚠ ${words}` : words);
    },
  );
}

/** @param {NonNullable<import("../../lib/desk.js").Facts["reports"]>} reports */
function reportWords({ lost_percent, jitter_buffer_ms }) {
  const parts = [];
  if (lost_percent) {
    const [median, worst] = [lost_percent.median, lost_percent.worst].map((percent) => percent.toLocaleString(page.lang));
    parts.push(t("desk.report_lost", { median: median ?? "", worst: worst ?? "" }));
  }
  if (jitter_buffer_ms) parts.push(t("desk.report_buffer", { median: Math.round(jitter_buffer_ms.median), worst: Math.round(jitter_buffer_ms.worst) }));
  return parts.join(" · ");
}

/**
 * @param {Card} card
 * @returns {Row[]}
 */
function healthRows(card) {
  const { facts } = card;
  if (!facts) return [];
  /** @type {Row[]} */
  const rows = [];
  for (const source of ["venue", "backup"]) {
    for (const row of streamRows(card, source)) {
      rows.push({ ...row, name: `${t(`desk.sender_${source}`)}, ${row.name}` });
    }
  }
  const { reports } = facts;
  if (reports && reports.pages > 0) rows.push({ name: t("desk.health_reports", { n: reports.pages }), words: reportWords(reports) });
  const live = facts.livestream;
  if (live) rows.push({ name: t("desk.health_livestream"), words: t(live.is_running ? "desk.health_runs" : "desk.health_rests") });
  const free = gigabytes(facts.disk.free_bytes).toLocaleString(page.lang);
  const isFull = facts.disk.free_bytes < facts.disk.total_bytes / 20;
  rows.push({ name: t("desk.health_disk"), words: t("desk.health_free", { free }), isPoor: isFull });
  return rows;
}
