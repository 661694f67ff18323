// Whether sound still arrives. The server sends fifty packets a second on every channel, of silence too, so a count
// that stands still means a broken way long before the browser gives its connection up.

/** Longer than a change of Wi-Fi cells that nobody hears; short beside the time a sentence takes. */
export const QUIET_MS = 2_000;

export class Pulse {
  #count = -1;
  #changed = 0;

  /**
   * Nothing is expected now: what comes next counts from here.
   * @param {number} now  milliseconds
   */
  rest(now) {
    this.#changed = now;
  }

  /**
   * Take a reading.
   * @param {number} count  packets received on the connection so far; another connection begins anew
   * @param {number} now  milliseconds
   * @returns {boolean} whether something has arrived lately
   */
  feel(count, now) {
    if (count !== this.#count) {
      this.#count = count;
      this.#changed = now;
    }
    return now - this.#changed < QUIET_MS;
  }
}

/**
 * @param {Iterable<[string, any]>} report  of RTCPeerConnection.getStats
 * @returns {number} sound packets received
 */
export function packetsReceived(report) {
  let count = 0;
  for (const [, stats] of report) {
    if (stats.type === "inbound-rtp" && stats.kind === "audio") count += stats.packetsReceived ?? 0;
  }
  return count;
}
