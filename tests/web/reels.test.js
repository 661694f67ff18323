import assert from "node:assert/strict";
import { test } from "node:test";

import { cueAt, progressOf, reelActs, spanWords } from "../../web/static/js/lib/reels.js";

const PLAYING = { item: null, asset: "a", seconds: 90, reel: /** @type {const} */ ("playing"), since: 10_000, played: 30 };

test("a countdown goes to its last second, then the message is where the clock says", () => {
  assert.deepEqual(progressOf(PLAYING, 5_001), { phase: "countdown", until_s: 5, at_s: 30, left_s: 60 });
  assert.equal(progressOf(PLAYING, 9_999).until_s, 1);
  assert.equal(progressOf(PLAYING, 4_900).until_s, 5);
  assert.deepEqual(progressOf(PLAYING, 12_500), { phase: "playing", until_s: 0, at_s: 32.5, left_s: 57.5 });
  assert.equal(progressOf(PLAYING, 1_000_000).left_s, 0);
});

test("what is cued or paused stands still", () => {
  assert.equal(progressOf(null, 0).phase, "none");
  assert.deepEqual(progressOf({ ...PLAYING, reel: "paused", since: null }, 99), { phase: "paused", until_s: 0, at_s: 30, left_s: 60 });
  assert.equal(progressOf({ ...PLAYING, reel: "cued", since: null, played: 0 }, 99).phase, "cued");
});

test("the subtitle that is spoken, or was last", () => {
  const cues = [{ from_s: 1, to_s: 2, text: "a" }, { from_s: 3, to_s: 4, text: "b" }];
  assert.deepEqual([0, 1, 2.5, 3, 99].map((at) => cueAt(cues, at)), [-1, 0, 0, 1, 1]);
  assert.equal(cueAt([], 5), -1);
});

test("lengths as players show them", () => {
  assert.deepEqual([0, 65.9, 3723, -1].map(spanWords), ["0:00", "1:05", "1:02:03", "0:00"]);
});

test("what may be done follows the player", () => {
  assert.deepEqual(reelActs(null), { cue: true, start: false, pause: false, stop: false });
  assert.deepEqual(reelActs(PLAYING), { cue: false, start: false, pause: true, stop: true });
  assert.deepEqual(reelActs({ ...PLAYING, reel: "paused" }), { cue: false, start: true, pause: false, stop: true });
});
