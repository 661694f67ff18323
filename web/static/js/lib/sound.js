// Levels of sound, measured here and shown here; nothing of it leaves the browser.

/** Bottom of the meters; speech below it is not speech. */
export const FLOOR_DBFS = -60;
const FALL_DB_PER_S = 24;

/**
 * @param {Float32Array} samples  −1 … 1
 * @returns {{peak_dbfs: number, rms_dbfs: number}} never below FLOOR_DBFS
 */
export function measure(samples) {
  let peak = 0;
  let energy = 0;
  for (const sample of samples) {
    peak = Math.max(peak, Math.abs(sample));
    energy += sample * sample;
  }
  return { peak_dbfs: decibels(peak), rms_dbfs: decibels(Math.sqrt(energy / Math.max(1, samples.length))) };
}

/** @param {number} amplitude */
function decibels(amplitude) {
  return Math.max(FLOOR_DBFS, 20 * Math.log10(Math.max(amplitude, 1e-6)));
}

/**
 * Where a level stands on a meter, 0 (silent) … 1 (full scale).
 * @param {number} dbfs
 */
export function fraction(dbfs) {
  return Math.min(1, Math.max(0, 1 - dbfs / FLOOR_DBFS));
}

/**
 * The next reading of a meter that rises at once and falls slowly enough for the eye (like a peak programme meter).
 * @param {number} shown_dbfs
 * @param {number} now_dbfs
 * @param {number} elapsed_ms
 */
export function settle(shown_dbfs, now_dbfs, elapsed_ms) {
  return Math.max(now_dbfs, shown_dbfs - (FALL_DB_PER_S * elapsed_ms) / 1000);
}

/**
 * What to tell a person about the level: speech peaks belong between −30 and −3 dBFS.
 * @param {number} peak_dbfs
 * @returns {"silent" | "quiet" | "good" | "loud"}
 */
export function judge(peak_dbfs) {
  if (peak_dbfs <= -50) return "silent";
  if (peak_dbfs < -30) return "quiet";
  return peak_dbfs > -1.5 ? "loud" : "good";
}

/** Reads the level of a stream. One context for all meters of a page. */
export class LevelProbe {
  /** @type {MediaStreamAudioSourceNode | null} */ #source = null;

  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 2048;
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  /** @param {MediaStream | null} stream */
  attach(stream) {
    this.#source?.disconnect();
    this.#source = stream?.getAudioTracks().length ? this.context.createMediaStreamSource(stream) : null;
    this.#source?.connect(this.analyser);
  }

  /** @returns {{peak_dbfs: number, rms_dbfs: number}} of the last 43 ms */
  read() {
    this.analyser.getFloatTimeDomainData(this.samples);
    return measure(this.samples);
  }
}
