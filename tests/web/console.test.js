import assert from "node:assert/strict";
import { test } from "node:test";

import { found, folded } from "../../web/static/js/lib/glossary.js";
import { Guards, PAUSE_MS, SHUT_MS, SILENT_MS, floorQuality } from "../../web/static/js/lib/guards.js";
import { COUGH, isForConsole, keyAction } from "../../web/static/js/lib/keys.js";
import { languagesOnAir, moment, timeLeft_s, wishNow } from "../../web/static/js/lib/lectern.js";
import { doubledBy, earPlan, markOf, monitorPlan, nextOf, pivotsOf } from "../../web/static/js/lib/relaying.js";
import { minutesWords, shiftClock } from "../../web/static/js/lib/shift.js";

const seat = (person, more = {}) => ({
  person, name: person, mic: "off_air", live: true, present: true, outgoing: "uk", incoming: "floor", ...more,
});
const state = (more = {}) => ({
  room: "plenary", title: {}, floor_language: "de", venue: "live", listeners: null, booths: [],
  channels: [
    { channel: "de", mode: "passthrough", fallback: "ducked", booth: null, relay: 0 },
    { channel: "uk", mode: "interpreted", fallback: "ducked", booth: "de-uk", relay: 1 },
    { channel: "en", mode: "interpreted", fallback: "ducked", booth: "en", relay: 2 },
    { channel: "fr", mode: "fallback", fallback: "silence", booth: null, relay: 0 },
  ],
  ...more,
});
const press = (code, more = {}) => keyAction({
  code, key: "", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false, ...more,
});

test("every outgoing channel has a key of its own, and so has the cough", () => {
  assert.deepEqual(["KeyA", "KeyB", "KeyC"].map((code) => press(code)?.index), [0, 1, 2]);
  assert.equal(press(COUGH)?.act, "cough");
});

test("no two keys do the same, and no key does two things", () => {
  const codes = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter) => `Key${letter}`).concat("Backspace");
  const acts = codes.map((code) => press(code)).filter(Boolean).map(({ act, index }) => `${act}${index ?? ""}`);
  assert.equal(new Set(acts).size, acts.length);
});

test("digits select what is heard, with Shift they say a phrase, and there are six", () => {
  assert.deepEqual(press("KeyM", { key: "ь" }), { act: "mic" });
  assert.deepEqual(press("Digit3"), { act: "incoming", index: 2 });
  assert.deepEqual(press("Numpad9"), { act: "incoming", index: 8 });
  assert.deepEqual(press("Digit3", { shiftKey: true }), { act: "phrase", index: 2 });
  assert.equal(press("Digit7", { shiftKey: true }), null);
});

test("the question mark is help wherever it lies", () => {
  assert.deepEqual(press("Digit7", { key: "?", shiftKey: true }), { act: "help" });
  assert.deepEqual(press("Minus", { key: "?", shiftKey: true }), { act: "help" });
});

test("a held key acts once, but for the arrows; with a modifier it is not ours", () => {
  assert.equal(press("KeyM", { repeat: true }), null);
  assert.deepEqual(press("ArrowUp", { repeat: true }), { act: "turn", knob: "volume", by: 1 });
  assert.deepEqual(press("ArrowLeft", { shiftKey: true }), { act: "turn", knob: "treble", by: -1 });
  assert.equal(press("KeyX"), null);
  for (const modifier of ["altKey", "ctrlKey", "metaKey"]) assert.equal(press("KeyM", { [modifier]: true }), null);
  assert.equal(press("KeyM", { shiftKey: true }), null);
});

test("a text keeps its keys, a list and a slider their arrows alone", () => {
  const mic = press("KeyM");
  const turn = press("ArrowUp");
  assert.deepEqual(["none", "list", "range", "text"].map((field) => isForConsole(field, mic)), [true, true, true, false]);
  assert.deepEqual(["none", "list", "range", "text"].map((field) => isForConsole(field, turn)), [true, false, false, false]);
});

test("marks say how a channel is made", () => {
  const marks = ["floor", "de", "uk", "en", "fr", "pl"].map((channel) => markOf(state(), channel));
  assert.deepEqual(marks, ["floor", "floor", "interpreted", "relay", "none", "none"]);
});

test("the floor is always connected, and a pivot waits beside it", () => {
  assert.deepEqual(earPlan(null), { relay: null, chosen: "original" });
  assert.deepEqual(earPlan(seat("a", { hears: "floor" })), { relay: null, chosen: "original" });
  assert.deepEqual(earPlan(seat("a", { hears: "floor", pivot: "en" })), { relay: "en", chosen: "original" });
  assert.deepEqual(earPlan(seat("a", { hears: "en", pivot: "en" })), { relay: "en", chosen: "source" });
  assert.deepEqual(earPlan(seat("a", { incoming: "en", hears: "en" })), { relay: "en", chosen: "source" });
  assert.deepEqual(earPlan(seat("a", { incoming: "en", hears: "floor" })), { relay: "en", chosen: "original" });
});

test("a seat relies on anything but what it speaks itself, and choices go round", () => {
  assert.deepEqual(pivotsOf(state(), seat("a", { outgoing: "uk" })), ["de", "en", "fr"]);
  assert.equal(nextOf([null, "en", "fr"], "en"), "fr");
  assert.equal(nextOf([null, "en", "fr"], "fr"), null);
  assert.equal(nextOf([null, "en"], "gone"), null);
});

test("monitoring hears the partner or the own channel while somebody speaks there, and nothing on air", () => {
  const booth = (own, partner) => ({ booth: "de-uk", languages: ["de", "uk"], handover: null, seats: [own, partner] });
  const plan = (choice, own = {}, partner = { mic: "on_air" }) =>
    monitorPlan(state(), booth(seat("a", own), seat("b", partner)), "a", choice);
  assert.deepEqual(plan("partner"), { channel: "uk", isHeard: true });
  assert.deepEqual(plan("partner", {}, {}), { channel: null, isHeard: false });
  assert.deepEqual(plan("own", { outgoing: "de" }), { channel: "de", isHeard: false }); // the floor itself
  assert.deepEqual(plan("own", { mic: "on_air" }, {}), { channel: "uk", isHeard: false });
  assert.deepEqual(plan("off"), { channel: null, isHeard: false });
  assert.deepEqual(monitorPlan(state(), null, "a", "own"), { channel: null, isHeard: false });
});

test("two open microphones are found in the booth and on the channel", () => {
  const room = (...seats) => state({
    booths: [
      { booth: "de-uk", languages: ["de", "uk"], handover: null, seats: seats.slice(0, 2) },
      { booth: "en", languages: ["en", "uk"], handover: null, seats: seats.slice(2) },
    ],
  });
  const own = seat("a", { mic: "on_air" });
  const off = seat("x");
  assert.equal(doubledBy(room(own, off, off), "de-uk", own), null);
  assert.equal(doubledBy(room(own, seat("b", { mic: "on_air", outgoing: "de" })), "de-uk", own)?.person, "b");
  assert.equal(doubledBy(room(own, off, seat("c", { mic: "coughing" })), "de-uk", own)?.person, "c");
  assert.equal(doubledBy(room(own, off, seat("c", { mic: "on_air", outgoing: "en" })), "de-uk", own), null);
  assert.equal(doubledBy(room(off, seat("b", { mic: "on_air" })), "de-uk", off), null);
});

const facts = (now, more = {}) => ({
  now, air: "off_air", voice_dbfs: -60, floor_dbfs: -60, outgoing: "uk", floorLanguage: "de", language: "absent", ...more,
});

test("speaking with a shut microphone is told after two words, and until they end", () => {
  const guards = new Guards();
  const loud = { voice_dbfs: -20 };
  assert.equal(guards.look(facts(0, loud)).has("shut"), false);
  assert.equal(guards.look(facts(SHUT_MS, loud)).has("shut"), true);
  assert.equal(guards.look(facts(SHUT_MS + PAUSE_MS)).has("shut"), true);
  assert.equal(guards.look(facts(SHUT_MS + PAUSE_MS + 1)).has("shut"), false);
  assert.equal(guards.look(facts(9_000, { ...loud, air: "on_air" })).has("shut"), false);
});

test("a cleared throat is no speech", () => {
  const guards = new Guards();
  guards.look(facts(0, { voice_dbfs: -10 }));
  assert.equal(guards.look(facts(PAUSE_MS + 1)).has("shut"), false);
  assert.equal(guards.look(facts(PAUSE_MS + 200, { voice_dbfs: -10 })).has("shut"), false);
});

test("silence on air is told after eight seconds, but only while the floor speaks", () => {
  const guards = new Guards();
  const speaking = { air: "on_air", floor_dbfs: -20 };
  const run = (until, more) => {
    let last = new Set();
    for (let now = 0; now <= until; now += 400) last = guards.look(facts(now, more));
    return last.has("silent");
  };
  assert.equal(run(SILENT_MS, speaking), false);
  assert.equal(run(SILENT_MS + 800, speaking), true);
  assert.equal(guards.look(facts(9_000, { ...speaking, voice_dbfs: -20 })).has("silent"), false);
  assert.equal(run(20_000, { air: "on_air" }), false);
  assert.equal(run(20_000, { floor_dbfs: -20 }), false);
  assert.equal(run(20_000, { air: "coughing", floor_dbfs: -20 }), false);
});

test("the wrong language is told on air", () => {
  const guards = new Guards();
  const said = (more) => [...guards.look(facts(0, more))];
  assert.deepEqual(said({ air: "on_air", outgoing: "de" }), ["same_language"]);
  assert.deepEqual(said({ air: "off_air", outgoing: "de" }), []);
  assert.deepEqual(said({ air: "on_air", language: "wrong" }), ["wrong_language"]);
});

test("the lamp shows the worst of what the floor is made of", () => {
  assert.equal(floorQuality({}), "unknown");
  assert.equal(floorQuality({ "mic:a": { reason: "clipping" } }), "unknown");
  assert.equal(floorQuality({ venue: { reason: "ok" }, "speaker:a": { reason: "narrow" } }), "narrow");
  assert.equal(floorQuality({ venue: { reason: "lossy" }, "speaker:a": { reason: "narrow" } }), "lossy");
});

test("a shift runs out, warns a minute before, and goes on counting", () => {
  const at = (now_s) => shiftClock({ minutes: 10, since: 1_000_000 }, now_s * 1000);
  assert.deepEqual(at(1000), { phase: "running", left_s: 600 });
  assert.deepEqual(at(1539), { phase: "running", left_s: 61 });
  assert.deepEqual(at(1540), { phase: "soon", left_s: 60 });
  assert.deepEqual(at(1600), { phase: "over", left_s: 0 });
  assert.equal(at(1690).left_s, -90);
  assert.equal(shiftClock(null, 0).phase, "off");
  assert.deepEqual(shiftClock({ minutes: 20, since: null }, 0), { phase: "idle", left_s: 1200 });
  assert.deepEqual([725, 60, 0, -30, -600].map(minutesWords), ["12:05", "1:00", "0:00", "+0:30", "+10:00"]);
});

test("the newest wish stands at the lectern for fifteen seconds, with all booths that have it", () => {
  const asks = [
    { wish: "slower", booth: "en", at: 100_000 },
    { wish: "louder", booth: "en", at: 104_000 },
    { wish: "slower", booth: "de-uk", at: 106_000 },
    { wish: "slower", booth: "de-uk", at: 107_000 },
  ];
  assert.deepEqual(wishNow(asks, 110_000), { wish: "slower", booths: ["en", "de-uk"] });
  assert.deepEqual(wishNow(asks, 116_000), { wish: "slower", booths: ["de-uk"] });
  assert.equal(wishNow(asks, 122_000), null);
  assert.equal(wishNow([], 0), null);
});

test("the time left is until the next item begins", () => {
  const items = [
    { id: "a", title: {}, starts: "09:00" }, { id: "b", title: {}, starts: "09:20" }, { id: "c", title: {}, starts: null },
  ];
  const now = new Date(2026, 10, 22, 9, 15, 30);
  assert.equal(timeLeft_s(state({ items, item: "a" }), now), 270);
  assert.equal(timeLeft_s(state({ items, item: "a" }), new Date(2026, 10, 22, 9, 21)), -60);
  for (const item of ["b", "c", null]) assert.equal(timeLeft_s(state({ items, item }), now), null);
  assert.equal(moment("2026-11-22T09:20:00Z", now), Date.UTC(2026, 10, 22, 9, 20));
  assert.equal(moment("soon", now), null);
});

test("languages on air are those somebody interprets into", () => {
  assert.deepEqual(languagesOnAir(state()), ["uk", "en"]);
});

test("a term is found in every column, without case and accents, beginnings first", () => {
  const rows = [["Oberbürgermeisterin", "міська голова"], ["Bürgermeisterin", "мерка"], ["Straße", "вулиця"], ["Йога", "йога"]];
  assert.deepEqual(found(rows, "burgerm").rows.map(([term]) => term), ["Bürgermeisterin", "Oberbürgermeisterin"]);
  assert.deepEqual(found(rows, "МІСЬКА").rows.map(([term]) => term), ["Oberbürgermeisterin"]);
  assert.equal(found(rows, "strasse").count, 1);
  assert.equal(found(rows, "ober голова").count, 1);
  assert.equal(found(rows, "nothing").count, 0);
  assert.deepEqual([found(rows, "", 2).rows.length, found(rows, "", 2).count], [2, 4]);
  assert.equal(folded("й"), "й"); // a letter of its own, not и with a mark
});
