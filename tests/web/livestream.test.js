import assert from "node:assert/strict";
import { test } from "node:test";

import { CATCH_UP_RATE, Livestream, channelOf } from "../../web/static/js/lib/livestream.js";
import { Moves } from "../../web/static/js/lib/moves.js";
import { heardWords, stageWords } from "../../web/static/js/lib/watching.js";
import { FakeTimers } from "./fakes.js";

/** hls.js as far as we touch it. */
class FakeHls {
  static Events = {
    AUDIO_TRACKS_UPDATED: "audio",
    MANIFEST_PARSED: "manifest",
    SUBTITLE_TRACKS_UPDATED: "subtitles",
    FRAG_BUFFERED: "buffered",
    LEVEL_UPDATED: "level",
    ERROR: "error",
  };
  static ErrorDetails = { MANIFEST_LOAD_ERROR: "list" };
  static ErrorTypes = { MEDIA_ERROR: "media", NETWORK_ERROR: "network", OTHER_ERROR: "other" };
  static made = [];
  did = [];
  #handlers = {};
  levels = [];
  audioTracks = [];
  subtitleTracks = [];
  audioTrack = -1;
  currentLevel = -1;
  subtitleTrack = -1;
  autoLevelEnabled = true;
  latestLevelDetails = null;
  liveSyncPosition = null;
  playingDate = null;

  constructor(config) {
    this.config = { ...config };
    FakeHls.made.push(this);
  }
  on(event, run) {
    (this.#handlers[event] ??= []).push(run);
  }
  once = this.on;
  tell(event, data = {}) {
    for (const run of this.#handlers[event] ?? []) run(event, data);
  }
  fail(type, code, details) {
    this.tell("error", { fatal: true, type, details, response: code === undefined ? undefined : { code } });
  }
  loadSource(url) {
    this.did.push(`load ${url}`);
  }
  attachMedia() {}
  startLoad() {
    this.did.push("start");
  }
  recoverMediaError() {
    this.did.push("mend");
  }
  destroy() {
    this.did.push("destroy");
  }
  /** Its playlists have come: four languages, a window of five minutes. */
  arrive() {
    this.audioTracks = ["floor", "de", "uk", "en"].map((name) => ({ url: `https://hall/hls/hall/${name}.m3u8?t=1` }));
    this.levels = [{ bitrate: 2_000_000 }, { bitrate: 400_000 }];
    this.tell("manifest");
    this.tell("audio");
    this.latestLevelDetails = { fragmentStart: 100 };
    this.liveSyncPosition = 400;
  }
}

function playing(channel = "uk", quality = "auto") {
  FakeHls.made.length = 0;
  const timers = new FakeTimers();
  const media = { currentTime: 400, paused: false, play: async () => {} };
  const stream = new Livestream({ Hls: FakeHls, onChange: () => {}, timers });
  stream.start(media, { url: "/hls/hall/index.m3u8", channel, quality });
  const hls = () => FakeHls.made.at(-1);
  return { stream, media, timers, hls };
}

test("a rendition is known by its playlist's name", () => {
  assert.deepEqual(["/hls/hall/de.m3u8", "uk.m3u8?_HLS_msn=3", "floor.m3u8#x", "/hls/hall/"].map(channelOf), ["de", "uk", "floor", ""]);
});

test("it begins in the language chosen, and changes it in the same player", () => {
  const { stream, hls } = playing("uk");
  hls().arrive();
  assert.equal(hls().audioTrack, 2);
  stream.choose("en");
  assert.equal(hls().audioTrack, 3);
  stream.choose("sv"); // not there: what sounds goes on
  assert.equal(hls().audioTrack, 3);
  assert.equal(FakeHls.made.length, 1);
});

test("a language chosen before the playlist is there counts", () => {
  const { stream, hls } = playing("uk");
  stream.choose("de");
  hls().arrive();
  assert.equal(hls().audioTrack, 1);
});

test("the small picture is the one of the lowest rate", () => {
  const { stream, hls } = playing("uk", "small");
  hls().arrive();
  assert.equal(stream.hasSmall, true);
  assert.deepEqual([hls().autoLevelCapping, hls().nextLevel], [1, 1]);
  hls().autoLevelEnabled = false;
  stream.prefer("auto");
  assert.deepEqual([hls().autoLevelCapping, hls().nextLevel], [-1, -1]);
});

test("whoever has gone back is not hurried, and at live is again", () => {
  const { stream, media, hls } = playing();
  assert.equal(stream.place, null);
  hls().arrive();
  assert.deepEqual(stream.place, { start: 100, live: 400, time: 400 });
  stream.seek(250);
  assert.deepEqual([media.currentTime, hls().config.maxLiveSyncPlaybackRate], [250, 1]);
  stream.toLive();
  assert.deepEqual([media.currentTime, hls().config.maxLiveSyncPlaybackRate], [400, CATCH_UP_RATE]);
});

test("it never gives up, and begins from anew where that may help", async () => {
  const { stream, timers, hls } = playing();
  const first = hls();
  first.arrive();
  for (const attempt of [1, 2]) {
    first.fail("network", 503);
    assert.equal(stream.status, 503);
    await timers.advance(5_000);
    assert.equal(first.did.filter((did) => did === "start").length, attempt);
  }
  first.fail("network", 0);
  await timers.advance(5_000);
  assert.notEqual(hls(), first);
  for (let n = 0; n < 50; n += 1) {
    hls().fail("network");
    await timers.advance(10_000);
  }
  hls().arrive();
  hls().tell("buffered");
  assert.equal(stream.status, 0);
});

test("what is gone with the window or with the server before is no livestream that is not there", async () => {
  const { stream, timers, hls } = playing();
  const first = hls();
  first.arrive();
  first.tell("buffered");
  first.fail("network", 404, "segment");
  assert.equal(stream.status, 0);
  await timers.advance(1_000);
  assert.notEqual(hls(), first, "the list is asked for again");
  hls().fail("network", 404, "list");
  assert.equal(stream.status, 404);
});

test("a server that can be reached again is not waited for longer", async () => {
  const { stream, media, timers, hls } = playing();
  let played = 0;
  media.play = async () => void (played += 1);
  hls().arrive();
  stream.nudge();
  assert.equal(FakeHls.made.length, 1, "what plays is left alone");
  for (let n = 0; n < 5; n += 1) {
    hls().fail("network");
    await timers.advance(10_000);
  }
  hls().fail("network");
  const made = FakeHls.made.length;
  stream.nudge();
  assert.equal(FakeHls.made.length, made + 1);
  await timers.advance(10_000);
  assert.equal(FakeHls.made.length, made + 1, "once");
  const before = played;
  stream.renew();
  assert.deepEqual([FakeHls.made.length, played], [made + 2, before + 1]);
  stream.stop();
  stream.renew();
  assert.equal(FakeHls.made.length, made + 2);
});

test("a decoder is mended once, then replaced", async () => {
  const { timers, hls } = playing();
  const first = hls();
  first.arrive();
  first.fail("media");
  assert.deepEqual(first.did.slice(-1), ["mend"]);
  first.fail("media");
  await timers.advance(5_000);
  assert.notEqual(hls(), first);
});

test("a new beginning comes back to where the listener was", async () => {
  const { stream, media, timers, hls } = playing();
  hls().arrive();
  stream.seek(250);
  hls().playingDate = new Date(1_000_000);
  hls().fail("other");
  await timers.advance(5_000);
  media.currentTime = 0;
  hls().arrive();
  // The server was away for a minute and for ten: the dates jump, the clock does not.
  const fragments = [
    { programDateTime: 910_000, start: 170, duration: 4 },
    { programDateTime: 990_000, start: 178, duration: 12 },
    { programDateTime: 1_600_000, start: 190, duration: 4 },
  ];
  hls().tell("level", { details: { fragments } });
  assert.equal(media.currentTime, 188);
});

test("an outage is nothing that the listener has rewound", async () => {
  const { stream, media, timers, hls } = playing();
  hls().arrive();
  hls().tell("buffered");
  hls().liveSyncPosition = 430; // hls.js goes on counting while nothing comes
  hls().playingDate = new Date(1_000_000);
  hls().fail("other");
  await timers.advance(5_000);
  hls().arrive();
  hls().tell("level", { details: { fragments: [{ programDateTime: 970_000, start: 170, duration: 4 }] } });
  assert.equal(media.currentTime, 400, "where hls.js puts it: at live");
  hls().liveSyncPosition = 430;
  hls().tell("buffered");
  hls().playingDate = new Date(1_000_000);
  stream.renew();
  hls().arrive();
  hls().tell("level", { details: { fragments: [{ programDateTime: 970_000, start: 270, duration: 60 }] } });
  assert.equal(media.currentTime, 300, "who has paused is back where it was");
});

test("what is stopped stays stopped", async () => {
  const { stream, timers, hls } = playing();
  const first = hls();
  first.fail("network", 404);
  stream.stop();
  await timers.advance(60_000);
  assert.equal(hls(), first);
  assert.equal(stream.place, null);
});

const STATE = {
  venue: "live",
  channels: [{ channel: "uk", mode: "interpreted", fallback: "ducked", booth: "de-uk" }],
  is_held: false,
};
const NOW = {
  state: STATE,
  channel: "uk",
  session: "connected",
  isWanted: true,
  isPaused: false,
  isHeldBack: false,
  isRewound: false,
  isUnder: false,
  isBlind: false,
  hasPicture: true,
};

test("only what is really heard now is called so", () => {
  assert.equal(heardWords(NOW), "watch.hear_interpreted");
  assert.equal(heardWords({ ...NOW, isUnder: true }), "watch.hear_interpreted_under");
  assert.equal(heardWords({ ...NOW, isRewound: true }), "watch.rewound");
  assert.equal(heardWords({ ...NOW, isHeldBack: true }), "watch.held_back");
  assert.equal(heardWords({ ...NOW, isPaused: true, session: "waiting" }), "watch.paused");
  assert.equal(heardWords({ ...NOW, session: "waiting" }), "watch.chosen");
  assert.equal(heardWords({ ...NOW, isWanted: false }), "watch.not_yet");
});

test("over the picture stands what it does not say itself", () => {
  assert.equal(stageWords(NOW), null);
  assert.equal(stageWords({ ...NOW, state: { ...STATE, is_held: true } }), "watch.held");
  assert.equal(stageWords({ ...NOW, state: { ...STATE, venue: "lost" } }), "common.venue_lost");
  assert.equal(stageWords({ ...NOW, isRewound: true, state: { ...STATE, venue: "lost" } }), null);
  assert.equal(stageWords({ ...NOW, isBlind: true, hasPicture: false }), "watch.only_sound");
  assert.equal(stageWords({ ...NOW, session: "connecting" }), "connection.connecting");
  assert.equal(stageWords({ ...NOW, isWanted: false }), "watch.choose_below");
});

test("those whom a desk has moved hear the other channel until they choose anew, whenever they learn of it", () => {
  let now = 1_000;
  const moves = new Moves(() => now);
  moves.setClock(51_000); // the server is 50 s ahead
  moves.learn([{ channel: "uk", to: "en", at: 50_900 }]);
  assert.equal(moves.after("uk"), "uk"); // it was before
  moves.learn([{ channel: "uk", to: "en", at: 52_000 }]);
  assert.deepEqual(["uk", "de", "en"].map((chosen) => moves.after(chosen)), ["en", "de", "en"]);
  moves.learn([{ channel: "en", to: "floor", at: 54_000 }]);
  assert.equal(moves.after("uk"), "floor");
  moves.learn([{ channel: "floor", to: "de", at: 53_000 }]); // told late, and it was before
  assert.equal(moves.after("uk"), "floor");
  now = 5_000;
  moves.chosen();
  moves.learn([{ channel: "uk", to: "en", at: 52_000 }]); // said again after a break
  assert.equal(moves.after("uk"), "uk");
});
