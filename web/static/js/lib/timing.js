// Time and chance as things that are handed in, so that tests need not wait.

/**
 * @typedef {object} Timers
 * @property {() => number} now             milliseconds, only differences count
 * @property {(run: () => void, ms: number) => unknown} after   runs once, later; returns what `cancel` takes
 * @property {(handle: unknown) => void} cancel
 * @property {() => number} random          0 ≤ x < 1
 */

/** @type {Timers} */
export const browserTimers = {
  now: () => performance.now(),
  after: (run, ms) => setTimeout(run, ms),
  cancel: (handle) => clearTimeout(/** @type {number} */ (handle)),
  random: () => Math.random(),
};

const STEPS_MS = [500, 1000, 2000, 3000];

/**
 * How long to wait before attempt `attempt` (0 is the first repetition): 0.5, 1, 2, then always 3 s, and up to half
 * as much again by chance, so that a hall full of phones does not come back in one blow after a restart.
 * @param {number} attempt
 * @param {() => number} random
 * @returns {number} milliseconds
 */
export function backoffMs(attempt, random) {
  const step = STEPS_MS[Math.min(attempt, STEPS_MS.length - 1)] ?? 3000;
  return Math.round(step * (1 + random() / 2));
}
