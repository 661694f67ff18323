import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST_LINES, OWN_CHOICE, findOutput, linesOf, outputState, outputsOf, returnOf } from "../../web/static/js/lib/outputs.js";
import { sceneOf } from "../../web/static/js/lib/screen.js";
import { MOST_STRIPS, gainOf, isPlain, stripsOf } from "../../web/static/js/lib/strips.js";

const INFRARED = { id: "a1", label: "Infrared" };
const RADIO = { id: "b2", label: "Radio" };

test("outputs are offered once each, by their own names", () => {
  const devices = [
    { kind: "audioinput", deviceId: "m", label: "Desk" },
    { kind: "audiooutput", deviceId: "default", label: "Default - Infrared" },
    { kind: "audiooutput", deviceId: "communications", label: "Communications - Infrared" },
    { kind: "audiooutput", deviceId: "a1", label: "Infrared" },
    { kind: "audiooutput", deviceId: "", label: "" },
  ];
  assert.deepEqual(outputsOf(devices), [INFRARED]);
});

test("an output is found again by its id, or by its name when the browser numbers anew", () => {
  assert.equal(findOutput(INFRARED, [RADIO, INFRARED]), INFRARED);
  assert.deepEqual(findOutput(INFRARED, [RADIO, { id: "new", label: "Infrared" }]), { id: "new", label: "Infrared" });
  assert.deepEqual(findOutput(OWN_CHOICE, []), OWN_CHOICE);
});

test("an output that is gone is replaced by no other", () => {
  assert.equal(findOutput(INFRARED, [RADIO]), null);
  assert.equal(findOutput({ id: "x", label: "" }, [{ id: "y", label: "" }]), null);
});

test("what is said of an output is what must be mended first", () => {
  const now = { isOn: true, isThere: true, isHeld: false, session: /** @type {const} */ ("connected") };
  assert.equal(outputState(now), "playing");
  assert.equal(outputState({ ...now, isHeld: true }), "held");
  assert.equal(outputState({ ...now, session: "waiting", isHeld: true }), "waiting");
  assert.equal(outputState({ ...now, session: "refused" }), "refused");
  assert.equal(outputState({ ...now, session: "idle" }), "connecting");
  assert.equal(outputState({ ...now, session: "waiting", isThere: false }), "gone");
  assert.equal(outputState({ ...now, isOn: false, isThere: false }), "off");
});

test("remembered lines are what they were, as far as the room still has their channels", () => {
  const line = { channel: "uk", output: INFRARED, volume: 0.5 };
  assert.deepEqual(linesOf([line, { ...line, channel: "pl", volume: 7 }], ["floor", "uk"]), [
    line,
    { ...line, channel: "", volume: 1 },
  ]);
  for (const junk of [null, {}, "x", [null], [{}], [{ ...line, output: null }], [{ ...line, volume: Number.NaN }]]) {
    assert.deepEqual(linesOf(junk, ["uk"]), []);
  }
  assert.equal(linesOf(Array(20).fill(line), ["uk"]).length, MOST_LINES);
});

test("the hall asks for the language of its loudspeakers, and takes back only what this page had asked for", () => {
  assert.deepEqual(returnOf("floor", "floor", ["uk"]), { channel: "return", languages: ["uk"] });
  assert.deepEqual(returnOf("de", "floor", ["uk"]), { channel: "return:de", languages: ["uk", "de"] });
  assert.deepEqual(returnOf("en", "de", ["uk", "de"]), { channel: "return:en", languages: ["uk", "en"] });
  assert.deepEqual(returnOf("floor", "de", ["uk", "de"]), { channel: "return", languages: ["uk"] });
});

test("there is always a first microphone, and never more than the server takes", () => {
  const fresh = { device: null, side: "both", gain_db: 0, muted: false };
  for (const junk of [null, {}, [null], [{ ...fresh, side: "up" }], [{ ...fresh, gain_db: "3" }]]) {
    assert.deepEqual(stripsOf(junk), [fresh]);
  }
  const loud = { device: "d", side: "left", gain_db: 99, muted: true };
  assert.deepEqual(stripsOf([loud]), [{ ...loud, gain_db: 12 }]);
  assert.equal(stripsOf(Array(9).fill(loud)).length, MOST_STRIPS);
});

test("a whole device at its own level goes as it is", () => {
  const strip = { device: null, side: /** @type {const} */ ("both"), gain_db: 0, muted: true };
  assert.equal(isPlain(strip), true);
  assert.equal(isPlain({ ...strip, side: "left" }), false);
  assert.equal(isPlain({ ...strip, gain_db: -3 }), false);
  assert.equal(gainOf(strip), 0);
  assert.equal(gainOf({ ...strip, muted: false, gain_db: -20 }), 0.1);
});

test("the projector shows the film, else who is seen, else who is heard, else nobody", () => {
  const speaker = (person, values) => ({ person, name: person, language: "uk", since: 0, muted: null, live: true, face: null, ...values });
  const seen = speaker("seen", { face: 2 });
  const heard = speaker("heard", {});
  assert.deepEqual(sceneOf({}, 0, false), { shows: "nobody", speaker: null });
  assert.deepEqual(sceneOf({ speakers: [seen, heard] }, 0, true), { shows: "face", speaker: seen });
  assert.deepEqual(sceneOf({ speakers: [seen, heard] }, 0, false), { shows: "name", speaker: heard });
  assert.deepEqual(sceneOf({ speakers: [speaker("away", { live: false })] }, 0, true), { shows: "nobody", speaker: null });
  const film = { reel: /** @type {const} */ ("playing"), since: 1000 };
  assert.equal(sceneOf({ speakers: [seen], playout: film }, 999, true).shows, "face");
  assert.equal(sceneOf({ speakers: [seen], playout: film }, 1000, true).shows, "film");
  assert.equal(sceneOf({ playout: { reel: "paused", since: null } }, 2000, true).shows, "nobody");
});
