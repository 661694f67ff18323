import assert from "node:assert/strict";
import test from "node:test";

import { agrees, countsOf, mountReporting, reportOf } from "../../web/static/js/lib/reporting.js";

/** @param {number} n  seconds of sound; the last one lost a packet and concealed 20 ms */
function stats(n) {
  return new Map([
    ["a", { type: "inbound-rtp", kind: "video", packetsReceived: 5 }],
    [
      "b",
      {
        type: "inbound-rtp",
        kind: "audio",
        packetsReceived: 50 * n - 1,
        packetsLost: n > 1 ? 1 : 0,
        totalSamplesReceived: 48_000 * n,
        concealedSamples: n > 1 ? 960 : 0,
        jitterBufferDelay: 2400 * n,
        jitterBufferEmittedCount: 48_000 * n,
      },
    ],
    ["c", { type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime: 0.042 }],
  ]);
}

test("figures are of the time since the last look", () => {
  assert.deepEqual(reportOf(countsOf(stats(1)), countsOf(stats(2))), {
    lost_percent: 2,
    jitter_buffer_ms: 50,
    concealed_percent: 2,
    round_trip_ms: 42,
  });
});

test("without new sound, before any, and of another connection there is nothing to tell", () => {
  assert.equal(reportOf(countsOf(stats(2)), countsOf(stats(2))), null);
  assert.equal(countsOf(new Map()), null);
  assert.equal(reportOf(null, countsOf(stats(1))), null);
  assert.equal(reportOf(countsOf(stats(2)), countsOf(stats(1))), null);
});

test("a new connection begins anew", async () => {
  const told = [];
  let peer = { n: 1, getStats: async () => stats(peer.n) };
  const look = mountReporting({ peer: () => peer, tell: (message) => told.push(message), browser: { doNotTrack: "1" } });
  await look();
  peer.n = 2;
  await look();
  peer = { n: 3, getStats: async () => stats(3) };
  await look();
  assert.deepEqual(told.map(({ type, lost_percent }) => [type, lost_percent]), [["report", 2]]);
});

test("who asks not to be tracked tells nothing", () => {
  assert.ok(agrees({ doNotTrack: null }));
  assert.ok(!agrees({ globalPrivacyControl: true }));
  assert.ok(!agrees({ doNotTrack: "1" }));
});
