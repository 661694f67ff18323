import assert from "node:assert/strict";
import { test } from "node:test";

import { AlarmBook, LINGER_MS, lasting } from "../../web/static/js/lib/desk_alarms.js";

/** @returns {any} */
function alarm(id, more = {}) {
  return { id, kind: "hum", room: "hall", subject: "venue", since: 1_000, severity: "amber", values: {}, acknowledged: null, ...more };
}
const ids = (/** @type {AlarmBook} */ book, now = 0) => book.list(now).map((one) => one.alarm.id);

test("red before amber, unseen before seen, newest first, and what is over last", () => {
  const book = new AlarmBook();
  const seen = { by: "Ira", at: 2 };
  book.take("hall", [alarm("old"), alarm("gone"), alarm("new", { since: 2_000 }), alarm("seen", { severity: "red", acknowledged: seen }), alarm("red", { severity: "red" })], 0);
  book.take("hall", [alarm("old"), alarm("new", { since: 2_000 }), alarm("seen", { severity: "red", acknowledged: seen }), alarm("red", { severity: "red" })], 10);
  assert.deepEqual(ids(book, 10), ["red", "new", "old", "seen", "gone"]);
  assert.deepEqual(book.open.map(({ id }) => id).sort(), ["new", "old", "red"]);
});

test("one that is over stays grey for half a minute, and may come again", () => {
  const book = new AlarmBook();
  assert.deepEqual(book.take("hall", [alarm("a")], 0).map(({ id }) => id), ["a"]);
  assert.deepEqual(book.take("hall", [alarm("a")], 5), []);
  book.take("hall", [], 10);
  assert.equal(book.list(10)[0]?.clearedAt, 10);
  assert.deepEqual(book.open, []);
  assert.deepEqual(book.take("hall", [alarm("a")], 20).map(({ id }) => id), ["a"]);
  book.take("hall", [], 30);
  assert.deepEqual(ids(book, 30 + LINGER_MS), ["a"]);
  assert.deepEqual(ids(book, 31 + LINGER_MS), []);
});

test("each room tells of its own; what is the server's comes by all of them and is there once", () => {
  const book = new AlarmBook();
  const disk = alarm("disk", { room: null, severity: "red" });
  assert.equal(book.take("hall", [alarm("a"), disk], 0).length, 2);
  assert.equal(book.take("small", [disk], 0).length, 0);
  assert.deepEqual([book.worst("hall"), book.worst("small"), book.worst("other")], ["amber", "none", "none"]);
  book.take("small", [], 1);
  assert.deepEqual(ids(book, 1).sort(), ["a", "disk"]);
  assert.equal(book.open.length, 2);
  book.take("hall", [disk], 2);
  assert.equal(book.worst("hall"), "none");
});

test("how long something lasts", () => {
  assert.deepEqual([-5, 7_900, 750_000, 3_723_000].map(lasting), ["0:00", "0:07", "12:30", "1:02:03"]);
});
