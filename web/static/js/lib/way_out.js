// The way out of somebody who speaks from afar: a bad one loses the picture before it loses the sound. Pure.

/** Below this, picture and sound do not both fit, whatever the encoder does. */
export const NARROW_BPS = 150_000;
/** So long there and back, and a narrow line has a queue before it in which the sound stands too. */
export const QUEUE_S = 0.4;
/** A share of packets lost that is heard. */
export const LOST_SHARE = 0.1;
/** So long the line is bad before the picture goes. */
export const BAD_MS = 3_000;
/** So long after it was bad the sound is content with little. */
export const SPARE_MS = 10_000;
/** A picture that was off is told for so long of what it lost before. */
export const SETTLE_MS = 6_000;

/**
 * What may go out beside the sound, there and back, what share is lost; null is unknown. That little may go out is no
 * reason by itself: the browser believes only slowly in a line that was bad.
 * @typedef {{bps: number | null, round_s: number | null, lost: number | null}} LineLook
 */

/**
 * What a report says of the way out.
 * @param {Iterable<[string, any]>} report  RTCStatsReport
 * @param {boolean} hasPicture  one that is shown for longer than SETTLE_MS
 * @returns {LineLook}
 */
export function lookAtLine(report, hasPicture) {
  let bps = null;
  let round_s = null;
  /** @type {number | null} */
  let lost = null;
  for (const [, entry] of report) {
    if (entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded") {
      bps = entry.availableOutgoingBitrate ?? bps;
      round_s = entry.currentRoundTripTime ?? round_s;
    }
    if (entry.type === "remote-inbound-rtp" && (hasPicture || entry.kind === "audio")) {
      lost = Math.max(lost ?? 0, entry.fractionLost ?? 0);
    }
  }
  return { bps, round_s, lost };
}

/**
 * When the line has been bad since; null while it is good.
 * @param {number | null} since_ms
 * @param {LineLook} look
 * @param {number} now_ms
 */
export function badSince(since_ms, { bps, round_s, lost }, now_ms) {
  const isQueued = bps !== null && bps < NARROW_BPS && round_s !== null && round_s > QUEUE_S;
  const isBad = isQueued || (lost !== null && lost > LOST_SHARE);
  return isBad ? (since_ms ?? now_ms) : null;
}

/**
 * Whether it has been bad for so long that the picture has to go, and sound goes on alone.
 * @param {number | null} since_ms
 * @param {number} now_ms
 */
export function isTooBad(since_ms, now_ms) {
  return since_ms !== null && now_ms - since_ms >= BAD_MS;
}

/** One's own way out, looked at once a second while one is heard or seen. */
export class WayOut {
  /** @type {number | null} */ #badSince = null;
  #sparesUntil_ms = -Infinity;
  #shownAt_ms = -Infinity;
  #isDropped = false;

  /** @returns {boolean} the picture was given up, until somebody wishes for it again */
  get isDropped() {
    return this.#isDropped;
  }

  /** @param {number} now_ms  a picture goes out from now on, or another, or none */
  shown(now_ms) {
    this.#shownAt_ms = now_ms;
  }

  /** The picture may go out again: somebody wishes for it, or it is another one. */
  again() {
    this.#isDropped = false;
    this.#badSince = null;
  }

  /**
   * @param {Iterable<[string, any]> | null} report  RTCStatsReport; null while nobody is to hear or see anything
   * @param {boolean} hasPicture  one goes out now
   * @param {number} now_ms
   * @returns {boolean} whether the picture has to go now
   */
  look(report, hasPicture, now_ms) {
    const look = lookAtLine(report ?? [], hasPicture && now_ms - this.#shownAt_ms > SETTLE_MS);
    this.#badSince = report ? badSince(this.#badSince, look, now_ms) : null;
    if (this.#badSince !== null || this.#isDropped) this.#sparesUntil_ms = now_ms + SPARE_MS;
    if (!hasPicture || !isTooBad(this.#badSince, now_ms)) return false;
    this.#badSince = null;
    this.#isDropped = true;
    return true;
  }

  /**
   * @param {number} now_ms
   * @returns {boolean} whether the sound is to be content with little
   */
  isSparing(now_ms) {
    return now_ms < this.#sparesUntil_ms;
  }
}
