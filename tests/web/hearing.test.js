// The interpreter's hearing without Web Audio: limiter, weighting, tape, dose, profile and calibration.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Calibration, MURMUR_DBFS, murmur } from "../../web/static/js/lib/hearing_calibration.js";
import { DoseMeter } from "../../web/static/js/lib/hearing_dose.js";
import { balance } from "../../web/static/js/lib/hearing_inputs.js";
import { AWeighting, Limiter } from "../../web/static/js/lib/hearing_limiter.js";
import { DEFAULT_PROFILE, keepProfile, limitsOf, readProfile } from "../../web/static/js/lib/hearing_profile.js";
import { judgeOrdeal, ordeal } from "../../web/static/js/lib/hearing_selftest.js";
import { Tape } from "../../web/static/js/lib/hearing_tape.js";

const RATE = 48000;
const LIMITS = limitsOf(DEFAULT_PROFILE);

/** A repeatable source of chance, −1 … 1. */
function chance(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31;
}

/** Runs a signal through something with `process(channels)`, in blocks as the browser does. */
function run(processor, signal, channels = 1, onBlock = () => {}) {
  const out = Array.from({ length: channels }, () => Float32Array.from(signal));
  for (let at = 0; at < signal.length; at += 128) {
    onBlock(at);
    processor.process(out.map((channel) => channel.subarray(at, at + 128)));
  }
  return channels === 1 ? out[0] : out;
}

const seconds = (length, sample) => Float32Array.from({ length: Math.round(length * RATE) }, (_, i) => sample(i / RATE, i));
const sine = (hertz, amplitude = 1) => (t) => amplitude * Math.sin(2 * Math.PI * hertz * t);
const rms = (samples) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
const db = (ratio) => 20 * Math.log10(ratio);

/** The loudest of all windows of this length. */
function loudest(samples, window_s) {
  const length = Math.round(window_s * RATE);
  let [sum, most] = [0, 0];
  samples.forEach((x, i) => {
    sum += x * x - (i >= length ? samples[i - length] ** 2 : 0);
    if (i >= length - 1) most = Math.max(most, sum);
  });
  return Math.sqrt(most / length);
}

class MemoryStore {
  values = new Map();
  getItem = (name) => this.values.get(name) ?? null;
  setItem = (name, value) => void this.values.set(name, value);
}

describe("the limiter", () => {
  const noise = chance(7);
  const cases = {
    "a full-scale step": seconds(0.5, (t) => (t < 0.1 ? 0 : 1)),
    "a full-scale step out of a soft voice": seconds(0.5, (t) => (t < 0.25 ? sine(300, 0.02)(t) : -1)),
    "a shriek of feedback": seconds(0.5, (t) => (t < 0.1 ? 0.01 : sine(3100, 8)(t))),
    "single clicks": seconds(0.5, (t, i) => (i % 1000 === 0 ? 30 : 0)),
    "clicks as far apart as the span": seconds(0.5, (t, i) => (i % 241 === 0 ? 1 : 0)),
    "bursts of noise": seconds(1, (t) => (t % 0.02 < 0.004 ? 3 * noise() : 0)),
    "a hum at full scale": seconds(1, sine(50)),
    "a fault: NaN and infinities": seconds(0.2, (t, i) => [NaN, Infinity, -Infinity, 1][i % 4]),
  };
  for (const [what, signal] of Object.entries(cases)) {
    test(`lets no sample of ${what} over its ceiling, and no 5 ms over what may last`, () => {
      const limiter = new Limiter(RATE, 1, LIMITS);
      const heard = run(limiter, signal);
      assert.equal(heard.filter((x) => !(Math.abs(x) <= LIMITS.ceiling)).length, 0);
      assert.ok(loudest(heard, 0.005) <= LIMITS.rms, `${db(loudest(heard, 0.005) / LIMITS.rms)} dB over`);
      assert.ok(loudest(heard, 0.1) <= LIMITS.rms);
      assert.equal(limiter.cuts, 0, "the gain alone does it, nothing is cut off");
    });
  }

  test("looks at least 5 ms ahead and changes nothing that is soft enough", () => {
    const limiter = new Limiter(RATE, 1, LIMITS);
    const soft = seconds(0.3, sine(1000, LIMITS.rms * 0.9));
    const heard = run(limiter, soft);
    assert.ok(limiter.delay >= 0.005 * RATE);
    for (let i = limiter.delay; i < soft.length; i += 7) assert.ok(Math.abs(heard[i] - soft[i - limiter.delay]) < 1e-7);
  });

  test("turns both ears down alike, so that nothing wanders", () => {
    const limiter = new Limiter(RATE, 2, LIMITS);
    const [left, right] = [seconds(0.2, sine(440, 2)), seconds(0.2, sine(440, 0.02))];
    limiter.process([left, right]);
    for (let i = 2000; i < left.length; i += 501) assert.ok(Math.abs(left[i] - 100 * right[i]) < 1e-3);
  });

  test("recovers after a blow, without a step", () => {
    const limiter = new Limiter(RATE, 1, LIMITS);
    const heard = run(limiter, seconds(2, (t) => (t > 0.1 && t < 0.15 ? 1 : 0.01)));
    assert.ok(heard[Math.round(0.16 * RATE) + limiter.delay] < 0.004);
    assert.ok(heard.at(-1) > 0.0099);
    const after = heard.subarray(0.16 * RATE);
    assert.ok(after.every((x, i) => i === 0 || Math.abs(x - after[i - 1]) < 1e-5));
  });

  test("obeys other limits at once", () => {
    const limiter = new Limiter(RATE, 1, LIMITS);
    const limits = { ceiling: 0.01, rms: 0.005 };
    const heard = run(limiter, seconds(0.5, sine(800)), 1, (at) => at === 12800 && limiter.limit(limits));
    assert.ok(heard.subarray(12800).every((x) => Math.abs(x) <= 0.01));
    assert.ok(loudest(heard.subarray(13500), 0.1) <= 0.005);
  });

  test("works at other rates", () => {
    for (const rate of [44100, 16000, 96000]) {
      const heard = run(new Limiter(rate, 1, LIMITS), ordeal(rate));
      assert.equal(judgeOrdeal(heard, heard, rate, LIMITS), "");
    }
  });
});

describe("the self-test", () => {
  const kept = () => run(new Limiter(RATE, 1, LIMITS), ordeal(RATE));
  test("passes what the limiter makes of the ordeal", () => {
    assert.equal(judgeOrdeal(kept(), kept(), RATE, LIMITS), "");
  });
  const spoiled = {
    ceiling: (heard) => heard.with(5000, LIMITS.ceiling * 1.0001),
    silent: (heard) => heard.map(() => 0),
    coloured: (heard) => heard.map((x, i) => (i < 4800 ? x * 0.9 : x)),
    lasting: (heard) => heard.map((x) => Math.sign(x) * Math.min(LIMITS.ceiling, Math.abs(x) * 1.2) * (Math.abs(x) > 0.01 ? 1 : 1 / 1.2)),
  };
  for (const [problem, spoil] of Object.entries(spoiled)) {
    test(`finds in either ear what is wrong: ${problem}`, () => {
      assert.equal(judgeOrdeal(kept(), spoil(kept()), RATE, LIMITS), problem);
    });
  }
  test("takes an untouched signal for what it is", () => {
    assert.equal(judgeOrdeal(ordeal(RATE), ordeal(RATE), RATE, LIMITS), "ceiling");
  });
});

test("A weighting is that of IEC 61672-1 within a decibel where it counts", () => {
  for (const [hertz, expected] of [[63, -26.2], [125, -16.1], [1000, 0], [2000, 1.2], [4000, 1.0], [8000, -1.1]]) {
    const weighting = new AWeighting(RATE);
    const heard = seconds(0.5, sine(hertz)).map((x) => weighting.weigh(x));
    const level = db(rms(heard.subarray(0.25 * RATE)) * Math.SQRT2);
    assert.ok(Math.abs(level - expected) < 1, `${hertz} Hz: ${level.toFixed(2)} dB`);
  }
});

describe("the tape", () => {
  /** Hertz of a steady tone, by its zero crossings. */
  const pitch = (samples) => {
    let crossings = 0;
    samples.forEach((x, i) => (crossings += i > 0 && samples[i - 1] < 0 && x >= 0 ? 1 : 0));
    return (crossings * RATE) / samples.length;
  };
  const steepest = (samples) => samples.reduce((most, x, i) => Math.max(most, i ? Math.abs(x - samples[i - 1]) : 0), 0);

  test("changes nothing while it is live", () => {
    const signal = seconds(0.5, sine(440));
    assert.deepEqual(run(new Tape(RATE), signal, 2)[1], signal);
  });

  test("plays what was, a quarter faster, at its own pitch, and is live again by itself", () => {
    const tape = new Tape(RATE, 1);
    const [low, high] = [440, 660];
    const signal = seconds(14, (t) => sine(t < 4 ? low : high, 0.5)(t));
    const behind = [];
    const heard = run(tape, signal, 1, (at) => {
      if (at === 4 * RATE) tape.replay(2);
      behind.push(tape.behind_s);
    });
    const part = (from, to) => heard.subarray(from * RATE, to * RATE);
    assert.ok(Math.abs(pitch(part(4.1, 5.5)) - low) < 3, "two seconds back it was low");
    assert.ok(Math.abs(pitch(part(5.8, 11)) - high) < 3, "1.6 s later the past has become high");
    const caughtUp = (behind.findLastIndex((s) => s > 0) * 128) / RATE - 4;
    assert.ok(caughtUp > 7 && caughtUp < 8.2, `2 s are made good in 8 s: ${caughtUp}`);
    assert.ok(steepest(heard) < 1.25 * steepest(signal), "no click on the way");
    assert.deepEqual(part(13, 14), signal.subarray(13 * RATE, 14 * RATE));
  });

  test("keeps the level of a voice-like sound", () => {
    const tape = new Tape(RATE, 1);
    const noise = chance(3);
    const voice = seconds(9, (t) => (0.3 * Math.sin(2 * Math.PI * (120 * t + Math.sin(9 * t))) + 0.1 * noise()) * (1 + Math.sin(20 * t)));
    const heard = run(tape, voice, 1, (at) => at === 5 * RATE && tape.replay(5));
    assert.ok(Math.abs(db(rms(heard.subarray(5 * RATE)) / rms(voice.subarray(0, 5 * RATE)))) < 1);
  });

  test("comes back to the present when it is told to, without a click", () => {
    const tape = new Tape(RATE, 1);
    const signal = seconds(4, sine(440, 0.5));
    const heard = run(tape, signal, 1, (at) => {
      if (at === 2 * RATE) tape.replay(1.5);
      if (at === 128 * 1000) tape.live();
    });
    assert.equal(tape.behind_s, 0);
    assert.ok(steepest(heard) < 1.6 * steepest(signal));
    assert.deepEqual(heard.subarray(3 * RATE), signal.subarray(3 * RATE));
  });

  test("goes back no further than it was written, and not at all while it is empty", () => {
    const tape = new Tape(RATE, 1);
    tape.replay(5);
    assert.equal(tape.behind_s, 0);
    run(tape, seconds(1, sine(440)));
    tape.replay(5);
    assert.ok(tape.behind_s <= 1);
    run(tape, seconds(30, sine(440)));
    tape.replay(1000);
    assert.ok(tape.behind_s <= 10);
  });

  test("may be asked again in the middle", () => {
    const tape = new Tape(RATE, 1);
    const signal = seconds(6, sine(440, 0.5));
    const heard = run(tape, signal, 1, (at) => [2, 3, 3.2].some((s) => at === Math.round((s * RATE) / 128) * 128) && tape.replay(1));
    assert.ok(steepest(heard) < 2.1 * steepest(signal));
  });
});

describe("the dose", () => {
  const at = (text) => () => new Date(text);
  test("85 dB for eight hours is all of it, 3 dB more takes half as long", () => {
    const meter = new DoseMeter(new MemoryStore(), at("2026-03-02T12:00:00"));
    meter.add(85, 4 * 3600);
    assert.ok(Math.abs(meter.read().share - 0.5) < 1e-9);
    meter.add(88.0103, 2 * 3600);
    const { share, hours, leq_db } = meter.read();
    assert.ok(Math.abs(share - 1) < 1e-4);
    assert.equal(hours, 6);
    assert.ok(leq_db > 85 && leq_db < 88);
  });
  test("outlives a reload and begins anew the next day", () => {
    const store = new MemoryStore();
    const first = new DoseMeter(store, at("2026-03-02T12:00:00"));
    first.add(85, 3600);
    first.keep();
    const second = new DoseMeter(store, at("2026-03-02T23:59:00"));
    second.add(85, 3600);
    assert.ok(Math.abs(second.read().share - 0.25) < 1e-9);
    assert.equal(new DoseMeter(store, at("2026-03-03T00:01:00")).read().share, 0);
  });
  test("two pages of a person add up", () => {
    const store = new MemoryStore();
    const pages = [1, 2].map(() => new DoseMeter(store, at("2026-03-02T12:00:00")));
    for (const page of pages) page.add(85, 3600);
    for (const page of pages) page.keep();
    assert.ok(Math.abs(pages[0].read().share - 0.25) < 1e-9);
  });
  test("midnight passes while it runs", () => {
    let now = "2026-03-02T23:59:00";
    const meter = new DoseMeter(new MemoryStore(), () => new Date(now));
    meter.add(85, 3600);
    now = "2026-03-03T00:01:00";
    assert.deepEqual(meter.read(), { leq_db: null, hours: 0, share: 0 });
  });
  test("silence is not listening, and nonsense in the store is nothing", () => {
    const store = new MemoryStore();
    store.setItem("tolmach.hearing.dose", '{"day":"2026-03-02","energy":-5,"seconds":"x"}');
    const meter = new DoseMeter(store, at("2026-03-02T12:00:00"));
    meter.add(10, 3600);
    meter.add(NaN, 3600);
    assert.deepEqual(meter.read(), { leq_db: null, hours: 0, share: 0 });
  });
});

describe("the headset's profile", () => {
  test("by default thinks the headset loud", () => {
    assert.ok(Math.abs(db(LIMITS.ceiling) - -13) < 1e-9);
    assert.ok(Math.abs(db(LIMITS.rms) - -19) < 1e-9);
  });
  test("is kept for each headset", () => {
    const store = new MemoryStore();
    const profile = { full_scale_spl: 105, made: "voice", at: 5 };
    keepProfile(store, "usb", profile);
    assert.deepEqual(readProfile(store, "usb"), profile);
    assert.deepEqual(readProfile(store, ""), DEFAULT_PROFILE);
  });
  test("nonsense in the store is the default, and no profile opens the limiter wide", () => {
    const store = new MemoryStore();
    for (const all of ["null", "[]", '{"system":{"made":"voice"}}', '{"system":{"full_scale_spl":"9","made":"meter","at":1}}']) {
      store.setItem("tolmach.hearing.profiles", `{"all":${all}}`);
      assert.deepEqual(readProfile(store, ""), DEFAULT_PROFILE);
    }
    keepProfile(store, "", { full_scale_spl: 20, made: "voice", at: 1 });
    assert.ok(readProfile(store, "").full_scale_spl >= 94);
  });
});

describe("the calibration", () => {
  const match = (calibration, gain_db) => {
    while (calibration.gain_db < gain_db) calibration.louder();
    while (calibration.gain_db > gain_db) calibration.softer();
    return calibration.equal();
  };
  test("asks three times, from another place each time, and takes the middle with 6 dB for safety", () => {
    const calibration = new Calibration(() => 9);
    calibration.start();
    const first = calibration.gain_db;
    assert.deepEqual(match(calibration, -12), { left: 2, profile: null, isApart: false });
    assert.notEqual(calibration.gain_db, first);
    assert.equal(match(calibration, -10).left, 1);
    const { profile } = match(calibration, -8);
    assert.deepEqual(profile, { full_scale_spl: 60 + 6 + 30 + 10, made: "voice", at: 9 });
  });
  test("does not believe answers that are far apart", () => {
    const calibration = new Calibration();
    calibration.start();
    match(calibration, -20);
    match(calibration, -10);
    assert.deepEqual(match(calibration, -12), { left: 3, profile: null, isApart: true });
  });
  test("believes a meter", () => {
    const calibration = new Calibration(() => 9);
    calibration.start();
    assert.equal(calibration.byMeter(70).full_scale_spl, 70 + 30 - calibration.gain_db);
  });
  test("its murmur has the level it claims and no shrillness", () => {
    const noise = murmur(RATE, 4);
    assert.ok(Math.abs(db(rms(noise)) - MURMUR_DBFS) < 0.01);
    assert.ok(noise.every((x) => Math.abs(x) < 0.3));
    const rough = noise.map((x, i) => (i ? x - noise[i - 1] : 0));
    assert.ok(rms(rough) < rms(noise) / 5);
  });
});

test("which ear gets what", () => {
  assert.deepEqual(balance("source", "both"), { source: [1, 1], original: [0, 0] });
  assert.deepEqual(balance("source", "split"), { source: [0, 1], original: [1, 0] });
  assert.deepEqual(balance("original", "split"), { source: [0, 0], original: [1, 1] });
});
