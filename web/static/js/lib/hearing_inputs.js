// The inputs of the hearing graph: tracks that come and go, faded in and out, and which ear they go to. Web Audio alone.

/** @typedef {"source" | "original" | "monitoring" | "intercom"} InputName */
/** @typedef {"both" | "split"} Ears */

/** Long enough not to click, short enough not to be noticed. */
export const FADE_MS = 30;

/**
 * Bring a parameter to a value in a straight line, from wherever it is on its way now.
 * @param {AudioParam} param
 * @param {number} target
 * @param {number} ms
 * @param {number} now  the context's time
 */
export function ramp(param, target, ms, now) {
  const from = param.value;
  param.cancelScheduledValues(now);
  param.setValueAtTime(from, now);
  param.linearRampToValueAtTime(target, now + ms / 1000);
}

/**
 * What each ear gets of each of the two main inputs.
 * @param {"source" | "original"} chosen
 * @param {Ears} ears
 * @returns {{source: [number, number], original: [number, number]}} left and right
 */
export function balance(chosen, ears) {
  if (chosen === "original") return { source: [0, 0], original: [1, 1] };
  return ears === "split" ? { source: [0, 1], original: [1, 0] } : { source: [1, 1], original: [0, 0] };
}

/** One input: whatever track it has, mono, behind a gain of its own. */
export class Input {
  /** @type {{track: MediaStreamTrack, fade: GainNode, carrier: HTMLAudioElement, node: AudioNode} | null} */ #playing = null;

  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
    this.out = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
  }

  /**
   * Fade over to another track; the one before is let go, and not stopped.
   * @param {MediaStreamTrack | null} track
   */
  set(track) {
    if (track === (this.#playing?.track ?? null)) return;
    this.#fadeOut();
    if (!track) return;
    const stream = new MediaStream([track]);
    // Chromium lets a remote track's sound into Web Audio only while an element plays it, muted as it may be.
    const carrier = new Audio();
    carrier.muted = true;
    carrier.srcObject = stream;
    carrier.play().catch(() => {});
    const node = this.context.createMediaStreamSource(stream);
    const fade = new GainNode(this.context, { gain: 0 });
    node.connect(fade).connect(this.out);
    ramp(fade.gain, 1, FADE_MS, this.context.currentTime);
    this.#playing = { track, fade, carrier, node };
  }

  #fadeOut() {
    const leaving = this.#playing;
    this.#playing = null;
    if (!leaving) return;
    ramp(leaving.fade.gain, 0, FADE_MS, this.context.currentTime);
    setTimeout(() => {
      leaving.node.disconnect();
      leaving.fade.disconnect();
      leaving.carrier.srcObject = null;
    }, 2 * FADE_MS);
  }
}

/** The source and the original on their way to the two ears. */
export class Ear {
  /** @type {"source" | "original"} */ chosen = "source";
  /** @type {Ears} */ ears = "both";

  /**
   * @param {AudioContext} context
   * @param {Record<"source" | "original", Input>} inputs
   */
  constructor(context, inputs) {
    this.context = context;
    this.out = new ChannelMergerNode(context, { numberOfInputs: 2 });
    this.gains = { source: this.#fan(inputs.source), original: this.#fan(inputs.original) };
    this.settle(0);
  }

  /** @param {number} ms  how long the change takes */
  settle(ms) {
    const wanted = balance(this.chosen, this.ears);
    for (const name of /** @type {const} */ (["source", "original"])) {
      this.gains[name].forEach((gain, side) => {
        ramp(gain.gain, wanted[name][side] ?? 0, ms, this.context.currentTime);
      });
    }
  }

  /** @param {Input} input */
  #fan(input) {
    return [0, 1].map((side) => {
      const gain = new GainNode(this.context, { gain: 0 });
      input.out.connect(gain).connect(this.out, 0, side);
      return gain;
    });
  }
}
