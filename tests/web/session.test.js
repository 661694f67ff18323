import assert from "node:assert/strict";
import { test } from "node:test";

import { DISCONNECTED_MS, LOOK_MS, RENEW_MS, RESTART_MS, Session, parseProblem } from "../../web/static/js/lib/session.js";
import { QUIET_MS, QUIET_SENDER_MS } from "../../web/static/js/lib/pulse.js";
import { FakeServer, held, problem, settled } from "./fakes.js";

function open(server = new FakeServer(), token = "secret") {
  const statuses = [];
  const session = new Session({
    endpoint: () => "/whip/plenary",
    token,
    prepare: (peer) => peer.addTransceiver("audio"),
    onStatus: (status) => statuses.push(status),
    tools: server.tools,
  });
  return { server, session, statuses, states: () => statuses.map(({ state }) => state), peer: () => server.peers.at(-1) };
}

async function connected(opened) {
  opened.session.start();
  await settled();
  opened.peer().become("connected");
  return opened;
}

test("the offer goes out at once with the bearer, the answer comes back", async () => {
  const { server, session, states, peer } = await connected(open());
  assert.deepEqual(server.requests[0], {
    method: "POST",
    url: "/whip/plenary",
    headers: { Authorization: "Bearer secret", "Content-Type": "application/sdp" },
    body: "v=0 offer",
  });
  assert.deepEqual(peer().remoteDescription, { type: "answer", sdp: "v=0 answer" });
  assert.equal(session.location, "/whip/plenary/s1");
  assert.deepEqual(states(), ["connecting", "connected"]);
});

test("a listener without a token sends no bearer", async () => {
  const { server } = await connected(open(new FakeServer(), null));
  assert.equal(server.requests[0].headers.Authorization, undefined);
});

test("a browser without WebRTC is told so, and the server is asked nothing", async () => {
  const server = new FakeServer();
  server.tools.createPeer = () => {
    throw new ReferenceError("RTCPeerConnection is not defined");
  };
  const { session, states } = open(server);
  session.start();
  await settled();
  assert.deepEqual(states(), ["connecting", "refused"]);
  assert.equal(session.status.code, "no_webrtc");
  assert.deepEqual(server.requests, []);
});

test("starting twice opens one session; stopping deletes it", async () => {
  const { server, session, states } = await connected(open());
  session.start();
  session.stop();
  await settled();
  assert.deepEqual(server.log, ["POST /whip/plenary", "DELETE /whip/plenary/s1"]);
  assert.equal(states().at(-1), "idle");
});

test("a failed connection is opened anew after half a second", async () => {
  const { server, states, peer } = await connected(open());
  peer().become("failed");
  await server.timers.advance(499);
  assert.equal(server.peers.length, 1);
  await server.timers.advance(1);
  assert.deepEqual(server.log, ["POST /whip/plenary", "DELETE /whip/plenary/s1", "POST /whip/plenary"]);
  peer().become("connected");
  assert.deepEqual(states(), ["connecting", "connected", "waiting", "connecting", "connected"]);
});

test("a short disconnection is sat out", async () => {
  const { server, peer } = await connected(open());
  peer().become("disconnected");
  await server.timers.advance(DISCONNECTED_MS - 1);
  peer().become("connected");
  await server.timers.advance(60_000);
  assert.equal(peer().restarts, 0);
  assert.equal(server.peers.length, 1);
});

test("a longer one restarts ICE in the running session", async () => {
  const { server, session, peer, states } = await connected(open());
  await peer().setRemoteDescription({ type: "answer", sdp: "v=0\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:1\r\n" });
  peer().become("disconnected");
  await server.timers.advance(DISCONNECTED_MS);
  const { method, url, headers, body } = server.requests.at(-1);
  assert.deepEqual([method, url, body], ["PATCH", "/whip/plenary/s1", "a=ice-ufrag:u1\r\na=ice-pwd:p\r\nm=audio 9 P 111\r\na=mid:0\r\n"]);
  assert.deepEqual([headers["If-Match"], headers["Content-Type"], headers.Authorization], ["*", "application/trickle-ice-sdpfrag", "Bearer secret"]);
  assert.equal(peer().remoteDescription.sdp, "v=0\r\na=ice-ufrag:fresh\r\na=ice-pwd:word\r\na=candidate:9\r\n");
  peer().become("connected");
  await server.timers.advance(60_000);
  assert.equal(session.location, "/whip/plenary/s1");
  assert.deepEqual(states(), ["connecting", "connected", "connected"]);
});

test("a restart that brings nothing is followed by a new session", async () => {
  const { server, peer } = await connected(open());
  peer().become("disconnected");
  await server.timers.advance(DISCONNECTED_MS + RESTART_MS + 500);
  assert.deepEqual(server.log.slice(1), ["PATCH /whip/plenary/s1", "DELETE /whip/plenary/s1", "POST /whip/plenary"]);
});

test("a server that knows the session no more gets a new one at once", async () => {
  const { server, peer } = await connected(open());
  server.answer = (method) => (method === "PATCH" ? problem(404, "session_unknown") : undefined);
  peer().become("disconnected");
  await server.timers.advance(DISCONNECTED_MS + 500);
  assert.equal(server.peers.length, 2);
});

test("while there is no network a restart is asked for again and again", async () => {
  const { server, peer } = await connected(open());
  server.answer = (method) => (method === "PATCH" ? Promise.reject(new TypeError("no network")) : undefined);
  peer().become("disconnected");
  await server.timers.advance(DISCONNECTED_MS + 2_500);
  assert.equal(server.requests.filter(({ method }) => method === "PATCH").length, 3);
  server.answer = () => undefined;
  await server.timers.advance(1_000);
  assert.match(peer().remoteDescription.sdp, /answer/);
  assert.equal(server.peers.length, 1);
});

test("a connection on which nothing comes is restarted before the browser gives it up", async () => {
  const opened = await connected(open());
  const { server, session, statuses, peer } = opened;
  const heard = (count) => new Map([["S", { type: "inbound-rtp", kind: "audio", packetsReceived: count }]]);
  for (const count of [50, 100, 150]) {
    peer().stats = heard(count);
    await server.timers.advance(LOOK_MS);
  }
  assert.equal(peer().restarts, 0);
  await server.timers.advance(QUIET_MS + LOOK_MS);
  assert.equal(peer().restarts, 1);
  assert.equal(session.status.state, "connecting");
  peer().stats = heard(151);
  await server.timers.advance(LOOK_MS);
  assert.equal(statuses.at(-1).state, "connected");
  for (let count = 152; count < 162; count += 1) {
    peer().stats = heard(count);
    await server.timers.advance(LOOK_MS);
  }
  assert.equal(server.peers.length, 1);
  assert.equal(peer().restarts, 1);
});

test("who sends is restarted when the server's reports stay out", async () => {
  const { server, peer } = await connected(open());
  await settled();
  peer().stats = new Map([["T", { type: "transport", packetsReceived: 7 }]]);
  for (let ms = 0; ms < QUIET_SENDER_MS; ms += LOOK_MS) {
    assert.equal(peer().restarts, 0);
    await server.timers.advance(LOOK_MS);
  }
  await server.timers.advance(LOOK_MS);
  assert.equal(peer().restarts, 1);
});

test("the way of the packets is told, and told again when it changes", async () => {
  const opened = open();
  opened.session.start();
  await settled();
  opened.peer().stats = way({ candidateType: "host" });
  opened.peer().become("connected");
  await settled();
  assert.deepEqual(opened.statuses.at(-1), { state: "connected", way: "direct" });
  opened.peer().stats = way({ candidateType: "relay", relayProtocol: "tls" });
  await opened.server.timers.advance(LOOK_MS);
  assert.deepEqual(opened.statuses.at(-1), { state: "connected", way: "relay_tls" });
  const told = opened.statuses.length;
  await opened.server.timers.advance(10 * LOOK_MS);
  assert.equal(opened.statuses.length, told);
  opened.session.stop();
  assert.deepEqual(opened.statuses.at(-1), { state: "idle" });
});

function way(local) {
  return new Map([
    ["T", { type: "transport", selectedCandidatePairId: "P" }],
    ["P", { type: "candidate-pair", localCandidateId: "L" }],
    ["L", { type: "local-candidate", ...local }],
  ]);
}

test("an answer after which nothing connects is not waited for without end", async () => {
  const { server, session } = open();
  session.start();
  await settled();
  await server.timers.advance(10_000 + 500);
  assert.equal(server.peers.length, 2);
});

test("what is not allowed is said and not repeated", async () => {
  const { server, session, statuses } = open();
  server.answer = () => problem(401, "token_expired");
  session.start();
  await server.timers.advance(60_000);
  assert.equal(server.requests.length, 1);
  assert.deepEqual(statuses.at(-1), { state: "refused", code: "token_expired", text: "about token_expired" });
});

test("an overloaded server is asked again, not before it says", async () => {
  const { server, session, statuses } = open();
  server.answer = () => problem(503, "overloaded", { "Retry-After": "3" });
  session.start();
  await settled();
  assert.equal(statuses.at(-1).code, "overloaded");
  await server.timers.advance(2_999);
  assert.equal(server.requests.length, 1);
  await server.timers.advance(1);
  assert.equal(server.requests.length, 2);
});

test("an unreachable server is asked again, and at once when the network is back", async () => {
  const { server, session, states } = open();
  server.answer = () => Promise.reject(new TypeError("no network"));
  session.start();
  await settled();
  assert.equal(states().at(-1), "waiting");
  server.answer = () => undefined;
  session.nudge();
  await settled();
  assert.equal(session.location, "/whip/plenary/s1");
  await server.timers.advance(5_000);
  assert.equal(server.peers.length, 2); // the pause that was cut short opens nothing more
});

test("an answer that comes after a restart is given back", async () => {
  const { server, session } = open();
  const late = held();
  server.answer = (method) => (method === "POST" && server.requests.length === 1 ? late.promise : undefined);
  session.start();
  await settled();
  session.restart();
  await settled();
  late.resolve(new Response("v=0 late", { status: 201, headers: { Location: "/whip/plenary/late" } }));
  await settled();
  assert.equal(session.location, "/whip/plenary/s1");
  assert.ok(server.log.includes("DELETE /whip/plenary/late"));
});

test("a session that finds the restarted server before the WebSocket does is not opened a second time", async () => {
  const opened = open();
  opened.server.boot = "before";
  const { server, session, states, peer } = await connected(opened);
  server.boot = "after";
  peer().become("failed");
  await server.timers.advance(500);
  const found = [...server.log];
  session.renew("after"); // answered, not connected yet
  peer().become("connected");
  session.renew("after");
  await server.timers.advance(RENEW_MS);
  assert.deepEqual(server.log, found);
  assert.deepEqual([server.peers.length, session.location, states().at(-1)], [2, "/whip/plenary/s2", "connected"]);
});

test("a session that has not noticed the restart is opened anew at once", async () => {
  const opened = open();
  opened.server.boot = "before";
  const { server, session } = await connected(opened);
  server.boot = "after";
  session.renew("after");
  await settled();
  assert.deepEqual(server.log, ["POST /whip/plenary", "DELETE /whip/plenary/s1", "POST /whip/plenary"]);
});

test("an offer that is under way when the restart is heard of is not sent twice", async () => {
  const { server, session } = open();
  const late = held();
  server.boot = "after";
  server.answer = (method) => (method === "POST" ? late.promise : undefined);
  session.start();
  await settled();
  session.renew("after");
  late.resolve(undefined);
  await settled();
  await server.timers.advance(RENEW_MS);
  assert.deepEqual([server.log, session.location], [["POST /whip/plenary"], "/whip/plenary/s1"]);
});

for (const [whose, boot] of [["the process before", "before"], ["a server that does not say which it is", ""]]) {
  test(`an answer of ${whose} is followed by one new session`, async () => {
    const { server, session } = open();
    const late = held();
    server.boot = boot;
    server.answer = (method) => (method === "POST" ? late.promise : undefined);
    session.start();
    await settled();
    session.renew("after");
    late.resolve(undefined);
    await settled();
    await server.timers.advance(RENEW_MS);
    assert.deepEqual(server.log, ["POST /whip/plenary", "DELETE /whip/plenary/s1", "POST /whip/plenary"]);
    assert.equal(session.location, "/whip/plenary/s2");
  });
}

test("an offer that nobody answers any more is sent anew soon after the restart", async () => {
  const { server, session } = open();
  server.answer = (method) => (method === "POST" && server.requests.length === 1 ? held().promise : undefined);
  session.start();
  await settled();
  session.renew("after");
  await server.timers.advance(RENEW_MS);
  assert.equal(session.location, "/whip/plenary/s1");
  assert.equal(server.peers.length, 2);
});

test("a session that waits or was refused comes at once to the restarted server, a closed one stays closed", async () => {
  const { server, session } = open();
  session.renew("after");
  await settled();
  assert.deepEqual(server.log, []);
  server.answer = () => problem(503, "overloaded", { "Retry-After": "30" });
  session.start();
  await settled();
  assert.equal(session.status.state, "waiting");
  server.answer = () => undefined;
  session.renew("after");
  await settled();
  assert.equal(session.location, "/whip/plenary/s1");
});

test("a lost edge is left within half a second, without a goodbye to nobody", async () => {
  const { server, session, states, peer } = open();
  server.timers.random = () => 0.5;
  server.answer = (method) => {
    const headers = { Location: `/whep/plenary/de/s${server.peers.length}`, "Tolmach-Edge": `e${server.peers.length}` };
    return method === "POST" ? new Response("v=0 answer", { status: 201, headers }) : undefined;
  };
  session.start();
  await settled();
  peer().become("connected");
  session.leaveEdge("another");
  await server.timers.advance(1_000);
  assert.equal(server.peers.length, 1);
  session.leaveEdge("e1");
  await server.timers.advance(249);
  assert.equal(server.peers.length, 1);
  await server.timers.advance(1);
  assert.equal(session.location, "/whep/plenary/de/s2");
  assert.ok(!server.log.some((line) => line.startsWith("DELETE")));
  peer().become("connected");
  assert.deepEqual(states(), ["connecting", "connected", "waiting", "connecting", "connected"]);
});

test("an answer from an edge that has died meanwhile is not believed", async () => {
  const { server, session } = open();
  const late = held();
  server.answer = (method) => (method === "POST" && server.requests.length === 1 ? late.promise : undefined);
  session.start();
  await settled();
  session.leaveEdge("e1");
  late.resolve(new Response("v=0", { status: 201, headers: { Location: "/whip/plenary/late", "Tolmach-Edge": "e1" } }));
  await settled();
  await server.timers.advance(0);
  assert.equal(session.location, "/whip/plenary/s1");
});

test("a proxy's own error page is no problem of ours", () => {
  assert.deepEqual(parseProblem("<html>"), {});
  assert.deepEqual(parseProblem('{"error":{"code":"a","text":"b"}}'), { code: "a", text: "b" });
});
