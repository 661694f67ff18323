// Draws the meters of a room on one canvas: peak and loudness side by side on one scale, the highest peak, clipping.
//
// Nothing is told by colour alone: clipping is a mark with an exclamation, a muted source is crossed out by a word,
// one of which nothing comes is hatched.

import { TICKS_DB, height } from "../../lib/desk_meters.js";

/** @typedef {import("../../lib/desk_meters.js").Reading} Reading */
/** @typedef {{left: number, width: number, reading: Reading | null}} Column  in CSS pixels */

const COLOURS = {
  track: "#05080b",
  line: "#33404b",
  figure: "#b0bcc6",
  calm: "#3fb573",
  high: "#e8b62c",
  over: "#ff5a5f",
  loudness: "#8ec3f5",
  quiet: "#5d6b78",
  hold: "#ffffff",
};
const HIGH_DB = -9;
const OVER_DB = -3;
const CLIP_PX = 16;
/** So far apart figures of the scale can be read. */
const FIGURE_PX = 11;
const FONT = "system-ui, sans-serif";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Column[]} columns
 * @param {{muted: string}} words
 */
export function drawBars(canvas, columns, words) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { clientWidth: width, clientHeight: tall } = canvas;
  fit(canvas, width, tall);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, tall);
  const field = { top: CLIP_PX + 2, tall: tall - CLIP_PX - 2 };
  for (const column of columns) drawTrack(context, column, field);
  drawScale(context, width, field);
  for (const column of columns) drawColumn(context, column, field, words);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} tall
 */
function fit(canvas, width, tall) {
  const [x, y] = [Math.round(width * devicePixelRatio), Math.round(tall * devicePixelRatio)];
  if (canvas.width !== x) canvas.width = x;
  if (canvas.height !== y) canvas.height = y;
}

/** @typedef {{top: number, tall: number}} Field */

/**
 * @param {number} db
 * @param {Field} field
 */
function rowOf(db, { top, tall }) {
  return Math.round(top + tall * (1 - height(db)));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Column} column
 * @param {Field} field
 */
function drawTrack(context, { left, width }, { top, tall }) {
  context.fillStyle = COLOURS.track;
  context.fillRect(left + 3, top, width - 6, tall);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {Field} field
 */
function drawScale(context, width, field) {
  context.font = `11px ${FONT}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  let last = -Infinity;
  for (const db of TICKS_DB) {
    const y = rowOf(db, field);
    context.fillStyle = COLOURS.line;
    context.fillRect(24, y, width - 24, 1);
    if (y - last < FIGURE_PX) continue;
    last = y;
    context.fillStyle = COLOURS.figure;
    context.fillText(String(Math.abs(db)), 20, Math.max(y, 6));
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Column} column
 * @param {Field} field
 * @param {{muted: string}} words
 */
function drawColumn(context, { left, width, reading }, field, words) {
  const inner = { left: left + 4, width: width - 8 };
  if (!reading || !reading.isFlowing) {
    hatch(context, inner, field);
    return;
  }
  const half = Math.round(inner.width * 0.55);
  drawPeak(context, { left: inner.left, width: half }, reading, field);
  const loud = rowOf(reading.loudness_lufs, field);
  context.fillStyle = reading.isMuted ? COLOURS.quiet : COLOURS.loudness;
  context.fillRect(inner.left + half + 2, loud, inner.width - half - 2, field.top + field.tall - loud);
  if (reading.hasClipped) drawClip(context, inner, field);
  if (reading.isMuted) drawMuted(context, inner, field, words.muted);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, width: number}} at
 * @param {Reading} reading
 * @param {Field} field
 */
function drawPeak(context, { left, width }, { peak_dbfs, hold_dbfs, isMuted }, field) {
  const zones = /** @type {const} */ ([[-Infinity, HIGH_DB, COLOURS.calm], [HIGH_DB, OVER_DB, COLOURS.high], [OVER_DB, 0, COLOURS.over]]);
  for (const [from, to, colour] of zones) {
    if (peak_dbfs <= from) continue;
    const upper = rowOf(Math.min(peak_dbfs, to), field);
    const lower = from === -Infinity ? field.top + field.tall : rowOf(from, field);
    context.fillStyle = isMuted ? COLOURS.quiet : colour;
    context.fillRect(left, upper, width, lower - upper);
  }
  const held = rowOf(hold_dbfs, field);
  if (height(hold_dbfs) <= 0) return;
  context.fillStyle = COLOURS.hold;
  context.fillRect(left, held - 1, width, 2);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, width: number}} at
 * @param {Field} field
 */
function drawClip(context, { left, width }, { top }) {
  context.fillStyle = COLOURS.over;
  context.fillRect(left, top - CLIP_PX - 2, width, CLIP_PX);
  context.fillStyle = "#1a0304";
  context.font = `900 14px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText("!", left + width / 2, top - CLIP_PX / 2 - 1);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, width: number}} at
 * @param {Field} field
 * @param {string} word
 */
function drawMuted(context, { left, width }, { top, tall }, word) {
  context.save();
  context.translate(left + width / 2, top + tall / 2);
  context.rotate(-Math.PI / 2);
  context.font = `700 15px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const wide = context.measureText(word).width + 12;
  context.fillStyle = "#ffe2a3";
  context.fillRect(-wide / 2, -10, wide, 20);
  context.fillStyle = "#2e2000";
  context.fillText(word, 0, 1);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, width: number}} at
 * @param {Field} field
 */
function hatch(context, { left, width }, { top, tall }) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, tall);
  context.clip();
  context.strokeStyle = COLOURS.line;
  context.lineWidth = 2;
  context.beginPath();
  for (let y = top - width; y < top + tall + width; y += 9) {
    context.moveTo(left, y + width);
    context.lineTo(left + width, y);
  }
  context.stroke();
  context.restore();
}
