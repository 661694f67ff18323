import assert from "node:assert/strict";
import { test } from "node:test";

import { BAD_MS, SETTLE_MS, SPARE_MS, WayOut, badSince, isTooBad, lookAtLine } from "../../web/static/js/lib/way_out.js";

const LOOK_MS = 1_000;
const lossy = (/** @type {string} */ kind) => new Map([["lost", { type: "remote-inbound-rtp", kind, fractionLost: 0.4 }]]);

test("a line is bad by its queue and by what is lost, and only after a while", () => {
  const pair = { type: "candidate-pair", nominated: true, state: "succeeded" };
  const report = new Map([
    ["pair", { ...pair, availableOutgoingBitrate: 90_000, currentRoundTripTime: 0.5 }],
    ["old", { type: "candidate-pair", nominated: false, state: "failed", availableOutgoingBitrate: 9_000_000 }],
    ["sound", { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.02 }],
    ["picture", { type: "remote-inbound-rtp", kind: "video", fractionLost: 0.3 }],
  ]);
  assert.deepEqual(lookAtLine(report, false), { bps: 90_000, round_s: 0.5, lost: 0.02 });
  assert.deepEqual(lookAtLine(report, true), { bps: 90_000, round_s: 0.5, lost: 0.3 });
  assert.deepEqual(lookAtLine(new Map(), true), { bps: null, round_s: null, lost: null });
  const unknown = { bps: null, round_s: null, lost: null };
  assert.equal(badSince(null, unknown, 5), null);
  assert.equal(badSince(null, { ...unknown, bps: 90_000, round_s: 0.5 }, 5), 5);
  assert.equal(badSince(null, { ...unknown, bps: 90_000, round_s: 0.05 }, 5), null);
  assert.equal(badSince(null, { ...unknown, bps: 900_000, round_s: 0.7 }, 5), null);
  assert.equal(badSince(5, { ...unknown, lost: 0.3 }, 9), 5);
  assert.equal(badSince(5, { bps: 900_000, round_s: 0.05, lost: 0.01 }, 9), null);
  assert.equal(isTooBad(5, 5 + BAD_MS - 1), false);
  assert.equal(isTooBad(5, 5 + BAD_MS), true);
  assert.equal(isTooBad(null, 1e9), false);
});


test("a bad way out loses the picture after a while, once, and the sound is content with little at once", () => {
  const way = new WayOut();
  way.shown(0);
  assert.equal(way.look(lossy("audio"), true, 0), false);
  assert.deepEqual([way.isSparing(0), way.isDropped], [true, false]);
  assert.equal(way.look(lossy("audio"), true, BAD_MS - 1), false);
  assert.equal(way.look(lossy("audio"), true, BAD_MS), true);
  assert.equal(way.isDropped, true);
  assert.equal(way.look(lossy("audio"), false, 2 * BAD_MS), false);
});

test("the sound has all again some time after a picture was wished for on a good line", () => {
  const way = new WayOut();
  way.shown(0);
  for (const now of [0, BAD_MS]) way.look(lossy("audio"), true, now);
  way.look(new Map(), false, 60_000);
  assert.equal(way.isSparing(60_000 + LOOK_MS), true, "the picture is off still");
  way.again();
  assert.equal(way.isDropped, false);
  assert.equal(way.look(new Map(), true, 60_000 + LOOK_MS), false);
  assert.equal(way.isSparing(60_000 + SPARE_MS), false);
});

test("a good look in between, or none at all, begins the count anew", () => {
  for (const between of [new Map(), null]) {
    const way = new WayOut();
    way.look(lossy("audio"), true, 0);
    way.look(between, true, BAD_MS - 1);
    assert.equal(way.look(lossy("audio"), true, BAD_MS), false);
  }
});

test("what a picture lost before it was shown says nothing of the line now", () => {
  const way = new WayOut();
  way.shown(100_000);
  for (let now = 100_000; now <= 100_000 + SETTLE_MS; now += LOOK_MS) {
    assert.equal(way.look(lossy("video"), true, now), false);
  }
  assert.equal(way.isSparing(100_000 + SETTLE_MS), false);
});
