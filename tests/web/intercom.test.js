import assert from "node:assert/strict";
import { test } from "node:test";

import { Press, REST_MS, SLOW_REST_MS, TAP_MS, hasNewCall, isSame, partiesOf, restAfter, talksTo } from "../../web/static/js/lib/intercom.js";

const TECHNICIAN = { to: "technician", booth: null };
const MODERATOR = { to: "moderator", booth: null };
const BOOTH = { to: "booth", booth: "de-uk" };

/** @returns {import("../../web/static/js/lib/intercom.js").Talk} */
const talk = (/** @type {string} */ person, /** @type {string} */ to, more = {}) => ({
  person,
  name: person,
  role: "technician",
  from_booth: null,
  to,
  booth: null,
  live: true,
  ...more,
});

test("each role talks to its own, all booths before each", () => {
  const words = (/** @type {string} */ role) => partiesOf(role, ["de-uk", "en"]).map(({ to, booth }) => booth ?? to);
  assert.deepEqual(words("technician"), ["booths", "de-uk", "en", "venue", "moderator"]);
  assert.deepEqual(words("moderator"), ["technician", "booths", "de-uk", "en", "venue", "backstage"]);
  assert.deepEqual(words("interpreter"), ["technician", "moderator"]);
  assert.deepEqual(words("venue"), ["technician", "moderator"]);
  assert.deepEqual(words("speaker"), ["moderator"]);
  assert.deepEqual(words("listener"), []);
});

test("a booth is another party than the next booth, and than nobody", () => {
  assert.ok(isSame(BOOTH, { to: "booth", booth: "de-uk" }));
  assert.ok(isSame(null, null));
  assert.ok(!isSame(BOOTH, { to: "booth", booth: "en" }));
  assert.ok(!isSame(BOOTH, null));
});

test("a microphone that opens at once is let go sooner than one that keeps people waiting", () => {
  assert.deepEqual([10, 2_000].map(restAfter), [REST_MS, SLOW_REST_MS]);
});

test("what is held ends with the finger", () => {
  const press = new Press();
  press.down(BOOTH, 0);
  assert.deepEqual(press.open, BOOTH);
  press.up(TAP_MS);
  assert.equal(press.open, null);
});

test("a tap stays until the next one", () => {
  const press = new Press();
  press.down(BOOTH, 0);
  press.up(TAP_MS - 1);
  assert.deepEqual(press.open, BOOTH);
  press.down({ ...BOOTH }, 5_000);
  assert.equal(press.open, null);
  press.up(5_050);
  assert.equal(press.open, null);
});

test("a press of another button changes over, and is a tap or a hold of its own", () => {
  const press = new Press();
  press.down(TECHNICIAN, 0);
  press.up(100);
  press.down(MODERATOR, 2_000);
  assert.deepEqual(press.open, MODERATOR);
  press.up(2_000 + TAP_MS);
  assert.equal(press.open, null);
});

test("a finger that is lost lets go of what is held, and not of what was tapped", () => {
  const press = new Press();
  press.down(TECHNICIAN, 0);
  press.lose();
  assert.equal(press.open, null);
  press.down(TECHNICIAN, 1_000);
  press.up(1_100);
  press.lose();
  assert.deepEqual(press.open, TECHNICIAN);
  press.end();
  assert.equal(press.open, null);
});

test("one sees who talks to one's side and is heard, oneself excepted", () => {
  const talks = [
    talk("tina", "booths"),
    talk("max", "booth", { booth: "de-uk", role: "moderator" }),
    talk("ute", "booth", { booth: "en" }),
    talk("olena", "technician", { role: "interpreter", from_booth: "de-uk" }),
    talk("gone", "booths", { live: false }),
  ];
  const heard = (/** @type {string} */ role, /** @type {string} */ person, booth = "") =>
    talksTo(talks, { role, person, booth: booth || null }).map((one) => one.person);
  assert.deepEqual(heard("interpreter", "olena", "de-uk"), ["tina", "max"]);
  assert.deepEqual(heard("interpreter", "maria", "en"), ["tina", "ute"]);
  assert.deepEqual(heard("technician", "tina"), ["olena"]);
  assert.deepEqual(heard("technician", "olena"), []);
  assert.deepEqual(heard("venue", "hall"), []);
});

test("it rings for who calls anew, and not for a call that is known or answered", () => {
  assert.ok(hasNewCall(new Set(), [{ id: 1, answered: false }]));
  assert.ok(!hasNewCall(new Set([1]), [{ id: 1, answered: false }]));
  assert.ok(!hasNewCall(new Set(), [{ id: 1, answered: true }]));
});
