import assert from "node:assert/strict";
import { test } from "node:test";

import { FarSpeaker } from "../../web/static/js/lib/afar.js";
import {
  STILL_MS,
  announcement,
  isMoving,
  isOwnMicOpen,
  lookAtFilm,
  mergeLines,
  picturesFor,
  sceneOf,
  speechOf,
  stepOf,
  wantsToSpeak,
} from "../../web/static/js/lib/workshop.js";
import { FakeServer, settled } from "./fakes.js";

const SEATED = { place: "seated", speaks: "uk", hears: "uk", hand: null, has_floor: false, muted: null };
const HAND = { ...SEATED, hand: 2 };
const FLOOR = { ...SEATED, has_floor: true };
const BACKSTAGE = { ...SEATED, place: "backstage" };

test("the way goes from the test over the door into the room, and out of it", () => {
  const visit = { isInside: true, hasLeft: false, isSentOut: false, own: SEATED };
  assert.equal(stepOf({ ...visit, isInside: false }), "test");
  assert.equal(stepOf({ ...visit, own: null }), "entering");
  for (const place of ["waiting", "backstage", "seated"]) assert.equal(stepOf({ ...visit, own: { ...SEATED, place } }), place);
  const removed = { ...SEATED, place: "removed" };
  assert.equal(stepOf({ ...visit, isInside: false, own: removed }), "removed");
  assert.equal(stepOf({ ...visit, isSentOut: true }), "removed");
  assert.equal(stepOf({ ...visit, hasLeft: true, own: removed }), "left");
});

test("one is told to be heard only when the server hears one", () => {
  const voice = { own: FLOOR, hasMicrophone: true, isSending: true, isLive: true };
  assert.equal(speechOf(voice), "heard");
  assert.equal(speechOf({ ...voice, isLive: false }), "connecting");
  assert.equal(speechOf({ ...voice, isSending: false }), "connecting");
  assert.equal(speechOf({ ...voice, hasMicrophone: false }), "no_microphone");
  assert.equal(speechOf({ ...voice, own: { ...FLOOR, muted: "moderator" } }), "muted_moderator");
  assert.equal(speechOf({ ...voice, own: { ...FLOOR, muted: "self" } }), "muted_self");
  assert.equal(speechOf({ ...voice, own: HAND }), "hand");
  assert.equal(speechOf({ ...voice, own: SEATED }), "listening");
  assert.equal(speechOf({ ...voice, own: BACKSTAGE }), "backstage");
  assert.equal(speechOf({ ...voice, own: BACKSTAGE, isTalking: true }), "talking");
  assert.equal(speechOf({ ...voice, own: SEATED, isTalking: true }), "listening");
  assert.equal(speechOf({ ...voice, own: null }), "listening");
});

test("without the server nobody is told to listen, to be heard or to have a hand up", () => {
  const voice = { hasMicrophone: true, isSending: false, isLive: true, isTalking: false, isWireLost: true };
  for (const own of [SEATED, HAND, FLOOR, BACKSTAGE]) assert.equal(speechOf({ ...voice, own }), "lost");
});

test("the connection stands before the floor is given, and nothing goes out before", () => {
  assert.deepEqual([SEATED, HAND, FLOOR, BACKSTAGE, null].map(wantsToSpeak), [false, true, true, true, false]);
  const muted = { ...FLOOR, muted: "self" };
  const removed = { ...FLOOR, place: "removed" };
  assert.deepEqual([SEATED, HAND, FLOOR, BACKSTAGE, muted, removed].map(isOwnMicOpen), [false, false, true, false, false, false]);
  assert.equal(wantsToSpeak(removed), false);
});

test("a screen reader is told of floor, place and a moderator's mute, and of nothing else", () => {
  const muted = { ...FLOOR, muted: "moderator" };
  assert.equal(announcement(null, null), null);
  assert.equal(announcement(null, SEATED), "place_seated");
  assert.equal(announcement(SEATED, { ...SEATED, hears: "de" }), null);
  assert.equal(announcement(HAND, FLOOR), "floor_given");
  assert.equal(announcement(BACKSTAGE, FLOOR), "floor_given");
  assert.equal(announcement(FLOOR, SEATED), "floor_over");
  assert.equal(announcement(FLOOR, muted), "muted");
  assert.equal(announcement(muted, FLOOR), "unmuted");
  assert.equal(announcement(FLOOR, { ...FLOOR, muted: "self" }), null);
  assert.equal(announcement({ ...FLOOR, muted: "self" }, FLOOR), null);
  assert.equal(announcement(FLOOR, { ...SEATED, place: "removed" }), "place_removed");
});

test("the newest who sends a picture is large, oneself never", () => {
  const speaker = (person, face) => ({ person, name: person, language: null, since: 0, live: true, muted: null, face });
  const [ann, bob, self] = [speaker("ann", 0), speaker("bob", 1), speaker("self", 2)];
  const comes = new Set(["stage"]);
  assert.deepEqual(sceneOf({}, "self", comes), { newest: null, others: [], large: "hall" });
  assert.deepEqual(sceneOf({ speakers: [bob, ann] }, "self", comes), { newest: ann, others: [bob], large: "stage" });
  assert.deepEqual(sceneOf({ speakers: [ann, self] }, "self", comes), { newest: null, others: [ann], large: "hall" });
  assert.deepEqual(sceneOf({ speakers: [bob] }, "self", new Set()), { newest: null, others: [bob], large: "hall" });
});

test("a picture is there while frames come", () => {
  const first = lookAtFilm(undefined, 0, 100);
  assert.equal(isMoving(first, 100), false);
  assert.equal(isMoving(undefined, 100), false);
  const begun = lookAtFilm(first, 3, 600);
  assert.equal(isMoving(begun, 600), true);
  const still = lookAtFilm(begun, 3, 1_100);
  assert.equal(isMoving(still, 600 + STILL_MS - 1), true);
  assert.equal(isMoving(still, 600 + STILL_MS), false);
  assert.equal(isMoving(lookAtFilm(still, 4, 5_000), 5_000), true);
});

test("a telephone asks for fewer pictures", () => {
  assert.equal(picturesFor(false).length, 8);
  assert.deepEqual(picturesFor(true), ["hall", "stage", "face:0", "face:1"]);
});

test("lines are kept once, in order, and not for ever", () => {
  const line = (id) => ({ id });
  assert.deepEqual(mergeLines([line(1), line(2)], [line(2), line(3)]), [line(1), line(2), line(3)]);
  assert.deepEqual(mergeLines([line(1), line(2)], [line(3)], 2), [line(2), line(3)]);
});

test("sound, picture and its small copy share a session in which each comes and goes", async () => {
  const server = new FakeServer();
  const speaker = new FarSpeaker({ room: "workshop-1", token: "secret", onStatus: () => {}, tools: server.tools });
  const [microphone, camera] = [{ kind: "audio" }, { kind: "video" }];
  await speaker.speak(microphone);
  speaker.session.start();
  await settled();
  const { transceivers } = server.peers.at(-1);
  assert.deepEqual(transceivers.map(({ trackOrKind }) => trackOrKind), [microphone, "video", "video"]);
  assert.equal(transceivers[2].init.sendEncodings[0].scaleResolutionDownBy, 4);
  await speaker.show(camera);
  assert.equal(speaker.hasPicture, true);
  assert.deepEqual(transceivers.map(({ sender }) => sender.track), [microphone, camera, camera]);
  await speaker.show(null);
  assert.equal(speaker.hasPicture, false);
  const sound_bps = () => transceivers[0].sender.encodings[0].maxBitrate;
  const usual_bps = sound_bps();
  await speaker.spare(true);
  assert.ok(sound_bps() < usual_bps / 2);
  await speaker.spare(false);
  assert.equal(sound_bps(), usual_bps);
  assert.deepEqual(server.log, ["POST /whip/workshop-1"]);
});
