import assert from "node:assert/strict";
import { test } from "node:test";

import { consentRows, gigabytes, isPoor, listenersOf, may, megabytes, mergeLines, onAirInto, pushAct, relayChains, senderState } from "../../web/static/js/lib/desk.js";

const seat = { person: "olena", name: "Olena", mic: "on_air", live: true, outgoing: "uk" };
const state = /** @type {any} */ ({
  booths: [
    { booth: "de-uk", seats: [seat, { ...seat, person: "jonas", name: "Jonas", mic: "off_air" }] },
    { booth: "en", seats: [{ ...seat, person: "maria", name: "Maria", mic: "coughing", live: false }] },
  ],
  consents: { venue: true, "mic:olena": false, "speaker:remote": true },
  venue_source: "backup",
  venue_sources: ["venue"],
});

test("who runs the room has its controls, an organiser speaks and sends", () => {
  for (const role of ["moderator", "technician"]) assert.ok(may(role, "start_recording"));
  assert.ok(!may("organiser", "start_recording"));
  assert.ok(may("organiser", "say"));
  assert.ok(may("technician", "answer_call"));
  for (const act of ["answer_call", "set_trim", "cut_mic", "restart_source"]) assert.ok(!may("moderator", act));
});

test("who is on air into a channel, coughing ones too", () => {
  assert.deepEqual(onAirInto(state, "uk").map(({ name, booth, live }) => [name, booth, live]), [["Olena", "de-uk", true], ["Maria", "en", false]]);
  assert.deepEqual(onAirInto(state, "de"), []);
});

test("only a person gives a person's consent", () => {
  assert.deepEqual(consentRows(state), [
    { source: "venue", kind: "venue", consents: true, name: null, mayGive: true },
    { source: "mic:olena", kind: "mic", consents: false, name: "Olena", mayGive: false },
    { source: "speaker:remote", kind: "speaker", consents: true, name: "remote", mayGive: false },
  ]);
  assert.deepEqual(consentRows({ ...state, consents: undefined }), []);
});

test("an organiser starts, a technician may end", () => {
  const push = /** @type {any} */ ({ state: "off" });
  assert.deepEqual(pushAct(push, "organiser"), { act: "start", isAllowed: true });
  assert.deepEqual(pushAct(push, "technician"), { act: "start", isAllowed: false });
  for (const running of ["connecting", "live", "waiting", "failed"]) {
    assert.deepEqual(pushAct({ ...push, state: running }, "technician"), { act: "stop", isAllowed: true });
    assert.deepEqual(pushAct({ ...push, state: running }, "moderator"), { act: "stop", isAllowed: false });
  }
});

test("the hall's two senders", () => {
  assert.deepEqual(senderState(state, "venue"), { flows: true, isSelected: false, lamp: "interpreted" });
  assert.deepEqual(senderState(state, "backup"), { flows: false, isSelected: true, lamp: "off" });
});

test("lines are kept by the page and begin anew with another room's history", () => {
  const lines = [1, 2, 3, 4].map((id) => ({ id }));
  assert.deepEqual(mergeLines(lines.slice(0, 2), lines.slice(1)), lines);
  assert.deepEqual(mergeLines(lines, [{ id: 9 }], 3), [{ id: 3 }, { id: 4 }, { id: 9 }]);
  assert.deepEqual(mergeLines(lines, lines.slice(2)), lines);
  assert.deepEqual(mergeLines([{ id: 50 }], [{ id: 1 }]), [{ id: 1 }]);
});

test("amounts as people read them", () => {
  assert.equal(megabytes(12_600_000), 13);
  assert.equal(gigabytes(82_440_000_000), 82.4);
});

test("who interprets from whom, from the floor to the end of each chain", () => {
  const on = (/** @type {string} */ outgoing, /** @type {string} */ hears) => ({ ...seat, outgoing, hears });
  const room = (/** @type {any[]} */ ...seats) => /** @type {any} */ ({
    floor_language: "de",
    channels: ["de", "uk", "en", "pl"].map((channel) => ({ channel })),
    booths: [{ booth: "b", seats }],
  });
  assert.deepEqual(relayChains(room()), []);
  assert.deepEqual(relayChains(room(on("uk", "floor"), on("en", "uk"), on("pl", "floor"))), [["de", "uk", "en"], ["de", "pl"]]);
  assert.deepEqual(relayChains(room(on("en", "uk"))), [["de", "uk", "en"]], "from a channel that carries the floor");
  assert.deepEqual(relayChains(room(on("uk", "en"), on("en", "uk"))), [], "in a circle nobody is the end");
});

test("listeners by the way they take, where the server tells it", () => {
  const heard = /** @type {any} */ ({ listeners: { uk: 4 } });
  assert.deepEqual(listenersOf(heard, null, "uk"), { webrtc: 4, hls: null });
  const facts = /** @type {any} */ ({ listeners: { uk: { webrtc: 5, hls: 12 }, video: { hls: 3 } } });
  assert.deepEqual(listenersOf(heard, facts, "uk"), { webrtc: 5, hls: 12 });
  assert.deepEqual(listenersOf(heard, facts, "de"), { webrtc: 0, hls: 0 });
});

test("a stream that needs looking after", () => {
  const line = { packets_per_s: 50, lost_percent: 0, jitter_ms: 3 };
  assert.ok(!isPoor(line));
  for (const bad of [{ packets_per_s: 0 }, { lost_percent: 2.1 }, { jitter_ms: 41 }, { round_trip_ms: 301 }]) assert.ok(isPoor({ ...line, ...bad }));
});
