// The limiter of the interpreter's headphones, and A weighting for the dose. Plain sums without Web Audio: the worklet
// and the tests use the same lines.
//
// Two laws, both kept for every sample: none leaves above `ceiling`, and no 5 ms leave with a root mean square above
// `rms` (so no 100 ms do either). Both need to know what is coming, hence the look-ahead.

/** The span whose root mean square is held; short of it only the ceiling counts. */
const SPAN_S = 0.005;
/** The gain goes down over this time, never in a step. */
const ATTACK_S = 0.003;
/** Recovery to 63 %. Slow enough that the voice keeps its shape. */
const RELEASE_S = 0.25;
/** Past this there is no signal but a fault; it is cut so that one mad sample cannot spoil the sums after it. */
const MADNESS = 64;

/** @typedef {{ceiling: number, rms: number}} Limits  linear amplitudes; 1 is full scale */

export class Limiter {
  #head = 0;
  #held = 1;
  #gain = 1;
  #energy = 0;
  #energyAnew = 0;
  #gainSum = 0;
  #gainSumAnew = 0;
  ceiling = 0;
  most = 0;

  /**
   * @param {number} rate  samples a second
   * @param {number} channels
   * @param {Limits} limits
   */
  constructor(rate, channels, limits) {
    this.span = Math.round(rate * SPAN_S);
    this.attack = Math.round(rate * ATTACK_S);
    /** Samples that what leaves is behind what comes: at least 5 ms. */
    this.delay = this.span + this.attack;
    /** Samples that only the last cut, after the gain, kept under the ceiling; rounding apart there are none. */
    this.cuts = 0;
    this.recovery = 1 - Math.exp(-1 / (rate * RELEASE_S));
    this.energies = new Float64Array(this.span);
    this.gains = new Float64Array(this.attack).fill(1);
    this.#gainSum = this.attack;
    this.lines = Array.from({ length: channels }, () => new Float32Array(this.delay));
    this.lowest = new SlidingMinimum(this.delay + 1);
    this.limit(limits);
  }

  /** @param {Limits} limits  from now on */
  limit({ ceiling, rms }) {
    // One step of a float below, so that rounding to the output's own format cannot lift a sample over it.
    this.ceiling = Math.fround(ceiling * (1 - 1e-6));
    this.most = rms * rms * (1 - 1e-6);
  }

  /** @returns {number} gain of the last sample that left, 1 when nothing is turned down */
  get gain() {
    return this.#gain;
  }

  /**
   * Limit a block in place, all channels by the same gain.
   * @param {Float32Array[]} channels  of equal length; no more than the limiter was made for
   */
  process(channels) {
    const frames = channels[0]?.length ?? 0;
    for (let i = 0; i < frames; i++) {
      let peak = 0;
      for (const channel of channels) peak = Math.max(peak, Math.abs((channel[i] = sane(channel[i] ?? 0))));
      this.#gain = this.#gainFor(peak);
      this.#let(channels, i);
      this.#head += 1;
    }
  }

  /**
   * Take in one sample's peak and return the gain for the sample that leaves now.
   * @param {number} peak
   */
  #gainFor(peak) {
    const energy = this.#energyWith(peak * peak) / this.span;
    let bears = peak > this.ceiling ? this.ceiling / peak : 1;
    if (energy > this.most) bears = Math.min(bears, Math.sqrt(this.most / energy));
    const lowest = this.lowest.push(bears);
    this.#held = Math.min(lowest, this.#held + (1 - this.#held) * this.recovery);
    return this.#smoothed();
  }

  /** @param {number} power */
  #energyWith(power) {
    const at = this.#head % this.span;
    // The sum is made anew at each turn, so that rounding does not add up over a day.
    if (at === 0) [this.#energy, this.#energyAnew] = [this.#energyAnew, 0];
    this.#energy = Math.max(0, this.#energy + power - (this.energies[at] ?? 0));
    this.#energyAnew += power;
    this.energies[at] = power;
    return this.#energy;
  }

  #smoothed() {
    const at = this.#head % this.attack;
    if (at === 0 && this.#head > 0) [this.#gainSum, this.#gainSumAnew] = [this.#gainSumAnew, 0];
    this.#gainSum += this.#held - (this.gains[at] ?? 1);
    this.#gainSumAnew += this.#held;
    this.gains[at] = this.#held;
    return this.#gainSum / this.attack;
  }

  /**
   * @param {Float32Array[]} channels
   * @param {number} i
   */
  #let(channels, i) {
    const at = this.#head % this.delay;
    let n = 0;
    for (const channel of channels) {
      const line = /** @type {Float32Array} */ (this.lines[n++]);
      const leaving = (line[at] ?? 0) * this.#gain;
      line[at] = channel[i] ?? 0;
      if (Math.abs(leaving) > this.ceiling * (1 + 1e-6)) this.cuts += 1;
      channel[i] = Math.max(-this.ceiling, Math.min(this.ceiling, leaving));
    }
  }
}

/** @param {number} sample */
function sane(sample) {
  return sample === sample ? Math.max(-MADNESS, Math.min(MADNESS, sample)) : 0;
}

/** The lowest of the last `length` values, at a cost that does not grow with `length`. */
class SlidingMinimum {
  #first = 0;
  #count = 0;
  #now = 0;

  /** @param {number} length */
  constructor(length) {
    this.length = length;
    this.values = new Float64Array(length);
    this.times = new Float64Array(length);
  }

  /** @param {number} value */
  push(value) {
    const { length, values, times } = this;
    let last = (this.#first + this.#count - 1 + length) % length;
    while (this.#count > 0 && (values[last] ?? 0) >= value) {
      this.#count -= 1;
      last = last === 0 ? length - 1 : last - 1;
    }
    if (this.#count > 0 && (times[this.#first] ?? 0) <= this.#now - length) {
      this.#first = (this.#first + 1) % length;
      this.#count -= 1;
    }
    const next = (this.#first + this.#count) % length;
    this.#count += 1;
    values[next] = value;
    times[next] = this.#now++;
    return values[this.#first] ?? 1;
  }
}

/** A weighting (IEC 61672-1, annex E) by the bilinear transform: three sections of second order, 0 dB at 1 kHz. */
export class AWeighting {
  /** @param {number} rate  samples a second */
  constructor(rate) {
    const [w1, w2, w3, w4] = [20.598997, 107.65265, 737.86223, 12194.217].map((hertz) => 2 * Math.PI * hertz);
    const sections = [
      section(rate, true, w1 ?? 0, w1 ?? 0),
      section(rate, true, w2 ?? 0, w3 ?? 0),
      section(rate, false, w4 ?? 0, w4 ?? 0),
    ];
    const scale = 1 / sections.reduce((gain, one) => gain * responseOf(one, (2 * Math.PI * 1000) / rate), 1);
    this.sections = sections;
    this.scale = scale;
    this.state = new Float64Array(2 * sections.length);
  }

  /** @param {number} sample */
  weigh(sample) {
    let value = sample * this.scale;
    let n = 0;
    for (const { b0, b1, b2, a1, a2 } of this.sections) {
      const out = b0 * value + (this.state[n] ?? 0);
      this.state[n] = b1 * value - a1 * out + (this.state[n + 1] ?? 0);
      this.state[n + 1] = b2 * value - a2 * out;
      value = out;
      n += 2;
    }
    return value;
  }
}

/**
 * s² / ((s + u)(s + v)) when it is a high pass, else 1 / ((s + u)(s + v)), made digital.
 * @param {number} rate
 * @param {boolean} isHighPass
 * @param {number} u
 * @param {number} v
 */
function section(rate, isHighPass, u, v) {
  const k = 2 * rate;
  const a0 = (k + u) * (k + v);
  const sign = isHighPass ? -2 : 2;
  const b = (isHighPass ? k * k : 1) / a0;
  return { b0: b, b1: sign * b, b2: b, a1: (2 * (u * v - k * k)) / a0, a2: ((k - u) * (k - v)) / a0 };
}

/**
 * @param {ReturnType<typeof section>} biquad
 * @param {number} angle  radians a sample
 */
function responseOf({ b0, b1, b2, a1, a2 }, angle) {
  const [c1, s1, c2, s2] = [Math.cos(angle), Math.sin(angle), Math.cos(2 * angle), Math.sin(2 * angle)];
  const above = Math.hypot(b0 + b1 * c1 + b2 * c2, b1 * s1 + b2 * s2);
  return above / Math.hypot(1 + a1 * c1 + a2 * c2, a1 * s1 + a2 * s2);
}
