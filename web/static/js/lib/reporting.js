// How a page hears, for the technician's desk: four figures every few seconds, of the connection alone. Whoever asks
// their browser not to be tracked tells nothing.

/** The server counts one in four seconds. */
export const REPORT_MS = 5_000;
const MOST_MS = 60_000;

/**
 * @typedef {object} Counts  of the sound that came since the connection began
 * @property {number} received  packets
 * @property {number} lost
 * @property {number} samples
 * @property {number} concealed
 * @property {number} delay_s   summed over `emitted`
 * @property {number} emitted
 * @property {number | null} round_trip_s
 */
/** @typedef {{lost_percent: number, jitter_buffer_ms: number, concealed_percent: number, round_trip_ms: number | null}} Report */

/**
 * @param {{globalPrivacyControl?: boolean, doNotTrack?: string | null}} browser
 * @returns {boolean}
 */
export function agrees({ globalPrivacyControl, doNotTrack }) {
  return globalPrivacyControl !== true && doNotTrack !== "1";
}

/**
 * @param {Iterable<[string, any]>} entries  of RTCPeerConnection.getStats
 * @returns {Counts | null} null before any sound
 */
export function countsOf(entries) {
  const all = [...entries].map(([, entry]) => entry);
  const sound = all.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio");
  if (!sound) return null;
  const pair = all.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  return {
    received: sound.packetsReceived ?? 0,
    lost: sound.packetsLost ?? 0,
    samples: sound.totalSamplesReceived ?? 0,
    concealed: sound.concealedSamples ?? 0,
    delay_s: sound.jitterBufferDelay ?? 0,
    emitted: sound.jitterBufferEmittedCount ?? 0,
    round_trip_s: pair?.currentRoundTripTime ?? null,
  };
}

/**
 * @param {Counts | null} before  of the same connection
 * @param {Counts | null} now
 * @returns {Report | null} null where nothing came meanwhile, or another connection began
 */
export function reportOf(before, now) {
  if (!before || !now || now.received <= before.received) return null;
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  const emitted = now.emitted - before.emitted;
  const samples = now.samples - before.samples;
  const delay_ms = emitted > 0 ? (1000 * (now.delay_s - before.delay_s)) / emitted : 0;
  return {
    lost_percent: share(lost, received + lost),
    jitter_buffer_ms: within(Math.round(delay_ms), MOST_MS),
    concealed_percent: share(now.concealed - before.concealed, samples),
    round_trip_ms: now.round_trip_s === null ? null : within(Math.round(1000 * now.round_trip_s), MOST_MS),
  };
}

/**
 * Tell the server how one hears, every five seconds while something is heard.
 * @param {object} options
 * @param {() => {getStats: () => Promise<any>} | null | undefined} options.peer
 * @param {(message: object) => void} options.tell
 * @param {{globalPrivacyControl?: boolean, doNotTrack?: string | null}} [options.browser]
 * @returns {() => Promise<void>} looks once, for tests
 */
export function mountReporting({ peer, tell, browser = navigator }) {
  /** @type {Counts | null} */
  let before = null;
  /** @type {unknown} */
  let connection = null;
  const look = async () => {
    const now = peer();
    const stats = now ? await now.getStats().catch(() => null) : null;
    const counts = countsOf(stats ?? []);
    const report = connection === now ? reportOf(before, counts) : null;
    [connection, before] = [now, counts];
    if (report) tell({ type: "report", ...report });
  };
  if (agrees(browser)) setInterval(() => void look(), REPORT_MS);
  return look;
}

/** @param {number} part @param {number} whole */
function share(part, whole) {
  return whole > 0 ? within(Math.round((1000 * part) / whole) / 10, 100) : 0;
}

/** @param {number} value @param {number} most */
function within(value, most) {
  return Math.min(most, Math.max(0, value));
}
