import assert from "node:assert/strict";
import { test } from "node:test";

import {
  BEGIN_MS,
  PATIENCE_MS,
  beginCourse,
  followCourse,
  problemOfAnswer,
  reportOfSession,
  restCourse,
  resumeCourse,
  wishFor,
} from "../../web/static/js/lib/player.js";
import { behindLive, goTo, isAtLive, spanWords } from "../../web/static/js/lib/position.js";
import { itemTime, itemWords, programmeNow } from "../../web/static/js/lib/programme.js";
import { playerAction } from "../../web/static/js/lib/watch_keys.js";

const SILENCE = { sounds: false, problem: "" };
const SOUND = { sounds: true, problem: "" };
const said = (problem) => ({ sounds: false, problem });

/** Follow the same report every half second until `end`; the course then. */
function follow(course, report, from, end) {
  let now = from;
  for (; now <= end; now += 500) course = followCourse(course, report, now);
  return course;
}

test("a way that sounds is kept for hours", () => {
  for (const wish of ["livestream", "direct"]) {
    const course = follow(beginCourse(wish, true, 0), SOUND, 0, 4 * 3600_000);
    assert.equal(course.way, wish);
    assert.equal(course.reason, null);
  }
});

test("a silent way gives place to the other once patience is over, and says so", () => {
  for (const [wish, other] of [["livestream", "direct"], ["direct", "livestream"]]) {
    let course = follow(beginCourse(wish, true, 0), SOUND, 0, 10_000);
    course = follow(course, SILENCE, 10_500, 10_000 + PATIENCE_MS - 500);
    assert.equal(course.way, wish);
    course = followCourse(course, SILENCE, 10_000 + PATIENCE_MS);
    assert.deepEqual([course.way, course.wish, course.reason], [other, wish, "failing"]);
  }
});

test("a livestream that has to be begun first is waited for longer", () => {
  let course = follow(beginCourse("livestream", true, 0), SILENCE, 0, BEGIN_MS - 500);
  assert.equal(course.way, "livestream");
  course = followCourse(course, SILENCE, BEGIN_MS);
  assert.equal(course.way, "direct");
  assert.equal(follow(beginCourse("direct", true, 0), SILENCE, 0, PATIENCE_MS).way, "livestream");
});

test("a server that is back is waited for as at the beginning, and a restarted one is asked for what was wished", () => {
  const playing = follow(beginCourse("livestream", true, 0), SOUND, 0, 60_000);
  let back = resumeCourse(playing, false, 90_000);
  assert.equal(follow(back, SILENCE, 90_000, 90_000 + BEGIN_MS - 500).way, "livestream");
  assert.equal(follow(back, SILENCE, 90_000, 90_000 + BEGIN_MS).way, "direct");
  const detour = follow(playing, SILENCE, 60_500, 60_000 + BEGIN_MS);
  assert.equal(detour.way, "direct");
  assert.equal(resumeCourse(detour, false, 90_000).way, "direct", "not to and fro");
  back = resumeCourse(detour, true, 90_000);
  assert.deepEqual([back.way, back.reason], ["livestream", null]);
});

test("a refusal is not waited out", () => {
  for (const [wish, problem] of [["livestream", "absent"], ["direct", "busy"], ["direct", "refused"]]) {
    const course = followCourse(beginCourse(wish, true, 0), said(problem), 100);
    assert.notEqual(course.way, wish);
    assert.equal(course.reason, problem);
  }
});

test("two ways that refuse are asked in turn, not in a circle", () => {
  let course = beginCourse("livestream", true, 0);
  let changes = 0;
  for (let now = 100; now <= 60_000; now += 100) {
    const next = followCourse(course, said(course.way === "direct" ? "busy" : "absent"), now);
    if (next.way !== course.way) changes += 1;
    course = next;
  }
  assert.ok(changes >= 4 && changes <= 1 + 60_000 / PATIENCE_MS, String(changes));
});

test("the listener comes back when they ask, and is believed each time", () => {
  let course = followCourse(beginCourse("livestream", true, 0), said("absent"), 100);
  course = wishFor(course, "livestream", 60_000);
  assert.deepEqual([course.way, course.reason], ["livestream", null]);
  course = followCourse(course, said("absent"), 60_100);
  assert.equal(course.way, "direct");
});

test("a room without livestream has one way, whatever is wished or happens", () => {
  let course = beginCourse("livestream", false, 0);
  assert.deepEqual([course.way, course.reason], ["direct", null]);
  course = follow(course, said("busy"), 0, 60_000);
  assert.equal(course.way, "direct");
  assert.equal(wishFor(course, "livestream", 60_000).way, "direct");
});

test("a pause is no silence", () => {
  let course = beginCourse("livestream", true, 0);
  for (let now = 0; now < 600_000; now += 500) course = restCourse(course, now);
  assert.equal(followCourse(course, SILENCE, 600_500).way, "livestream");
});

test("sessions and answers are reports", () => {
  assert.deepEqual(reportOfSession({ state: "connected" }), SOUND);
  assert.deepEqual(reportOfSession({ state: "connecting" }), SILENCE);
  assert.deepEqual(reportOfSession({ state: "waiting" }), SILENCE);
  assert.deepEqual(reportOfSession({ state: "waiting", code: "overloaded" }), said("busy"));
  assert.deepEqual(reportOfSession({ state: "refused", code: "room_unknown" }), said("refused"));
  assert.deepEqual([404, 410, 403, 503, 500, 0, undefined].map(problemOfAnswer), ["absent", "absent", "refused", "", "", "", ""]);
});

const WINDOW = { start: 100, live: 400, time: 390 };

test("behind live is counted from where this player's live is", () => {
  assert.equal(behindLive(WINDOW), 10);
  assert.equal(behindLive({ ...WINDOW, time: 401 }), 0);
  assert.deepEqual([390, 396, 397.5, 400, 402].map((time) => isAtLive({ ...WINDOW, time })), [false, false, true, true, true]);
});

test("a wish to go somewhere ends inside the window", () => {
  assert.deepEqual(goTo(WINDOW, 250), { time: 250, isLive: false });
  assert.deepEqual(goTo(WINDOW, -5), { time: 100.5, isLive: false });
  assert.deepEqual(goTo(WINDOW, 399), { time: 400, isLive: true });
  assert.deepEqual(goTo(WINDOW, Infinity), { time: 400, isLive: true });
});

test("spans are said as people say them", () => {
  assert.equal(spanWords(12.4, "en"), "12 sec");
  assert.equal(spanWords(200, "de", "long"), "3 Minuten 20 Sekunden");
  assert.equal(spanWords(120, "de", "long"), "2 Minuten");
  assert.equal(spanWords(3600 + 61, "en", "long"), "1 hour 1 minute");
  assert.equal(spanWords(22, "uk", "long"), "22 секунди");
  assert.equal(spanWords(-3, "en", "long"), "0 seconds");
});

test("the player's keys leave alone what has the focus", () => {
  const press = (code, focus = "page", more = {}) =>
    playerAction({ code, key: "", altKey: false, ctrlKey: false, metaKey: false, repeat: false, ...more }, focus);
  assert.deepEqual(press("Space"), { act: "toggle" });
  assert.equal(press("Space", "button"), null);
  assert.deepEqual(press("KeyK", "button", { key: "л" }), { act: "toggle" });
  assert.deepEqual(press("ArrowLeft"), { act: "step", seconds: -5 });
  assert.equal(press("ArrowLeft", "slider"), null);
  assert.deepEqual(press("KeyM", "slider"), { act: "mute" });
  assert.equal(press("KeyM", "list"), null);
  assert.equal(press("KeyM", "page", { ctrlKey: true }), null);
  assert.equal(press("KeyM", "page", { repeat: true }), null);
  assert.deepEqual(press("KeyJ", "page", { repeat: true }), { act: "step", seconds: -10 });
  assert.deepEqual(press("Slash", "page", { key: "?" }), { act: "help" });
  assert.equal(press("KeyZ"), null);
});

const ITEMS = [
  { id: "a", title: { de: "Grußwort" }, speaker: "Oberbürgermeisterin", starts: "9:30" },
  { id: "b", title: { de: "Podium", en: "Panel" }, starts: "2026-11-22T10:00:00Z" },
];

test("the programme says what is and what comes", () => {
  assert.deepEqual(programmeNow({}), { now: null, next: null });
  assert.deepEqual(programmeNow({ items: ITEMS, item: null }), { now: null, next: ITEMS[0] });
  assert.deepEqual(programmeNow({ items: ITEMS, item: "a" }), { now: ITEMS[0], next: ITEMS[1] });
  assert.deepEqual(programmeNow({ items: ITEMS, item: "b" }), { now: ITEMS[1], next: null });
  assert.equal(itemWords(ITEMS[0], "uk"), "Grußwort (Oberbürgermeisterin)");
  assert.equal(itemWords(ITEMS[1], "en"), "Panel");
  assert.equal(itemTime(ITEMS[0], "de"), "9:30");
  assert.match(itemTime(ITEMS[1], "de"), /^\d{2}:00$/);
  assert.equal(itemTime({ id: "c", title: {} , starts: "soon" }, "de"), "");
});
