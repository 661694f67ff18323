import assert from "node:assert/strict";
import { test } from "node:test";

import { languageName, translator } from "../../web/static/js/lib/i18n.js";
import { readPrefs, writePrefs } from "../../web/static/js/lib/prefs.js";
import { FLOOR_DBFS, fraction, judge, measure, settle } from "../../web/static/js/lib/sound.js";
import { backoffMs } from "../../web/static/js/lib/timing.js";

test("texts take variables; plurals follow the language", () => {
  const t = translator({ a: "Kabine {booth}", n: { one: "{n} слухач", few: "{n} слухачі", many: "{n} слухачів" } }, "uk");
  assert.equal(t("a", { booth: "de-uk" }), "Kabine de-uk");
  assert.deepEqual([1, 3, 5, 11, 21, 1.5].map((n) => t("n", { n })), [
    "1 слухач", "3 слухачі", "5 слухачів", "11 слухачів", "21 слухач", "1.5 слухачів",
  ]);
  assert.equal(t("missing.key"), "missing.key");
  assert.equal(t("a"), "Kabine {booth}");
});

test("languages have names in each other", () => {
  assert.equal(languageName("uk", "de"), "Ukrainisch");
  assert.equal(languageName("not a tag", "de"), "not a tag");
});

test("prefs fall back where nothing fitting is stored, and never throw", () => {
  const kept = new Map();
  const store = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
  const defaults = { channel: null, volume: 1, muted: false };
  assert.deepEqual(readPrefs(store, "a", defaults), defaults);
  writePrefs(store, "a", { channel: "uk", volume: "loud", muted: true, more: 1 });
  assert.deepEqual(readPrefs(store, "a", defaults), { channel: "uk", volume: 1, muted: true });
  kept.set("a", "{broken");
  assert.deepEqual(readPrefs(store, "a", defaults), defaults);
  assert.deepEqual(readPrefs(null, "a", defaults), defaults);
  const full = { getItem: () => null, setItem: () => { throw new Error("quota"); } };
  assert.equal(writePrefs(full, "a", {}), false);
});

test("levels are measured in dBFS", () => {
  const sine = Float32Array.from({ length: 4800 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 1000 * i) / 48000));
  const { peak_dbfs, rms_dbfs } = measure(sine);
  assert.ok(Math.abs(peak_dbfs + 6.02) < 0.1, String(peak_dbfs));
  assert.ok(Math.abs(rms_dbfs + 9.03) < 0.1, String(rms_dbfs));
  assert.deepEqual(measure(new Float32Array(10)), { peak_dbfs: FLOOR_DBFS, rms_dbfs: FLOOR_DBFS });
});

test("a meter rises at once and falls slowly", () => {
  assert.equal(settle(-40, -10, 20), -10);
  assert.equal(settle(-10, -60, 500), -22);
  assert.deepEqual([fraction(-60), fraction(-30), fraction(0), fraction(3)], [0, 0.5, 1, 1]);
  assert.deepEqual([-60, -40, -12, -0.5].map(judge), ["silent", "quiet", "good", "loud"]);
});

test("waiting grows to three seconds and is spread by chance", () => {
  assert.deepEqual([0, 1, 2, 3, 9].map((n) => backoffMs(n, () => 0)), [500, 1000, 2000, 3000, 3000]);
  assert.equal(backoffMs(0, () => 0.999), 750);
});
