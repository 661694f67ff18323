// The desk's meters: what the server tells of every source and bus, and how it moves for the eye. Pure.
//
// One WebSocket tells of all rooms: a text message says which meters there are, then binary ones say how they stand, in
// the same order. The figures are steps of half a decibel below full scale.

import { FLOOR } from "./state.js";

/** @typedef {{room: string, name: string, kind: "source" | "bus"}} Meter */
/**
 * How one meter stands. Levels are for the eye: they rise at once and fall slowly.
 * @typedef {object} Reading
 * @property {number} peak_dbfs
 * @property {number} loudness_lufs  momentary
 * @property {number} hold_dbfs      the highest peak of late
 * @property {boolean} hasClipped    within the last ten seconds
 * @property {boolean} isSpeech
 * @property {boolean} isMuted       by the desk's trim
 * @property {boolean} isFlowing
 */

/** Bottom of the scale. */
export const BOTTOM_DB = -60;
/** What the scale shows as lines. */
export const TICKS_DB = [0, -6, -12, -18, -24, -36, -48];
const FALL_DB_PER_S = 24;
const HOLD_MS = 1_500;
const CLIP_MS = 10_000;
const BYTES = 4;
const FLAGS = { clipping: 1, speech: 2, muted: 4, still: 8 };

/**
 * Where a level stands on the scale, 0 at the bottom and 1 at full scale. The upper third, where it matters, has half
 * of the room.
 * @param {number} db
 */
export function height(db) {
  const above = Math.min(1, Math.max(0, 1 - db / BOTTOM_DB));
  return above < 2 / 3 ? above * 0.75 : 0.5 + (above - 2 / 3) * 1.5;
}

/** @param {Meter} meter */
function keyOf({ room, kind, name }) {
  return `${room} ${kind} ${name}`;
}

/** @typedef {Reading & {heldAt: number, clippedAt: number, at: number}} Kept */

export class MeterBank {
  #version = -1;
  /** @type {Meter[]} */ #meters = [];
  /** @type {Map<string, Kept>} */ #kept = new Map();

  /**
   * @param {{version: number, meters: Meter[]}} message  which meters the next messages tell of
   */
  layout({ version, meters }) {
    this.#version = version;
    this.#meters = meters;
    const there = new Set(meters.map(keyOf));
    for (const key of this.#kept.keys()) if (!there.has(key)) this.#kept.delete(key);
  }

  /**
   * @param {string} room
   * @returns {Meter[]} in the server's order
   */
  of(room) {
    return this.#meters.filter((meter) => meter.room === room);
  }

  /**
   * Take a binary message. One of another layout than the last told is let go.
   * @param {ArrayBuffer} message
   * @param {number} now  milliseconds
   * @returns {boolean} whether it fitted
   */
  levels(message, now) {
    const view = new DataView(message);
    if (view.byteLength !== 2 + BYTES * this.#meters.length || view.getUint16(0, true) !== (this.#version & 0xffff)) return false;
    this.#meters.forEach((meter, index) => {
      const at = 2 + BYTES * index;
      const told = { peak: 0 - view.getUint8(at) / 2, loudness: 0 - view.getUint8(at + 2) / 2, flags: view.getUint8(at + 3) };
      this.#kept.set(keyOf(meter), moved(this.#kept.get(keyOf(meter)), told, now));
    });
    return true;
  }

  /** Nothing is told any more: nobody should take what was for what is. */
  forget() {
    this.#kept.clear();
  }

  /**
   * @param {Meter} meter
   * @returns {Reading | null} null before the server has told of it
   */
  reading(meter) {
    return this.#kept.get(keyOf(meter)) ?? null;
  }
}

/**
 * @param {Kept | undefined} before
 * @param {{peak: number, loudness: number, flags: number}} told
 * @param {number} now
 * @returns {Kept}
 */
function moved(before, { peak, loudness, flags }, now) {
  const fall = before ? (FALL_DB_PER_S * (now - before.at)) / 1000 : 0;
  const isHigher = !before || peak >= before.hold_dbfs || now - before.heldAt > HOLD_MS;
  const clippedAt = flags & FLAGS.clipping ? now : (before?.clippedAt ?? -Infinity);
  return {
    peak_dbfs: before ? Math.max(peak, before.peak_dbfs - fall) : peak,
    loudness_lufs: loudness,
    hold_dbfs: isHigher ? peak : before.hold_dbfs,
    heldAt: isHigher ? now : before.heldAt,
    clippedAt,
    hasClipped: now - clippedAt < CLIP_MS,
    isSpeech: Boolean(flags & FLAGS.speech),
    isMuted: Boolean(flags & FLAGS.muted),
    isFlowing: !(flags & FLAGS.still),
    at: now,
  };
}

const SOURCES = ["venue", "backup", "playout", "speaker", "mic", "demo"];
// What is there for a short while only, and would be an empty column otherwise.
const NOW_AND_THEN = new Set(["backup", "playout", "demo"]);

/** @param {string} source @returns {{kind: string, person: string}} its kind, and whose it is */
export function parseSource(source) {
  const at = source.indexOf(":");
  return at < 0 ? { kind: source, person: "" } : { kind: source.slice(0, at), person: source.slice(at + 1) };
}

/**
 * The columns of a room, side by side: the floor and every channel, then what comes in. They follow from the state, so
 * that they are there before the first reading; sources that the state does not name come from the meters' layout.
 * @param {import("./desk.js").DeskState} state
 * @param {Meter[]} told  of this room
 * @returns {Meter[]}
 */
export function columns(state, told) {
  const { room } = state;
  const buses = [FLOOR, ...state.channels.map(({ channel }) => channel)];
  const seats = state.booths.flatMap((booth) => booth.seats);
  const flowing = new Set(state.venue_sources ?? []);
  const known = told.filter(({ kind }) => kind === "source").map(({ name }) => name);
  const wanted = new Set(["venue", ...flowing, ...seats.map(({ person }) => `mic:${person}`), ...known]);
  if (state.venue_source) wanted.add(state.venue_source);
  if (state.venue === "demo") wanted.add("demo");
  const isShown = (/** @type {string} */ name) =>
    !NOW_AND_THEN.has(name) || flowing.has(name) || name === state.venue_source || (name === "demo" && state.venue === "demo") || (name === "playout" && Boolean(state.playout));
  const sources = [...wanted].filter(isShown).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return [
    ...buses.map((name) => ({ room, name, kind: /** @type {const} */ ("bus") })),
    ...sources.map((name) => ({ room, name, kind: /** @type {const} */ ("source") })),
  ];
}

/** @param {string} source */
function rank(source) {
  const at = SOURCES.indexOf(parseSource(source).kind);
  return at < 0 ? SOURCES.length : at;
}
