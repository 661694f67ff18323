import assert from "node:assert/strict";
import { test } from "node:test";

import { MeterFeed } from "../../web/static/js/lib/desk_feed.js";
import { MeterBank, columns, height, parseSource } from "../../web/static/js/lib/desk_meters.js";
import { FakeTimers } from "./fakes.js";

const VENUE = { room: "hall", name: "venue", kind: /** @type {const} */ ("source") };
const FLOOR = { room: "hall", name: "floor", kind: /** @type {const} */ ("bus") };

/** @param {number} version @param {...[number, number, number, number]} meters */
function message(version, ...meters) {
  const bytes = new Uint8Array(2 + 4 * meters.length);
  new DataView(bytes.buffer).setUint16(0, version, true);
  meters.forEach((meter, at) => bytes.set(meter, 2 + 4 * at));
  return bytes.buffer;
}

function bank() {
  const made = new MeterBank();
  made.layout({ version: 7, meters: [FLOOR, VENUE] });
  return made;
}

test("levels are half decibels below full scale, in the layout's order", () => {
  const meters = bank();
  assert.ok(meters.levels(message(7, [20, 50, 46, 2], [255, 255, 255, 12]), 0));
  const floor = meters.reading(FLOOR);
  assert.deepEqual([floor?.peak_dbfs, floor?.loudness_lufs, floor?.hold_dbfs], [-10, -23, -10]);
  assert.deepEqual([floor?.isSpeech, floor?.isMuted, floor?.isFlowing, floor?.hasClipped], [true, false, true, false]);
  const venue = meters.reading(VENUE);
  assert.deepEqual([venue?.isMuted, venue?.isFlowing], [true, false]);
});

test("what is of another layout, or of another length, is let go", () => {
  const meters = bank();
  assert.ok(!meters.levels(message(6, [0, 0, 0, 0], [0, 0, 0, 0]), 0));
  assert.ok(!meters.levels(message(7, [0, 0, 0, 0]), 0));
  assert.ok(!meters.levels(new ArrayBuffer(0), 0));
  assert.equal(meters.reading(FLOOR), null);
  meters.layout({ version: 65_536 + 3, meters: [VENUE] });
  assert.ok(meters.levels(message(3, [0, 0, 0, 0]), 0), "two bytes carry the version");
});

test("a peak rises at once, falls slowly, is held, and a clip stays marked for ten seconds", () => {
  const meters = bank();
  const still = /** @type {[number, number, number, number]} */ ([255, 255, 255, 8]);
  meters.levels(message(7, [0, 12, 12, 1], still), 0);
  meters.levels(message(7, [120, 120, 120, 0], still), 100);
  assert.equal(meters.reading(FLOOR)?.peak_dbfs, -2.4);
  assert.equal(meters.reading(FLOOR)?.hold_dbfs, 0);
  assert.ok(meters.reading(FLOOR)?.hasClipped);
  for (let now = 200; now <= 10_100; now += 100) meters.levels(message(7, [120, 120, 120, 0], still), now);
  assert.equal(meters.reading(FLOOR)?.hold_dbfs, -60);
  assert.ok(!meters.reading(FLOOR)?.hasClipped);
  meters.forget();
  assert.equal(meters.reading(FLOOR), null);
});

test("a source that leaves the layout is forgotten", () => {
  const meters = bank();
  meters.levels(message(7, [0, 0, 0, 0], [0, 0, 0, 0]), 0);
  meters.layout({ version: 8, meters: [FLOOR] });
  assert.equal(meters.reading(VENUE), null);
  assert.notEqual(meters.reading(FLOOR), null);
  assert.deepEqual(meters.of("hall"), [FLOOR]);
  assert.deepEqual(meters.of("elsewhere"), []);
});

test("the scale has its whole length for sixty decibels, and half of it for the loudest twenty", () => {
  assert.deepEqual([0, -20, -60, -127, 6].map((db) => Number(height(db).toFixed(6))), [1, 0.5, 0, 0, 1]);
  const steps = Array.from({ length: 61 }, (_, db) => height(-db));
  assert.ok(steps.every((value, at) => at === 0 || value < /** @type {number} */ (steps[at - 1])));
});

test("columns are there before the first reading, the floor and the channels first", () => {
  const seat = { person: "olena", name: "Olena" };
  const state = /** @type {any} */ ({
    room: "hall",
    channels: [{ channel: "de" }, { channel: "uk" }],
    booths: [{ seats: [seat] }],
    venue: "live",
    venue_source: "venue",
    venue_sources: ["venue"],
  });
  const names = (/** @type {any} */ of, /** @type {any[]} */ told = []) => columns(of, told).map(({ name }) => name);
  assert.deepEqual(names(state), ["floor", "de", "uk", "venue", "mic:olena"]);
  const idle = ["backup", "demo", "playout", "speaker:mary"].map((name) => ({ room: "hall", name, kind: "source" }));
  assert.deepEqual(names(state, idle), ["floor", "de", "uk", "venue", "speaker:mary", "mic:olena"]);
  const busy = { ...state, venue: "demo", venue_sources: ["backup"], playout: { reel: "cued" } };
  assert.deepEqual(names(busy, idle), ["floor", "de", "uk", "venue", "backup", "playout", "speaker:mary", "mic:olena", "demo"]);
});

test("sources and whose they are", () => {
  assert.deepEqual(parseSource("venue"), { kind: "venue", person: "" });
  assert.deepEqual(parseSource("mic:a:b"), { kind: "mic", person: "a:b" });
});

class FakeSocket {
  isClosed = false;
  close() {
    this.isClosed = true;
  }
}

function feed() {
  const timers = new FakeTimers();
  /** @type {any[]} */ const sockets = [];
  /** @type {unknown[]} */ const heard = [];
  const made = new MeterFeed({
    url: "ws://desk/meters",
    onLayout: ({ version }) => heard.push(version),
    onLevels: (levels) => heard.push(levels.byteLength),
    onLost: () => heard.push("lost"),
    open: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1);
    },
    timers: /** @type {any} */ (timers),
  });
  return { made, timers, sockets, heard };
}

test("the feed tells what it hears, and other words are nothing to it", () => {
  const { made, sockets, heard } = feed();
  made.run();
  made.run();
  assert.equal(sockets.length, 1);
  assert.equal(sockets[0].binaryType, "arraybuffer");
  sockets[0].onmessage({ data: JSON.stringify({ type: "layout", version: 3, meters: [] }) });
  sockets[0].onmessage({ data: JSON.stringify({ type: "news" }) });
  sockets[0].onmessage({ data: new ArrayBuffer(6) });
  assert.deepEqual(heard, [3, 6]);
});

test("the feed comes back when its line breaks or falls silent, and rests when nobody looks", async () => {
  const { made, timers, sockets, heard } = feed();
  made.run();
  sockets[0].onclose();
  assert.deepEqual(heard, ["lost"]);
  await timers.advance(500);
  assert.equal(sockets.length, 2);
  await timers.advance(3_000);
  assert.ok(sockets[1].isClosed);
  await timers.advance(1_000);
  assert.equal(sockets.length, 3);
  made.rest();
  assert.ok(sockets[2].isClosed);
  sockets[2].onclose();
  await timers.advance(10_000);
  assert.equal(sockets.length, 3);
  made.run();
  assert.equal(sockets.length, 4);
});
