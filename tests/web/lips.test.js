import assert from "node:assert/strict";
import { test } from "node:test";

import { Lips, MOST_MS, ROUND_MS, canHold, lateMs, leadMs, nextHeld, untied } from "../../web/static/js/lib/lips.js";
import { Listener } from "../../web/static/js/lib/whep.js";
import { FakeServer, settled } from "./fakes.js";

const ANSWER = [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=msid:tolmach audio",
  "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=msid:tolmach video",
  "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=msid:tolmach-1 video", "",
].join("\r\n");

/** A receiver that plays as late after the server's clock as it is told, on a clock `ahead_ms` of the server's. */
class Playing {
  constructor(kind, source, { natural_ms, from = 3_000_000_000, ahead_ms = 777_123 }) {
    Object.assign(this, { track: { kind }, source, natural_ms, from, ahead_ms, jitterBufferTarget: null, frozenAt: null });
    this.rate = kind === "audio" ? 48 : 90;
  }
  /** What a picture's buffer takes: it needs its own time, and waits as long as it is told. */
  get delay_ms() {
    return Math.max(this.natural_ms, this.jitterBufferTarget ?? 0);
  }
  play(server_ms) {
    if (this.frozenAt !== null) return;
    const rtpTimestamp = (this.from + (server_ms - this.delay_ms) * this.rate) % 2 ** 32;
    this.newest = { source: this.source, timestamp: server_ms + this.ahead_ms, rtpTimestamp };
  }
  getSynchronizationSources() {
    return this.newest ? [this.newest] : [];
  }
  /** The wall clock of a sender report, which stands at a whole multiple of ROUND_MS of RTP time. */
  report(server_ms) {
    const at = (this.from + server_ms * this.rate) % 2 ** 32;
    const past = at % (ROUND_MS * this.rate);
    return ["r" + this.source, { type: "remote-outbound-rtp", ssrc: this.source, remoteTimestamp: server_ms - past / this.rate }];
  }
}

/** Look once a second, with a report each five; what everybody's lead is at the end. */
function run(lips, playing, seconds, { from_s = 100, output_ms = 0, onSecond = () => {} } = {}) {
  let reports = [];
  for (let second = from_s; second < from_s + seconds; second += 1) {
    const now = second * 1000 + 137;
    onSecond(second - from_s);
    if ((second - from_s) % 5 === 0) reports = playing.map((one) => one.report(now - 40));
    for (const one of playing) one.play(now);
    const samples = second * 48_000;
    const out = ["AP", { type: "media-playout", totalSamplesCount: samples, totalPlayoutDelay: (samples * output_ms) / 1000 }];
    lips.look(playing, [...reports, out]);
  }
  const [sound, ...pictures] = playing;
  return pictures.map((picture) => Math.round(sound.delay_ms + output_ms - picture.delay_ms));
}

/** ITU-R BT.1359: sound 45 ms before the picture to 125 after. */
function assertBorne(lead) {
  assert.ok(lead >= -45 && lead <= 125, `${lead} ms before the sound`);
}

const sound = (natural_ms, more) => new Playing("audio", 1, { natural_ms, ...more });
const picture = (source, natural_ms, more) => new Playing("video", source, { natural_ms, from: 1_234_567_000 + source * 1e6, ...more });

test("how late something plays is told but for whole rounds, and not without a report", () => {
  assert.equal(lateMs({ source: 1, timestamp: 50_300, rtpTimestamp: 48 * 20_100 }, "audio", 50_000), 200);
  assert.equal(lateMs({ source: 2, timestamp: 50_300, rtpTimestamp: 90 * 20_100 }, "video", 48_000), 200);
  assert.equal(lateMs({ source: 1, timestamp: 50_300, rtpTimestamp: 48 * 20_100 }, "audio", undefined), null);
});

test("timestamps that have just begun anew say nothing, for the report is of those before", () => {
  assert.equal(lateMs({ source: 1, timestamp: 50_300, rtpTimestamp: 48 * 4_000 }, "audio", 50_000), null);
});

test("a lead is the shorter way round", () => {
  assert.equal(leadMs(250, 50), 200);
  assert.equal(leadMs(50, 1_950), 100);
  assert.equal(leadMs(1_950, 50), -100);
});

test("a step is small where little is wrong, never large, and stays within bounds", () => {
  assert.equal(nextHeld(100, 60), 100);
  assert.equal(nextHeld(100, 100), 130);
  assert.equal(nextHeld(100, 900), 200);
  assert.equal(nextHeld(MOST_MS - 10, 900), MOST_MS);
  assert.equal(nextHeld(20, -200), 0);
});

test("several pictures come to wait for their sound, each by its own need", () => {
  const playing = [sound(205), picture(2, 30), picture(3, 120), picture(4, 60)];
  for (const lead of run(new Lips(), playing, 15)) assertBorne(lead);
  assert.equal(playing[0].jitterBufferTarget, null, "the sound is never touched");
});

test("what the sound still takes from the browser to the ear counts", () => {
  const [lead] = run(new Lips(), [sound(60), picture(2, 20)], 15, { output_ms: 150 });
  assertBorne(lead);
});

test("a picture that comes after the sound is let go as early as it can", () => {
  const late = picture(2, 180);
  late.jitterBufferTarget = 300;
  assert.deepEqual(run(new Lips(), [sound(60), late], 20), [-120]);
  assert.equal(late.jitterBufferTarget, 0);
});

test("a picture follows when the sound gets faster or slower", () => {
  const playing = [sound(60), picture(2, 30)];
  const onSecond = (second) => {
    playing[0].natural_ms = second < 15 ? 400 : 120;
  };
  const lips = new Lips();
  assertBorne(run(lips, playing, 15, { onSecond })[0]);
  assert.ok(playing[1].jitterBufferTarget > 300);
  const [lead] = run(lips, playing, 15, { from_s: 115, onSecond: (second) => onSecond(second + 15) });
  assertBorne(lead);
});

test("another speaker in the same picture has timestamps of another line, which the next report tells", () => {
  const playing = [sound(205), picture(2, 30)];
  const lips = new Lips();
  run(lips, playing, 15);
  playing[1].from += 90 * 333;
  playing[1].natural_ms = 90;
  const [lead] = run(lips, playing, 15, { from_s: 115 });
  assertBorne(lead);
});

test("a picture that stands still, or has never come, stays as it is", () => {
  const [still, never] = [picture(2, 30), picture(3, 30)];
  const playing = [sound(205), still, never];
  never.frozenAt = 0;
  const lips = new Lips();
  run(lips, playing, 3);
  still.frozenAt = 0;
  const before = still.jitterBufferTarget;
  run(lips, playing, 10, { from_s: 103 });
  assert.equal(still.jitterBufferTarget, before);
  assert.equal(never.jitterBufferTarget, null);
});

test("without sound, or without reports, nothing is done", () => {
  const [silent, film] = [sound(205), picture(2, 30)];
  silent.frozenAt = 0;
  run(new Lips(), [silent, film], 5);
  assert.equal(film.jitterBufferTarget, null);
  const playing = [sound(205), picture(2, 30)];
  for (const one of playing) one.play(100_000);
  new Lips().look(playing, []);
  assert.equal(playing[1].jitterBufferTarget, null);
});

test("timestamps that begin anew move a picture by no more than one step", () => {
  const film = picture(2, 30, { from: 2 ** 32 - 110_000 * 90 });
  const lips = new Lips();
  const playing = [sound(205), film];
  run(lips, playing, 9);
  const before = film.jitterBufferTarget;
  let most = 0;
  run(lips, playing, 30, {
    from_s: 109,
    onSecond: () => {
      most = Math.max(most, Math.abs(film.jitterBufferTarget - before));
    },
  });
  assert.ok(most <= 100, `${most} ms`);
});

test("no picture is tied to the sound any more, and the sound's own line stays", () => {
  const groups = [...untied(ANSWER).matchAll(/^a=msid:(\S+) (\S+)\r$/gm)].map(([, group, kind]) => [kind, group]);
  assert.equal(groups[0].join(), "audio,tolmach");
  assert.equal(new Set(groups.map(([, group]) => group)).size, 3);
});

/** A page that is answered, in a browser of one kind. */
async function answered(pictures, receiver) {
  globalThis.RTCRtpReceiver = receiver;
  try {
    const server = new FakeServer();
    server.answer = (method) => (method === "POST" ? new Response(ANSWER, { status: 201, headers: { Location: "/whep/a/b/s1" } }) : undefined);
    const listener = new Listener({
      room: "plenary", token: null, wanted: { channel: "floor", under: false, video: true }, pictures,
      onTrack: () => {}, onStatus: () => {}, tools: server.tools,
    });
    listener.listen({});
    await settled();
    return server.peers[0].remoteDescription.sdp;
  } finally {
    delete globalThis.RTCRtpReceiver;
  }
}

class Holding {
  get jitterBufferTarget() {
    return null;
  }
}

test("one picture alone is left to the browser, and several are where it cannot hold any", async () => {
  assert.equal(canHold(), false);
  assert.equal(await answered(["hall", "stage"], Holding), untied(ANSWER));
  assert.equal(await answered(["hall"], Holding), ANSWER);
  assert.equal(await answered(["hall", "stage"], class {}), ANSWER);
  assert.equal(await answered(["hall", "stage"], undefined), ANSWER);
});
