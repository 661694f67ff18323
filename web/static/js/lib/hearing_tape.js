// The tape of the last ten seconds: heard again on wish, a quarter faster and at the same pitch, until it has caught up.
//
// Time is stretched by WSOLA (Verhelst and Roelands, 1993): half-overlapping frames are taken from the tape further apart
// than they are laid, each at the place near its due one that goes on best from the frame before. Without Web Audio.

/** How much faster than life. Speech stays easy to follow. */
export const CATCH_UP = 1.25;
export const TAPE_S = 10;
const HOP_S = 0.012;
const SEARCH_S = 0.008;
const STEP = 4;

export class Tape {
  /** @type {"live" | "leaving" | "replay" | "joining"} */ #mode = "live";
  #written = 0;
  #due = 0;
  #goesOn = 0;
  #fade = 0;
  #played = 0;
  #asked_s = 0;

  /**
   * @param {number} rate  samples a second
   * @param {number} [channels]
   */
  constructor(rate, channels = 2) {
    this.rate = rate;
    this.hop = Math.round(rate * HOP_S);
    this.search = Math.round(rate * SEARCH_S);
    this.size = Math.round(rate * (TAPE_S + 1));
    const ring = () => new Float32Array(this.size);
    this.rings = Array.from({ length: channels }, ring);
    this.mono = ring();
    this.ready = this.rings.map(() => new Float32Array(this.hop));
    this.tails = this.rings.map(() => new Float32Array(this.hop));
    this.rise = Float64Array.from({ length: this.hop }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / this.hop));
  }

  /** @returns {number} seconds that what is heard lies behind the present; 0 is live */
  get behind_s() {
    return this.#mode === "live" ? 0 : Math.max(0, this.#written - this.#due) / this.rate;
  }

  /**
   * Go back this far, or as far as the tape goes.
   * @param {number} seconds
   */
  replay(seconds) {
    const back = Math.min(seconds, TAPE_S, this.#written / this.rate);
    if (back * this.rate < this.#join) return;
    if (this.#mode === "joining") {
      this.#asked_s = seconds; // once the fade to the present is over, some milliseconds later
      return;
    }
    this.#due = this.#written - Math.round(back * this.rate);
    this.#goesOn = -1;
    if (this.#isOnTape) return;
    for (const tail of this.tails) tail.fill(0);
    this.#fade = 0;
    this.#played = this.hop;
    this.#mode = "leaving";
  }

  /** Back to the present, by a short fade. */
  live() {
    if (this.#isOnTape) this.#leaveTape();
  }

  /**
   * Record a block, and put in its place what is to be heard.
   * @param {Float32Array[]} channels  as many as the tape was made for, of equal length
   */
  process(channels) {
    const frames = channels[0]?.length ?? 0;
    const start = this.#written;
    this.#record(channels, frames);
    if (this.#mode === "live") return;
    for (let i = 0; i < frames; i++) this.#step(channels, i, start + i);
  }

  /** The nearest to the present that a whole frame can be taken from, wherever it is looked for. */
  get #join() {
    return 3 * this.hop + this.search;
  }

  /**
   * @param {Float32Array[]} channels
   * @param {number} frames
   */
  #record(channels, frames) {
    for (let i = 0; i < frames; i++) {
      const at = (this.#written + i) % this.size;
      let sum = 0;
      channels.forEach((channel, n) => {
        const sample = channel[i] ?? 0;
        /** @type {Float32Array} */ (this.rings[n])[at] = sample;
        sum += sample;
      });
      this.mono[at] = sum;
    }
    this.#written += frames;
  }

  /**
   * @param {Float32Array[]} channels
   * @param {number} i
   * @param {number} now
   */
  #step(channels, i, now) {
    if (this.#isOnTape && this.#played === this.hop) this.#lay(now);
    if (this.#isOnTape) this.#play(channels, i);
    else if (this.#mode === "joining") this.#fadeToLive(channels, i);
  }

  get #isOnTape() {
    return this.#mode === "replay" || this.#mode === "leaving";
  }

  /**
   * @param {Float32Array[]} channels
   * @param {number} i
   */
  #play(channels, i) {
    const isLeaving = this.#mode === "leaving";
    const present = isLeaving ? 1 - (this.rise[this.#fade] ?? 1) : 0;
    channels.forEach((channel, n) => {
      channel[i] = (channel[i] ?? 0) * present + (this.ready[n]?.[this.#played] ?? 0);
    });
    this.#played += 1;
    if (isLeaving && ++this.#fade === this.hop) this.#mode = "replay";
  }

  /**
   * @param {Float32Array[]} channels
   * @param {number} i
   */
  #fadeToLive(channels, i) {
    const present = this.rise[this.#fade] ?? 1;
    channels.forEach((channel, n) => {
      channel[i] = (channel[i] ?? 0) * present + (this.tails[n]?.[this.#fade] ?? 0);
    });
    if (++this.#fade === this.hop) this.#arrive();
  }

  #arrive() {
    const asked_s = this.#asked_s;
    this.#mode = "live";
    this.#asked_s = 0;
    if (asked_s > 0) this.replay(asked_s);
  }

  #leaveTape() {
    // What was to be laid next, and the end of its frame after it, fade while the present rises.
    this.tails.forEach((tail, n) => {
      const ready = /** @type {Float32Array} */ (this.ready[n]);
      const rest = this.hop - this.#played;
      for (let i = this.hop - 1; i >= 0; i--) {
        const next = i < rest ? ready[this.#played + i] : tail[i - rest];
        tail[i] = (next ?? 0) * (1 - (this.rise[i] ?? 1));
      }
    });
    this.#fade = 0;
    this.#mode = "joining";
  }

  /**
   * Lay the next frame over the last one's end; with the tape at its end, join the present.
   * @param {number} now
   */
  #lay(now) {
    if (now - this.#due < this.#join) {
      this.#fade = 0;
      this.#mode = "joining";
      return;
    }
    const start = this.#goesOn < 0 ? this.#due : this.#likest();
    this.rings.forEach((ring, n) => {
      const [ready, tail] = [/** @type {Float32Array} */ (this.ready[n]), /** @type {Float32Array} */ (this.tails[n])];
      for (let i = 0; i < this.hop; i++) {
        const rise = this.rise[i] ?? 1;
        ready[i] = (tail[i] ?? 0) + (ring[(start + i) % this.size] ?? 0) * rise;
        tail[i] = (ring[(start + this.hop + i) % this.size] ?? 0) * (1 - rise);
      }
    });
    this.#goesOn = start + this.hop;
    this.#due += Math.round(this.hop * CATCH_UP);
    this.#played = 0;
  }

  /** Where near the due place the sound is most like what would have come next: first roughly, then to the sample. */
  #likest() {
    const lowest = Math.max(this.#written - this.size + this.hop, this.#due - this.search);
    const rough = this.#best(lowest, this.#due + this.search, STEP);
    return this.#best(Math.max(lowest, rough - STEP + 1), rough + STEP - 1, 1);
  }

  /**
   * @param {number} from
   * @param {number} to  inclusive
   * @param {number} step  between the places, and between the samples compared
   */
  #best(from, to, step) {
    const { mono, size, hop } = this;
    let [best, most] = [from, -Infinity];
    for (let place = from; place <= to; place += step) {
      let [likeness, power] = [0, 1e-9];
      for (let i = 0; i < hop; i += step) {
        const sample = mono[(place + i) % size] ?? 0;
        likeness += sample * (mono[(this.#goesOn + i) % size] ?? 0);
        power += sample * sample;
      }
      const score = likeness / Math.sqrt(power);
      if (score > most) [best, most] = [place, score];
    }
    return best;
  }
}
