import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWER_MS, COMMAND_LIFE_MS, Wire } from "../../web/static/js/lib/wire.js";
import { Turnout } from "../../web/static/js/lib/turnout.js";
import { FakeSocket, FakeTimers, settled } from "./fakes.js";

const STATE = { room: "plenary" };
const welcome = (version = 1, boot = "a") => ({ type: "welcome", boot, version, now: 0, you: { person: "p" }, state: STATE });

function open() {
  const timers = new FakeTimers();
  const sockets = [];
  const seen = { states: [], statuses: [], closings: [], welcomes: [] };
  const wire = new Wire({
    url: "ws://host/ws",
    prefix: "x",
    timers,
    turnout: new Turnout(),
    open: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1);
    },
    handlers: {
      welcome: (message) => seen.welcomes.push(message.boot),
      state: (state) => seen.states.push(state),
      status: (status) => seen.statuses.push(status),
      closing: (closing, final) => seen.closings.push([closing.code, final]),
    },
  });
  wire.connect();
  return { wire, timers, sockets, seen, last: () => sockets.at(-1) };
}

test("a command waits for the welcome and is answered", async () => {
  const { wire, last } = open();
  const outcome = wire.command("take_mic");
  assert.deepEqual(last().sent, []);
  last().receive(welcome());
  assert.deepEqual(last().sent, [{ type: "command", id: "x-1", name: "take_mic", args: {} }]);
  last().receive({ type: "done", id: "x-1", version: 2 });
  assert.deepEqual(await outcome, { kind: "done" });
});

test("a refusal carries its words", async () => {
  const { wire, last } = open();
  last().receive(welcome());
  const outcome = wire.command("take_mic");
  last().receive({ type: "refused", id: "x-1", code: "partner_on_air", text: "…" });
  assert.deepEqual(await outcome, { kind: "refused", code: "partner_on_air", text: "…" });
});

test("after a break, unanswered commands go out again with the same ids and in order", async () => {
  const { wire, last, timers, sockets } = open();
  last().receive(welcome());
  const first = wire.command("press_cough");
  const second = wire.command("release_cough");
  last().drop();
  await timers.advance(500);
  assert.equal(sockets.length, 2);
  last().receive(welcome());
  assert.deepEqual(last().sent.map(({ id, name }) => [id, name]), [["x-1", "press_cough"], ["x-2", "release_cough"]]);
  last().receive({ type: "done", id: "x-1", version: 2 });
  last().receive({ type: "done", id: "x-2", version: 3 });
  assert.deepEqual([await first, await second], [{ kind: "done" }, { kind: "done" }]);
});

test("a command that was not delivered in its life is lost and never sent later", async () => {
  const { wire, last, timers } = open();
  last().receive(welcome());
  last().drop();
  const outcome = wire.command("take_mic");
  await timers.advance(COMMAND_LIFE_MS);
  assert.deepEqual(await outcome, { kind: "lost" });
  last().receive(welcome());
  assert.deepEqual(last().sent, []);
});

test("silence after a command means a dead connection: it is dropped and opened anew", async () => {
  const { wire, last, timers, sockets } = open();
  last().receive(welcome());
  void wire.command("take_mic");
  await timers.advance(ANSWER_MS);
  assert.ok(sockets[0].isClosed);
  await timers.advance(500);
  assert.equal(sockets.length, 2);
  last().receive(welcome());
  assert.equal(last().sent[0].id, "x-1");
});

test("attempts are spaced 0.5, 1, 2, 3, 3 s and begin anew after a welcome", async () => {
  const { last, timers, sockets } = open();
  for (const wait of [500, 1000, 2000, 3000, 3000]) {
    last().drop();
    const before = sockets.length;
    await timers.advance(wait - 1);
    assert.equal(sockets.length, before);
    await timers.advance(1);
    assert.equal(sockets.length, before + 1);
  }
  last().receive(welcome());
  last().drop();
  await timers.advance(500);
  assert.equal(sockets.length, 7);
});

test("an older state never follows a newer one, but a welcome is always the truth", () => {
  const { last, seen } = open();
  last().receive(welcome(5));
  last().receive({ type: "state", version: 4, state: { room: "old" } });
  last().receive({ type: "state", version: 6, state: { room: "new" } });
  last().receive(welcome(2, "b"));
  assert.deepEqual(seen.states.map(({ room }) => room), ["plenary", "new", "plenary"]);
  assert.deepEqual(seen.welcomes, ["a", "b"]);
});

test("the loss of an edge is passed on", () => {
  const { wire, last } = open();
  const lost = [];
  wire.handlers.edgeLost = (edge) => lost.push(edge);
  last().receive(welcome());
  last().receive({ type: "edge_lost", edge: "e1" });
  assert.deepEqual(lost, ["e1"]);
});

test("news that only some pages need is passed on as it came", () => {
  const { wire, last } = open();
  const heard = [];
  wire.handlers.news = (news) => heard.push(news);
  last().receive(welcome());
  last().receive({ type: "papers", item: "opening" });
  assert.deepEqual(heard, [{ type: "papers", item: "opening" }]);
});

test("who was replaced or revoked does not come back; who meets a stopping server does", async () => {
  for (const [code, final] of [["replaced", true], ["revoked", true], ["expired", true], ["stopping", false], ["too_slow", false]]) {
    const { last, timers, sockets, seen } = open();
    last().receive(welcome());
    last().receive({ type: "closing", code, text: "…" });
    last().drop();
    await timers.advance(60_000);
    assert.deepEqual(seen.closings, [[code, final]]);
    assert.equal(sockets.length === 1, final, code);
  }
});

test("commands after the end are lost at once", async () => {
  const { wire, seen } = open();
  wire.end();
  await settled();
  assert.deepEqual(await wire.command("take_mic"), { kind: "lost" });
  assert.equal(seen.statuses.at(-1), "ended");
});

test("in another room what was unanswered is lost, and what the old one still says is nobody's", async () => {
  const { wire, sockets, seen, last } = open();
  last().receive(welcome(7));
  const outcome = wire.command("take_mic");
  wire.move("ws://host/ws?room=annex");
  assert.deepEqual(await outcome, { kind: "lost" });
  assert.equal(wire.url, "ws://host/ws?room=annex");
  assert.ok(sockets[0].isClosed);
  sockets[0].receive({ type: "state", version: 9, state: { room: "plenary", late: true } });
  sockets[0].drop();
  last().receive(welcome(2));
  assert.equal(sockets.length, 2);
  assert.deepEqual(last().sent, []);
  assert.deepEqual(seen.states, [STATE, STATE]);
});
