import assert from "node:assert/strict";
import { test } from "node:test";

import { Pulse, QUIET_MS, packetsReceived } from "../../web/static/js/lib/pulse.js";

test("a count that stands still is a broken way, and one that moves again is none", () => {
  const pulse = new Pulse();
  assert.equal(pulse.feel(50, 1_000), true);
  assert.equal(pulse.feel(50, 1_000 + QUIET_MS - 1), true);
  assert.equal(pulse.feel(50, 1_000 + QUIET_MS), false);
  assert.equal(pulse.feel(51, 5_000), true);
  assert.equal(pulse.feel(0, 5_000 + QUIET_MS), true); // another connection
});

test("what was not expected is not missed", () => {
  const pulse = new Pulse();
  assert.equal(pulse.feel(0, 0), true);
  pulse.rest(60_000);
  assert.equal(pulse.feel(0, 60_000 + QUIET_MS - 1), true);
  assert.equal(pulse.feel(0, 60_000 + QUIET_MS), false);
});

test("only sound that comes in is counted", () => {
  const report = new Map([
    ["a", { type: "inbound-rtp", kind: "audio", packetsReceived: 40 }],
    ["b", { type: "inbound-rtp", kind: "video", packetsReceived: 7 }],
    ["c", { type: "outbound-rtp", kind: "audio", packetsSent: 9 }],
    ["d", { type: "inbound-rtp", kind: "audio" }],
  ]);
  assert.equal(packetsReceived(report), 40);
  assert.equal(packetsReceived([]), 0);
});
