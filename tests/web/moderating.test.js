import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ROSTER_ROWS,
  actsFor,
  handRows,
  isOwnMicOpen,
  newestSpeaker,
  nextHallLabel,
  nextHand,
  placeAfter,
  roster,
  soundOf,
  stepsDragged,
  talksBackstage,
  wantsSlide,
} from "../../web/static/js/lib/moderating.js";
import { moderatorAct } from "../../web/static/js/lib/moderating_keys.js";
import { timerNow } from "../../web/static/js/lib/timer.js";

/** @returns {any} */
const person = (/** @type {string} */ id, more = {}) => ({
  person: id,
  name: id,
  role: "participant",
  speaks: null,
  hears: "floor",
  place: "seated",
  present: true,
  live: false,
  ...more,
});
/** @returns {any} */
const hand = (/** @type {string | null} */ id, language = null, label = id) => ({
  hand: id === null ? `hall:${label}` : `person:${id}`,
  person: id,
  label,
  language,
  since: 0,
});
/** @returns {any} */
const room = (more = {}) => ({ hands: [], people: [], speakers: [], items: [], item: null, ...more });

test("the queue is filtered by language, and who did not say stays in it", () => {
  const state = room({
    people: [person("a", { speaks: "de" }), person("b", { speaks: "uk" }), person("c")],
    hands: [hand("a", null), hand("b", null), hand("c"), hand(null, null, "Mikrofon 1")],
  });
  assert.deepEqual(handRows(state, null).map(({ place }) => place), [0, 1, 2, 3]);
  assert.deepEqual(handRows(state, "uk").map(({ label, place }) => [label, place]), [["b", 1], ["c", 2], ["Mikrofon 1", 3]]);
});

test("the big button is for the first who can be given the floor", () => {
  const people = [person("away", { present: false }), person("backstage", { place: "backstage" }), person("here")];
  const state = room({ people, hands: [hand("away"), hand("backstage"), hand("here")] });
  assert.equal(nextHand(state, null)?.person, "here");
  assert.equal(nextHand(room({ hands: [hand("gone")] }), null), null);
  assert.equal(nextHand(room({ hands: [hand(null, null, "Mikrofon 2")] }), null)?.label, "Mikrofon 2");
});

test("a hand moves past those that are shown", () => {
  const rows = [{ hand: "x", place: 1 }, { hand: "y", place: 4 }, { hand: "z", place: 5 }];
  assert.equal(placeAfter(rows, "y", -1), 1);
  assert.equal(placeAfter(rows, "y", 9), 5);
  assert.equal(placeAfter(rows, "x", -1), null);
  assert.equal(placeAfter(rows, "nobody", 1), null);
  assert.equal(stepsDragged([10, 30, 50], 0, 45), 1);
  assert.equal(stepsDragged([10, 30, 50], 2, 5), -2);
  assert.equal(stepsDragged([10, 30, 50], 1, 33), 0);
});

test("the next microphone of the hall is the first that is not listed", () => {
  const label = (/** @type {number} */ n) => `Mikrofon ${n}`;
  assert.equal(nextHallLabel(room(), label), "Mikrofon 1");
  assert.equal(nextHallLabel(room({ hands: [hand(null, null, "Mikrofon 1"), hand(null, null, "Mikrofon 3")] }), label), "Mikrofon 2");
});

test("who has the floor is heard, muted by somebody, or silent", () => {
  const speaker = /** @type {any} */ ({ person: "a", live: true, muted: null });
  assert.equal(soundOf(speaker), "heard");
  assert.equal(soundOf({ ...speaker, live: false }), "silent");
  assert.equal(soundOf({ ...speaker, live: false, muted: "moderator" }), "muted_moderator");
  assert.equal(newestSpeaker(room({ speakers: [{ person: "a" }, { person: "b" }] }))?.person, "b");
  assert.equal(newestSpeaker(room()), null);
});

test("the roster begins at the door and is bounded", () => {
  const crowd = Array.from({ length: 500 }, (_, n) => person(`p${String(n).padStart(3, "0")}`));
  const state = room({ people: [...crowd, person("Zoya", { place: "waiting" }), person("Олена", { place: "backstage" })] });
  const { rows, more } = roster(state, "", "de");
  assert.deepEqual(rows.slice(0, 3).map(({ name }) => name), ["Zoya", "Олена", "p000"]);
  assert.equal(rows.length, ROSTER_ROWS);
  assert.equal(more, 502 - ROSTER_ROWS);
  assert.deepEqual(roster(state, " ОЛЕ", "uk").rows.map(({ name }) => name), ["Олена"]);
});

test("what may be done with somebody follows from where they are", () => {
  const state = room({ speakers: [{ person: "speaks" }] });
  assert.deepEqual(actsFor(person("a"), state), ["give_floor", "call_backstage", "write", "remove"]);
  assert.deepEqual(actsFor(person("speaks"), state), ["call_backstage", "write", "remove"]);
  assert.deepEqual(actsFor(person("a", { present: false }), state), ["call_backstage", "write", "remove"]);
  assert.deepEqual(actsFor(person("a", { place: "waiting" }), state), ["admit", "call_backstage", "write", "remove"]);
  assert.deepEqual(actsFor(person("a", { place: "backstage" }), state), ["bring_on", "write", "remove"]);
  assert.deepEqual(actsFor(person("a", { place: "removed" }), state), ["admit"]);
  assert.deepEqual(actsFor(person("m", { role: "moderator" }), state), ["give_floor"]);
});

test("the own microphone is open on the floor only", () => {
  assert.equal(isOwnMicOpen(room(), "m"), false);
  assert.equal(isOwnMicOpen(room({ speakers: [{ person: "m", muted: null }] }), "m"), true);
  assert.equal(isOwnMicOpen(room({ speakers: [{ person: "m", muted: "self" }] }), "m"), false);
  assert.equal(isOwnMicOpen(room({ speakers: [{ person: "a", muted: null }] }), "m"), false);
});

test("who talks to those backstage does so by the intercom", () => {
  const talks = [{ person: "m", to: "backstage" }];
  assert.deepEqual(["m", "a"].map((one) => talksBackstage(room({ talks }), one)), [true, false]);
  assert.equal(talksBackstage(room({ talks: [{ person: "m", to: "technician" }] }), "m"), false);
});

test("a break without the slide asks for it", () => {
  const items = [{ id: "talk", title: {}, kind: "speech" }, { id: "break", title: {}, kind: "break" }];
  assert.equal(wantsSlide(room({ items, item: "talk" })), false);
  assert.equal(wantsSlide(room({ items, item: "break" })), true);
  assert.equal(wantsSlide(room({ items, item: "break", is_held: true })), false);
});

test("the timer runs down and past the end", () => {
  const state = { timer: { since: 1000, seconds: 60 } };
  assert.deepEqual(timerNow(state, 1000), { left_s: 60, phase: "running" });
  assert.deepEqual(timerNow(state, 31_000), { left_s: 30, phase: "soon" });
  assert.deepEqual(timerNow(state, 63_000), { left_s: -2, phase: "over" });
  assert.equal(timerNow({}, 0), null);
});

test("keys go by place, digits are minutes, modifiers are the browser's", () => {
  const press = { code: "KeyG", key: "п", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false };
  assert.deepEqual(moderatorAct(press), { act: "give" });
  assert.equal(moderatorAct({ ...press, repeat: true }), null);
  assert.equal(moderatorAct({ ...press, ctrlKey: true }), null);
  assert.deepEqual(moderatorAct({ ...press, code: "Digit3", key: "3" }), { act: "timer", seconds: 180 });
  assert.deepEqual(moderatorAct({ ...press, code: "Digit0", key: "0" }), { act: "timer", seconds: 600 });
  assert.equal(moderatorAct({ ...press, code: "Digit7", key: "7" }), null);
  assert.deepEqual(moderatorAct({ ...press, code: "KeyO", key: "o" }), { act: "timer", seconds: null });
  assert.deepEqual(moderatorAct({ ...press, code: "Digit7", key: "?", shiftKey: true }), { act: "help" });
});
