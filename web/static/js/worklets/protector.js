// The last thing before the headphones: the limiter, and what it lets through measured for the meter and the dose.

import { AWeighting, Limiter } from "../lib/hearing_limiter.js";
import { AudioWorkletProcessor, passThrough, registerProcessor, sampleRate } from "./scope.js";

const CHANNELS = 2;
const REPORT_S = 0.1;

/**
 * What is told every 100 ms of sound.
 * @typedef {object} Report
 * @property {number} peak      of the louder ear, linear
 * @property {number} power     mean square of the louder ear
 * @property {number} weighted  the same, A-weighted
 * @property {number} gain      the lowest of the limiter
 * @property {number} seconds   how long it is about
 */

class Protector extends AudioWorkletProcessor {
  /** @param {{processorOptions: import("../lib/hearing_limiter.js").Limits}} options */
  constructor(options) {
    super();
    this.limiter = new Limiter(sampleRate, CHANNELS, options.processorOptions);
    this.weightings = Array.from({ length: CHANNELS }, () => new AWeighting(sampleRate));
    this.powers = new Float64Array(2 * CHANNELS);
    this.peak = 0;
    this.gain = 1;
    this.frames = 0;
    this.port.onmessage = ({ data }) => this.limiter.limit(data);
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    const heard = passThrough(inputs[0], outputs[0]);
    this.limiter.process(heard);
    this.measure(heard);
    return true;
  }

  /** @param {Float32Array[]} heard */
  measure(heard) {
    heard.forEach((channel, n) => {
      let [power, weighted] = [0, 0];
      for (const sample of channel) {
        this.peak = Math.max(this.peak, Math.abs(sample));
        power += sample * sample;
        weighted += (this.weightings[n]?.weigh(sample) ?? 0) ** 2;
      }
      this.powers[2 * n] = (this.powers[2 * n] ?? 0) + power;
      this.powers[2 * n + 1] = (this.powers[2 * n + 1] ?? 0) + weighted;
    });
    this.gain = Math.min(this.gain, this.limiter.gain);
    this.frames += heard[0]?.length ?? 0;
    if (this.frames >= REPORT_S * sampleRate) this.report();
  }

  report() {
    const [left = 0, leftWeighted = 0, right = 0, rightWeighted = 0] = this.powers;
    /** @type {Report} */
    const report = {
      peak: this.peak,
      power: Math.max(left, right) / this.frames,
      weighted: Math.max(leftWeighted, rightWeighted) / this.frames,
      gain: this.gain,
      seconds: this.frames / sampleRate,
    };
    this.port.postMessage(report);
    this.powers.fill(0);
    this.peak = this.frames = 0;
    this.gain = 1;
  }
}

registerProcessor("tolmach-protector", Protector);
