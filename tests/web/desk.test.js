import assert from "node:assert/strict";
import { test } from "node:test";

import { consentRows, gigabytes, may, megabytes, mergeLines, onAirInto, pushAct, senderState } from "../../web/static/js/lib/desk.js";

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
  assert.ok(!may("moderator", "answer_call"));
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
