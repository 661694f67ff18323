// The rehearsal's checklist: asked for again and again, one question at a time, and counted.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SIGNS, keepAsking, tally } from "../../web/static/js/lib/rehearsing.js";

/** @typedef {import("../../web/static/js/lib/rehearsing.js").Checklist} Checklist */

/** Timers that a test lets go off. */
class HandTimers {
  /** @type {(() => void)[]} */
  waiting = [];
  now = () => 0;
  random = () => 0;
  /** @param {() => void} run */
  after(run) {
    this.waiting.push(run);
    return run;
  }
  /** @param {unknown} handle */
  cancel(handle) {
    this.waiting = this.waiting.filter((run) => run !== handle);
  }
  async ring() {
    for (const run of this.waiting.splice(0)) run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @param {number} now @returns {Checklist} */
const list = (now) => ({ now, checks: [{ id: "venue", state: "ok", words: "", kept: {} }] });

test("it is shown each time it is answered", async () => {
  const timers = new HandTimers();
  /** @type {number[]} */
  const shown = [];
  let asked = 0;
  const stop = keepAsking(async () => list(++asked), ({ now }) => shown.push(now), timers, 3000);
  await timers.ring();
  await timers.ring();
  assert.deepEqual(shown, [1, 2]);
  stop();
  await timers.ring();
  assert.equal(asked, 2);
});

test("a server that does not answer is asked again", async () => {
  const timers = new HandTimers();
  /** @type {number[]} */
  const shown = [];
  const answers = [null, list(7)];
  keepAsking(async () => answers.shift() ?? null, ({ now }) => shown.push(now), timers, 3000);
  await timers.ring();
  await timers.ring();
  assert.deepEqual(shown, [7]);
});

test("what comes after the end is not shown", async () => {
  const timers = new HandTimers();
  /** @type {Checklist[]} */
  const shown = [];
  /** @type {(value: Checklist) => void} */
  let answer = () => {};
  const stop = keepAsking(() => new Promise((resolve) => (answer = resolve)), (one) => shown.push(one), timers, 3000);
  await timers.ring();
  stop();
  answer(list(1));
  await timers.ring();
  assert.deepEqual(shown, []);
});

test("each state has a sign of its own and is counted", () => {
  assert.equal(new Set(Object.values(SIGNS)).size, 3);
  const one = { id: "a", words: "", kept: {} };
  assert.deepEqual(tally([{ ...one, state: "ok" }, { ...one, state: "bad" }, { ...one, state: "bad" }]), { ok: 1, bad: 2, hand: 0 });
});
