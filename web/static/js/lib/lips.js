// Lip sync where several pictures come with one sound. A browser brings one picture to a sound and shows the others as
// soon as they come, which is before they are heard. Here every picture is held back until its sound is there; the
// sound itself is never touched, for the interpreters work by it.
//
// What plays is told by RTP timestamps; the server's sender reports say when that was due on one clock for all. Of a
// report a page is shown the wall clock alone: the server sends them at whole multiples of ROUND_MS of RTP time, so
// that the other half is known but for those (server/PROTOCOL.md, "Lip sync").

/** As the server's `media/rtcp.py`. */
export const ROUND_MS = 2_000;
/** A picture is held back by so much at most. */
export const MOST_MS = 500;
/** From a decoded picture to the screen. */
const SHOWN_AFTER_MS = 15;
/** Borne is sound from 45 ms before the picture to 125 after (ITU-R BT.1359). The middle, and a little for late frames. */
const AIM_MS = 50;
const NEAR_MS = 15;
const STEP_MS = 100;
const SHARE = 0.6;
const STALE_MS = 1_000;
/** Timestamps that have begun anew after 2^32 do not go with a report from before. */
const WRAPPED_MS = 10_000;
const RATES_PER_MS = { audio: 48, video: 90 };

/** @typedef {{source: number, timestamp: number, rtpTimestamp: number}} Played  newest by getSynchronizationSources */
/**
 * @typedef {object} Receiver  as much of an RTCRtpReceiver as is needed
 * @property {{kind: string}} track
 * @property {number | null} jitterBufferTarget  milliseconds
 * @property {() => Played[]} getSynchronizationSources
 */

/** Whether this browser lets a page hold pictures back. */
export function canHold() {
  return "jitterBufferTarget" in (globalThis.RTCRtpReceiver?.prototype ?? {});
}

/**
 * The server's answer with no picture tied to the sound: a browser that ties one delays the sound for it, too.
 * @param {string} answer  SDP
 */
export function untied(answer) {
  return answer.replace(/^a=msid:\S+ video(?=\r?$)/gm, (line) => line.replace("msid:", "msid:picture-of-"));
}

/**
 * By how much the picture is before the sound, in milliseconds of ±ROUND_MS / 2; below 0 it is after.
 * @param {number} sound  how late it plays, as `lateMs` tells it
 * @param {number} picture
 */
export function leadMs(sound, picture) {
  return remainder(sound - picture + ROUND_MS / 2) - ROUND_MS / 2;
}

/**
 * How long after it was due by the server's clock something plays, but for whole ROUND_MS; null while that is not known.
 * @param {Played} played
 * @param {"audio" | "video"} kind
 * @param {number | undefined} reported_ms  the newest sender report's wall clock
 */
export function lateMs({ timestamp, rtpTimestamp }, kind, reported_ms) {
  const at = rtpTimestamp / RATES_PER_MS[kind];
  return reported_ms === undefined || at < WRAPPED_MS ? null : remainder(timestamp - reported_ms - at);
}

/**
 * A step towards what is right: gentle, for a browser shortens or lengthens a picture's time by a tenth.
 * @param {number} held_ms
 * @param {number} lead_ms
 */
export function nextHeld(held_ms, lead_ms) {
  const over = lead_ms - AIM_MS;
  if (Math.abs(over) <= NEAR_MS) return held_ms;
  const step = Math.min(STEP_MS, Math.max(-STEP_MS, SHARE * over));
  return Math.min(MOST_MS, Math.max(0, Math.round(held_ms + step)));
}

export class Lips {
  /** @type {Map<number, number>} by SSRC, the picture that was looked at last */
  #seen = new Map();
  /** @type {{delay: number, samples: number}} seconds summed, of what has been played out */
  #played = { delay: 0, samples: 0 };
  #output_ms = 0;

  /**
   * Look at what plays, and hold each picture back by as much as it is before the sound. One whose frames have stopped,
   * or of which nothing is known, stays as it is.
   * @param {readonly Receiver[]} receivers
   * @param {Iterable<[string, any]>} entries  of RTCPeerConnection.getStats
   */
  look(receivers, entries) {
    const all = [...entries].map(([, entry]) => entry);
    /** @type {Map<number, number>} */
    const reports = new Map();
    for (const { type, ssrc, remoteTimestamp } of all) {
      if (type === "remote-outbound-rtp" && remoteTimestamp > 0) reports.set(ssrc, remoteTimestamp);
    }
    this.#hearOutput(all.find(({ type }) => type === "media-playout"));
    const sound = receivers.find(({ track }) => track.kind === "audio")?.getSynchronizationSources()[0];
    const late = sound ? lateMs(sound, "audio", reports.get(sound.source)) : null;
    if (!sound || late === null) return;
    for (const receiver of receivers) {
      const picture = receiver.track.kind === "video" ? receiver.getSynchronizationSources()[0] : undefined;
      if (!picture || !this.#isNew(picture, sound)) continue;
      const shown = lateMs(picture, "video", reports.get(picture.source));
      if (shown === null) continue;
      const held = receiver.jitterBufferTarget ?? 0;
      const next = nextHeld(held, leadMs(late + this.#output_ms, shown + SHOWN_AFTER_MS));
      if (next !== held) receiver.jitterBufferTarget = next;
    }
  }

  /**
   * @param {Played} picture
   * @param {Played} sound
   */
  #isNew({ source, timestamp, rtpTimestamp }, sound) {
    const isSame = this.#seen.get(source) === rtpTimestamp;
    this.#seen.set(source, rtpTimestamp);
    return !isSame && Math.abs(timestamp - sound.timestamp) < STALE_MS;
  }

  /** From the browser's hands to the ear. @param {{totalPlayoutDelay: number, totalSamplesCount: number} | undefined} entry */
  #hearOutput(entry) {
    const { totalPlayoutDelay: delay = 0, totalSamplesCount: samples = 0 } = entry ?? {};
    const more = samples - this.#played.samples;
    if (more > 0) this.#output_ms = (1000 * (delay - this.#played.delay)) / more;
    this.#played = { delay, samples };
  }
}

/** @param {number} value_ms */
function remainder(value_ms) {
  return ((value_ms % ROUND_MS) + ROUND_MS) % ROUND_MS;
}
