// Who comes back when: a whole hall over ten seconds, one alone at once. Time is simulated.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Session } from "../../web/static/js/lib/session.js";
import { Turnout } from "../../web/static/js/lib/turnout.js";
import { Wire } from "../../web/static/js/lib/wire.js";
import { FakeServer, FakeSocket, FakeTimers, settled } from "./fakes.js";

const PAGES = 100;
const HALL = 1000;

/** The same chances at each run. */
function chances(seed) {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

/** A server that a hall of pages is at; `isThere` false refuses whoever comes. */
class House {
  timers = new FakeTimers();
  isThere = true;
  sockets = [];
  backAt = [];

  /** @param {number} count @param {number} told  how many watch, as the server tells each page */
  constructor(count, told) {
    for (let n = 0; n < count; n += 1) this.#open(n + 1, told);
  }

  #open(seed, told) {
    const random = chances(seed * 7919);
    random();
    const { now, after, cancel } = this.timers;
    const wire = new Wire({
      url: "ws://host/ws",
      prefix: "x",
      timers: { now, after, cancel, random },
      turnout: new Turnout(),
      handlers: { welcome: () => this.backAt.push(now()) },
      open: () => {
        const socket = new FakeSocket();
        after(() => this.#meet(socket, told), 0);
        return socket;
      },
    });
    wire.connect();
  }

  #meet(socket, told) {
    if (!this.isThere) return socket.drop();
    this.sockets.push(socket);
    socket.receive({ type: "welcome", boot: "a", version: 1, now: 0, you: { person: "" }, turnout: told, state: {} });
  }

  /** All connections end. */
  fall({ goodbye = false } = {}) {
    this.backAt = [];
    for (const socket of this.sockets.splice(0)) {
      if (goodbye) socket.receive({ type: "closing", code: "stopping", text: "…" });
      socket.drop();
    }
  }
}

/** @param {number} awayMs @param {number} told @param {{goodbye?: boolean}} [how] */
async function restarted(awayMs, told, how) {
  const house = new House(PAGES, told);
  await house.timers.advance(1);
  house.isThere = awayMs === 0;
  house.fall(how);
  await house.timers.advance(awayMs);
  house.isThere = true;
  const there = house.timers.now();
  await house.timers.advance(30_000);
  assert.equal(house.backAt.length, PAGES);
  return house.backAt.map((at) => at - there);
}

const most = (times) => Math.max(...times);
const spread = (times) => most(times) - Math.min(...times);

/** The largest share of all that comes within one second. */
function rush(times) {
  return most(times.map((at) => times.filter((other) => at <= other && other < at + 1000).length)) / times.length;
}

test("a hall whose server was killed comes back over ten seconds", async () => {
  const times = await restarted(3_000, HALL);
  assert.ok(spread(times) >= 10_000, `spread ${spread(times)}`);
  assert.ok(most(times) <= 18_000, `the last after ${most(times)}`);
  assert.ok(rush(times) <= 0.3, `${rush(times)} of them within a second`);
});

test("also when it was away for a minute", async () => {
  const times = await restarted(60_000, HALL);
  assert.ok(spread(times) >= 10_000, `spread ${spread(times)}`);
  assert.ok(rush(times) <= 0.3, `${rush(times)} of them within a second`);
});

test("a server that said goodbye is not even tried at once", async () => {
  const times = await restarted(0, HALL, { goodbye: true });
  assert.ok(spread(times) >= 10_000, `spread ${spread(times)}`);
});

test("one who lost the connection alone is back within a second, in a full hall too", async () => {
  const times = await restarted(0, HALL);
  assert.ok(most(times) <= 750, `the last after ${most(times)}`);
});

test("those at work, and a small room, do not wait for a crowd that is not there", async () => {
  for (const told of [0, 12]) {
    const times = await restarted(3_000, told);
    assert.ok(most(times) <= 3_200, `the last after ${most(times)}`);
  }
});

test("a network that lets one wait is not taken for a server that refuses", async () => {
  const timers = new FakeTimers();
  timers.random = () => 0.999;
  const opened = [];
  const turnout = new Turnout();
  const open = () => opened[opened.push(new FakeSocket()) - 1];
  const wire = new Wire({ url: "ws://host/ws", prefix: "x", timers, turnout, handlers: {}, open });
  wire.connect();
  opened[0].receive({ type: "welcome", boot: "a", version: 1, now: 0, you: { person: "" }, turnout: HALL, state: {} });
  opened[0].drop();
  await timers.advance(750 + 8_000 + 1_500);
  assert.equal(opened.length, 3);
});

test("how many watch is told anew as they come", () => {
  const timers = new FakeTimers();
  const turnout = new Turnout();
  const socket = new FakeSocket();
  new Wire({ url: "ws://host/ws", prefix: "x", timers, turnout, handlers: {}, open: () => socket }).connect();
  socket.receive({ type: "welcome", boot: "a", version: 1, now: 0, you: { person: "" }, turnout: 3, state: {} });
  socket.receive({ type: "turnout", pages: 500 });
  turnout.lose();
  assert.equal(turnout.spreadMs(() => 0.5), 3_000);
  turnout.note(1_000_000);
  assert.equal(turnout.spreadMs(() => 0.5), 10_000);
});

test("sound that breaks with the server waits like the page, and alone it does not", async () => {
  for (const [isServerGone, wait] of [[true, 12_500], [false, 500]]) {
    const server = new FakeServer();
    server.tools.turnout.note(HALL);
    if (isServerGone) server.tools.turnout.lose();
    const session = new Session({
      endpoint: () => "/whep/hall/floor",
      token: null,
      prepare: (peer) => peer.addTransceiver("audio"),
      onStatus: () => {},
      tools: { ...server.tools, timers: Object.assign(server.timers, { random: () => (isServerGone ? 1 : 0) }) },
    });
    session.start();
    await settled();
    server.peers[0].become("connected");
    server.peers[0].become("failed");
    await server.timers.advance(wait - 1);
    assert.equal(server.peers.length, 1);
    await server.timers.advance(300);
    assert.equal(server.peers.length, 2);
  }
});
