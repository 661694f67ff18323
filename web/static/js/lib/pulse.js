// Whether sound still arrives. The server sends fifty packets a second on every channel, of silence too, so a count
// that stands still means a broken way long before the browser gives its connection up.

/** Longer than a change of Wi-Fi cells that nobody hears; short beside the time a sentence takes. */
export const QUIET_MS = 2_000;
/** To those who send, the server says something once a second, and one or two such words may be lost. */
export const QUIET_SENDER_MS = 3_500;

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
   * @param {number} [quietMs]  how long nothing may come
   * @returns {boolean} whether something has arrived lately
   */
  feel(count, now, quietMs = QUIET_MS) {
    if (count !== this.#count) {
      this.#count = count;
      this.#changed = now;
    }
    return now - this.#changed < quietMs;
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

/**
 * What has arrived on a connection, and how long nothing may come before its way is thought broken.
 * @param {Iterable<[string, any]>} report  of RTCPeerConnection.getStats
 * @returns {{count: number, quietMs: number} | null} null where the browser does not tell
 */
export function arrivals(report) {
  const all = [...report].map(([, stats]) => stats);
  if (all.some(({ type, kind }) => type === "inbound-rtp" && kind === "audio")) {
    return { count: packetsReceived(report), quietMs: QUIET_MS };
  }
  const transport = all.find(({ type, packetsReceived: count }) => type === "transport" && count !== undefined);
  return transport ? { count: transport.packetsReceived, quietMs: QUIET_SENDER_MS } : null;
}
