import assert from "node:assert/strict";
import { test } from "node:test";

import {
  airState, channelWords, colleagueOnAir, handoverStep, heardKey, holderOf, isMicOpen, pictureKey, placeOf, socketUrl,
  venueState,
} from "../../web/static/js/lib/state.js";

const seat = (person, more = {}) => ({
  person, name: person, mic: "off_air", live: true, present: true, outgoing: "uk", incoming: "floor", ...more,
});
const booth = (seats, handover = null) => ({ booth: "de-uk", languages: ["de", "uk"], seats, handover });
const room = (booths = []) => ({
  room: "plenary", title: {}, floor_language: "de", venue: "live", listeners: null, booths,
  channels: [
    { channel: "de", mode: "passthrough", fallback: "ducked", booth: null },
    { channel: "uk", mode: "interpreted", fallback: "ducked", booth: "de-uk" },
    { channel: "en", mode: "fallback", fallback: "silence", booth: null },
  ],
});

test("a channel's lamp and words say what it carries", () => {
  const words = ["floor", "de", "uk", "en", "fr"].map((channel) => channelWords(room(), channel));
  assert.deepEqual(words.map(({ lamp }) => lamp), ["floor", "floor", "interpreted", "off", "off"]);
  assert.deepEqual(words.map(({ key }) => key), [
    "channel.floor_speaks", "channel.passthrough", "channel.interpreted", "channel.nobody_silence", "channel.unknown",
  ]);
});

test("listeners are told what they hear", () => {
  assert.equal(heardKey(room(), "floor", true), "watch.hear_floor");
  assert.equal(heardKey(room(), "de", true), "watch.hear_passthrough");
  assert.equal(heardKey(room(), "uk", false), "watch.hear_interpreted");
  assert.equal(heardKey(room(), "uk", true), "watch.hear_interpreted_under");
  assert.equal(heardKey(room(), "en", true), "watch.hear_silence");
});

test("beside the picture stands what it does not say itself", () => {
  const said = (venue, hasPicture) => pictureKey({ ...room(), venue }, hasPicture);
  assert.deepEqual(["live", "demo", "lost"].map((venue) => said(venue, true)), [
    null, "common.venue_demo", "common.venue_lost",
  ]);
  assert.deepEqual(["live", "demo", "lost"].map((venue) => said(venue, false)), [
    "common.picture_coming", "common.picture_coming", "common.venue_lost",
  ]);
});

test("who sits where and who holds a channel", () => {
  const state = room([booth([seat("a"), seat("b", { mic: "coughing" })])]);
  assert.equal(placeOf(state, "b")?.seat.person, "b");
  assert.equal(placeOf(state, "c"), null);
  assert.equal(holderOf(state, "uk")?.seat.person, "b");
  assert.equal(holderOf(state, "de"), null);
});

test("the microphone is open on air alone, and never while the cough key is held", () => {
  assert.equal(isMicOpen(seat("a", { mic: "on_air" }), false), true);
  assert.equal(isMicOpen(seat("a", { mic: "on_air" }), true), false);
  assert.equal(isMicOpen(seat("a", { mic: "coughing" }), false), false);
  assert.equal(isMicOpen(seat("a"), false), false);
  assert.equal(isMicOpen(null, false), false);
  const handing = { booth: "b", languages: ["de", "uk"], seats: [], handover: { asked_by: "a", accepted: true } };
  assert.equal(isMicOpen(seat("a"), false, handing), true);
  assert.equal(isMicOpen(seat("a"), true, handing), false);
  const asking = { ...handing, handover: { asked_by: "a", accepted: false } };
  assert.equal(isMicOpen(seat("a"), false, asking), false);
});

test("the on-air key has four faces", () => {
  assert.equal(airState(null, false, true), "off_air");
  assert.equal(airState(seat("a"), true, true), "off_air");
  assert.equal(airState(seat("a", { mic: "on_air" }), false, true), "on_air");
  assert.equal(airState(seat("a", { mic: "on_air", live: false }), false, true), "unheard");
  assert.equal(airState(seat("a", { mic: "on_air" }), false, false), "unheard");
  assert.equal(airState(seat("a", { mic: "on_air" }), true, true), "coughing");
});

test("the microphone is asked of a colleague who is on air, there and heard; from others it may be taken", () => {
  const busy = (more) => colleagueOnAir(booth([seat("a"), seat("b", { mic: "on_air", ...more })]), "a");
  assert.equal(busy({})?.person, "b");
  assert.equal(busy({ mic: "coughing" })?.person, "b");
  assert.deepEqual([busy({ present: false }), busy({ live: false }), busy({ mic: "off_air" })], [null, null, null]);
  assert.equal(colleagueOnAir(null, "a"), null);
});

test("a handover, seen from both seats", () => {
  const [on, off] = [seat("a", { mic: "on_air" }), seat("b")];
  const steps = (seats, handover) => ["a", "b"].map((person) => handoverStep(booth(seats, handover), person).step);
  assert.deepEqual(steps([on, off], null), ["offer", "request"]);
  assert.deepEqual(steps([on, off], { asked_by: "a", accepted: false }), ["asked", "answer"]);
  assert.deepEqual(steps([on, off], { asked_by: "b", accepted: true }), ["switch", "expect"]);
  assert.deepEqual(steps([seat("a"), off], null), ["impossible", "impossible"]);
  assert.deepEqual(steps([on, seat("b", { present: false })], null), ["impossible", "request"]);
});

test("the microphone of somebody who is gone or not heard may be taken", () => {
  for (const lost of [{ present: false }, { live: false }]) {
    const gone = booth([seat("a"), seat("b", { mic: "on_air", ...lost })]);
    assert.deepEqual(handoverStep(gone, "a"), { step: "force", partner: gone.seats[1] });
    assert.notEqual(handoverStep(gone, "b").step, "force");
  }
});

test("the venue is live only when the server says so", () => {
  assert.equal(venueState(room(), "idle", true), "off");
  assert.equal(venueState({ ...room(), venue: "demo" }, "idle", false), "off");
  assert.equal(venueState(room(), "idle", false), "elsewhere"); // another device has the same link
  assert.equal(venueState(room(), "connected", false), "live");
  assert.equal(venueState({ ...room(), venue: "demo" }, "connected", false), "connecting");
  assert.equal(venueState(room(), "waiting", false), "waiting");
  assert.equal(venueState(room(), "connected", true), "waiting");
  const both = { ...room(), venue_source: "venue", venue_sources: ["venue", "backup"] };
  assert.equal(venueState(both, "connected", false), "live");
  assert.equal(venueState(both, "connected", false, "backup"), "standby");
  assert.equal(venueState({ ...both, venue_sources: ["venue"] }, "idle", false, "backup"), "off");
  assert.equal(venueState({ ...both, venue_source: "backup" }, "connected", false, "backup"), "live");
  assert.equal(venueState({ ...both, venue_source: "backup" }, "connected", false), "standby");
  assert.equal(venueState({ ...both, venue_sources: ["venue"] }, "connected", false, "backup"), "connecting");
});

test("the socket stands beside the page, secure where the page is", () => {
  assert.equal(socketUrl("/ws?room=a", "https://host/r/a"), "wss://host/ws?room=a");
  assert.equal(socketUrl("/ws?room=a", "http://host:8080/r/a"), "ws://host:8080/ws?room=a");
});
