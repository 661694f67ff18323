import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_TRIM, Undoing, inverse, isTrimmed, trimOf } from "../../web/static/js/lib/desk_acts.js";
import { deskKey } from "../../web/static/js/lib/desk_keys.js";

const state = /** @type {any} */ ({
  room: "hall",
  floor_language: "de",
  channels: [{ channel: "uk", fallback: "ducked" }],
  venue_source: "venue",
  is_held: false,
  item: "opening",
  trims: { venue: { ...NO_TRIM, gain_db: -6 } },
});

test("a source nobody touched has no trim", () => {
  assert.equal(trimOf(state, "venue").gain_db, -6);
  assert.deepEqual(trimOf(state, "mic:olena"), NO_TRIM);
  assert.deepEqual(trimOf({ ...state, trims: undefined }, "venue"), NO_TRIM);
  assert.deepEqual([isTrimmed(trimOf(state, "venue")), isTrimmed(NO_TRIM)], [true, false]);
});

test("an act is undone by what was so before", () => {
  const undone = (/** @type {string} */ name, args = {}) => inverse(state, { name, args })?.args ?? null;
  assert.deepEqual(undone("set_trim", { source: "venue", ...NO_TRIM }), { source: "venue", ...NO_TRIM, gain_db: -6 });
  assert.deepEqual(undone("set_floor_language", { language: "uk" }), { language: "de" });
  assert.deepEqual(undone("set_fallback", { language: "uk", fallback: "silence" }), { language: "uk", fallback: "ducked" });
  assert.equal(undone("set_fallback", { language: "xx", fallback: "silence" }), null);
  assert.deepEqual(undone("select_venue", { source: "backup" }), { source: "venue" });
  assert.deepEqual(undone("hold_slide", { held: true }), { held: false });
  assert.deepEqual(inverse(state, { name: "next_item", args: {} }), { name: "select_item", args: { item: "opening" } });
  assert.equal(inverse({ ...state, item: null }, { name: "next_item", args: {} }), null);
  for (const name of ["cut_mic", "start_recording", "say"]) assert.equal(undone(name), null);
});

test("the newest comes back first, a turned knob in one, and one source by itself", () => {
  const undoing = new Undoing();
  const trim = (/** @type {string} */ source, /** @type {number} */ gain_db) => ({ room: "hall", act: { name: "set_trim", args: { source, gain_db } } });
  undoing.push(trim("venue", 0));
  undoing.isTurning = true;
  undoing.push(trim("venue", -1));
  undoing.push(trim("venue", -2));
  undoing.isTurning = false;
  undoing.push(trim("backup", 3));
  assert.ok(undoing.has(({ act }) => act.args.source === "venue"));
  assert.equal(undoing.pop(({ act }) => act.args.source === "venue")?.act.args.gain_db, 0);
  assert.equal(undoing.pop()?.act.args.gain_db, 3);
  assert.equal(undoing.pop(), null);
  assert.ok(!undoing.has());
});

test("keys go by their place", () => {
  const press = (/** @type {any} */ keys) => deskKey({ code: "", key: "", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false, ...keys });
  assert.deepEqual(press({ code: "KeyA", key: "ф" }), { act: "acknowledge" });
  assert.deepEqual(press({ code: "Digit2", key: "2" }), { act: "room", index: 1 });
  assert.deepEqual(press({ code: "Minus", key: "?", shiftKey: true }), { act: "help" });
  assert.deepEqual(press({ code: "ArrowRight", repeat: true }), { act: "step", by: 1 });
  assert.deepEqual(press({ code: "Escape", key: "Escape" }), { act: "wall" });
  for (const no of [{ code: "KeyA", ctrlKey: true }, { code: "KeyA", shiftKey: true }, { code: "KeyA", repeat: true }, { code: "KeyQ" }]) assert.equal(press(no), null);
});
