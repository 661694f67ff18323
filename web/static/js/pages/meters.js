// Level meters on the page, drawn while it is visible.

import { FLOOR_DBFS, LevelProbe, fraction, settle } from "../lib/sound.js";

/** @type {AudioContext | null} */
let context = null;

/** One context for the page. Browsers start it only after a touch or key, or on a page that captures. */
export function audioContext() {
  if (context) return context;
  context = new AudioContext({ latencyHint: "interactive" });
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, wakeSound);
  return context;
}

/** Have the page's context run, where there is one and the browser lets it by now. */
export function wakeSound() {
  if (context?.state === "suspended") context.resume().catch(() => {});
}

/**
 * A meter that shows a stream's level; `attach` another stream at any time.
 * @param {HTMLElement} element  role="meter"
 * @param {(peak_dbfs: number) => void} [onReading]  a few times a second
 */
export function mountMeter(element, onReading = () => {}) {
  const probe = new LevelProbe(audioContext());
  let shown = FLOOR_DBFS;
  let drawn = performance.now();
  let told = 0;
  let highest = FLOOR_DBFS;
  /** @param {number} now */
  const draw = (now) => {
    const { peak_dbfs } = probe.read();
    shown = settle(shown, peak_dbfs, now - drawn);
    drawn = now;
    highest = Math.max(highest, peak_dbfs);
    element.style.setProperty("--level", String(fraction(shown)));
    if (now - told > 400) {
      element.setAttribute("aria-valuenow", highest.toFixed(0));
      onReading(highest);
      told = now;
      highest = FLOOR_DBFS;
    }
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  return probe;
}
