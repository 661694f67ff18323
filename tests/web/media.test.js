import assert from "node:assert/strict";
import { test } from "node:test";

import { Listener } from "../../web/static/js/lib/whep.js";
import { Publisher, h264First } from "../../web/static/js/lib/whip.js";
import { FakeServer, held, problem, settled } from "./fakes.js";

async function listening(wanted = {}) {
  const server = new FakeServer();
  const listener = new Listener({
    room: "plenary",
    token: null,
    wanted: { channel: "floor", under: false, video: true, ...wanted },
    onTrack: () => {},
    onStatus: () => {},
    tools: server.tools,
  });
  listener.listen({});
  await settled();
  return { server, listener };
}

const puts = (server) => server.requests.filter(({ method }) => method === "PUT").map(({ body }) => JSON.parse(body));

test("a listener asks for the channel, sound and picture", async () => {
  const { server } = await listening({ channel: "uk", under: true });
  assert.deepEqual(server.log, ["POST /whep/plenary/uk?original=under"]);
  assert.deepEqual(server.peers[0].transceivers.map(({ trackOrKind }) => trackOrKind), ["audio", "video"]);
});

test("another language is a PUT on the same connection", async () => {
  const { server, listener } = await listening();
  listener.listen({ channel: "de" });
  await settled();
  assert.deepEqual(server.log, ["POST /whep/plenary/floor", "PUT /whep/plenary/floor/s1/channel"]);
  assert.deepEqual(puts(server), [{ channel: "de", original: "none" }]);
  assert.equal(server.peers.length, 1);
});

test("a listener whom the server has moved asks for nothing, and is there after a break", async () => {
  const { server, listener } = await listening({ channel: "uk", under: true });
  server.peers[0].become("connected");
  listener.follow("en");
  await settled();
  assert.deepEqual(puts(server), []);
  listener.session.restart();
  await settled();
  assert.equal(server.log.at(-1), "POST /whep/plenary/en?original=under");
  listener.follow("floor"); // not connected: nobody knows whether the server has moved this one
  await settled();
  assert.deepEqual(puts(server), [{ channel: "floor", original: "none" }]);
});

test("of many presses the last one wins, one request at a time, and the same wish is not sent twice", async () => {
  const { server, listener } = await listening();
  for (const channel of ["de", "uk", "en", "uk"]) listener.listen({ channel });
  await settled();
  assert.deepEqual(puts(server).map(({ channel }) => channel), ["de", "uk"]);
  listener.listen({ channel: "uk" });
  await settled();
  assert.equal(puts(server).length, 2);
});

test("a press while the answer is awaited is made good afterwards", async () => {
  const server = new FakeServer();
  const listener = new Listener({
    room: "plenary", token: null, wanted: { channel: "de", under: false, video: false },
    onTrack: () => {}, onStatus: () => {}, tools: server.tools,
  });
  const answer = held();
  server.answer = (method) => (method === "POST" ? answer.promise : undefined);
  listener.listen({});
  await settled();
  listener.listen({ channel: "en" });
  answer.resolve(new Response("v=0", { status: 201, headers: { Location: "/whep/plenary/de/s1" } }));
  await settled();
  assert.deepEqual(server.log, ["POST /whep/plenary/de", "PUT /whep/plenary/de/s1/channel"]);
});

test("the original underneath means nothing on the floor itself", async () => {
  const { server, listener } = await listening();
  listener.listen({ under: true });
  await settled();
  assert.deepEqual(puts(server), []);
  listener.listen({ channel: "de" });
  await settled();
  assert.deepEqual(puts(server), [{ channel: "de", original: "under" }]);
});

test("leaving the picture asks anew, without it", async () => {
  const { server, listener } = await listening();
  listener.listen({ video: false });
  await settled();
  assert.deepEqual(server.peers[1].transceivers.map(({ trackOrKind }) => trackOrKind), ["audio"]);
});

test("of several pictures each has a line of its own, and tracks are told apart by it", async () => {
  const server = new FakeServer();
  const taken = [];
  const listener = new Listener({
    room: "plenary", token: null, wanted: { channel: "floor", under: false, video: true }, pictures: ["hall", "face:0"],
    onTrack: (track, picture) => taken.push([track, picture]), onStatus: () => {}, tools: server.tools,
  });
  listener.listen({});
  await settled();
  assert.deepEqual(server.log, ["POST /whep/plenary/floor?pictures=hall,face:0"]);
  const [audio, hall, face] = server.peers[0].transceivers;
  server.peers[0].ontrack({ track: "f", transceiver: face });
  server.peers[0].ontrack({ track: "a", transceiver: audio });
  server.peers[0].ontrack({ track: "h", transceiver: hall });
  assert.deepEqual(taken, [["f", "face:0"], ["a", ""], ["h", "hall"]]);
  listener.listen({ video: false });
  await settled();
  assert.equal(server.log.at(-1), "POST /whep/plenary/floor");
});

test("in another room one listens from the next start on, to the floor", async () => {
  const { server, listener } = await listening({ channel: "uk" });
  listener.move("annex");
  await settled();
  assert.deepEqual(server.log, ["POST /whep/plenary/uk", "DELETE /whep/plenary/uk/s1"]);
  listener.session.start();
  await settled();
  assert.equal(server.log.at(-1), "POST /whep/annex/floor");
});

test("a switch that the server does not know of any more opens a new session with the wish", async () => {
  const { server, listener } = await listening();
  server.answer = (method) => (method === "PUT" ? problem(404, "session_unknown") : undefined);
  listener.listen({ channel: "de" });
  await settled();
  assert.equal(server.log.at(-1), "POST /whep/plenary/de");
});

const track = (kind) => ({ kind, stop() {} });
const stream = (...kinds) => {
  const tracks = kinds.map(track);
  return { getTracks: () => tracks };
};

test("a publisher sends its tracks at a bit rate fit for a hall, and changes a device without a break", async () => {
  const server = new FakeServer();
  const publisher = new Publisher({ room: "plenary", token: "t", stream: stream("audio", "video"), onStatus: () => {}, tools: server.tools });
  publisher.session.start();
  await settled();
  const inits = server.peers[0].transceivers.map(({ init }) => [init.direction, init.sendEncodings[0].maxBitrate]);
  assert.deepEqual(inits, [["sendonly", 96_000], ["sendonly", 2_500_000]]);
  const next = stream("audio", "video");
  await publisher.replace(next);
  assert.deepEqual(server.peers[0].getSenders().map((sender) => sender.track), next.getTracks());
  assert.equal(server.peers.length, 1);
  await publisher.replace(stream("audio"));
  await settled();
  assert.equal(server.peers.length, 2);
});

test("a publisher that comes back says which session it had, and one that is started says none", async () => {
  const server = new FakeServer();
  const publisher = new Publisher({ room: "plenary", token: "t", stream: stream("audio"), microphone: 2, onStatus: () => {}, tools: server.tools });
  publisher.session.start();
  await settled();
  publisher.session.restart();
  await settled();
  const posts = server.log.filter((line) => line.startsWith("POST"));
  assert.deepEqual(posts, ["POST /whip/plenary?microphone=2", "POST /whip/plenary?microphone=2&after=s1"]);
});

test("a publisher whose answer was lost is not refused for the session that it may have made", async () => {
  const server = new FakeServer();
  const publisher = new Publisher({ room: "plenary", token: "t", stream: stream("audio"), onStatus: () => {}, tools: server.tools });
  publisher.session.start();
  await settled();
  let lost = 1;
  server.answer = (method) => (method === "POST" && lost-- > 0 ? Promise.reject(new TypeError("network")) : undefined);
  publisher.session.restart();
  await settled();
  await server.timers.advance(10_000);
  await settled();
  const posts = server.log.filter((line) => line.startsWith("POST"));
  assert.deepEqual(posts.slice(0, 3), ["POST /whip/plenary", "POST /whip/plenary?after=s1", "POST /whip/plenary"]);
});

test("H.264 constrained baseline in packetization mode 1 comes first, the rest keeps its order", () => {
  const codec = (mimeType, sdpFmtpLine) => ({ mimeType, sdpFmtpLine });
  const [vp8, high, mode0, baseline] = [
    codec("video/VP8"),
    codec("video/H264", "packetization-mode=1;profile-level-id=640c1f"),
    codec("video/H264", "packetization-mode=0;profile-level-id=42e01f"),
    codec("video/H264", "packetization-mode=1;profile-level-id=42e01f"),
  ];
  assert.deepEqual(h264First([vp8, high, mode0, baseline]), [baseline, high, mode0, vp8]);
});
