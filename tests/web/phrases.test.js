import assert from "node:assert/strict";
import { test } from "node:test";

import { translator } from "../../web/static/js/lib/i18n.js";
import { PHRASES, wordsOf } from "../../web/static/js/lib/phrases.js";
import { NOTE_MS, noteNow } from "../../web/static/js/lib/lectern.js";

const german = translator({ "phrase.thanks": "Danke" }, "de");

test("a ready phrase is read in the language of the reader's page", () => {
  assert.equal(wordsOf({ text: "Дякую", phrase: "thanks" }, german), "Danke");
});

test("what somebody wrote, and a phrase that this page does not know, stand as they were sent", () => {
  assert.equal(wordsOf({ text: "6,1", phrase: null }, german), "6,1");
  assert.equal(wordsOf({ text: "6,1" }, german), "6,1");
  assert.equal(wordsOf({ text: "Hurry up", phrase: "hurry_up" }, german), "Hurry up");
  assert.equal(new Set(PHRASES).size, 6);
});

test("the lectern shows the newest line that is for it, for a while", () => {
  const lines = [
    { to: "lectern", text: "Slower", at: 1_000 },
    { to: "lectern", text: "Дякую", phrase: "thanks", at: 2_000 },
    { to: "room", text: "hello", at: 3_000 },
  ];
  assert.equal(wordsOf(noteNow(lines, 4_000), german), "Danke");
  assert.equal(noteNow(lines, 2_000 + NOTE_MS), null);
  assert.equal(noteNow([], 0), null);
});
