// The sound of one microphone of the hall: its half and its level. It goes as the device gives it where it can.

import { gainOf, isPlain } from "../../lib/strips.js";
import { microphoneWish } from "../devices.js";

const RAMP_S = 0.015;

export class StripSound {
  /** @type {MediaStreamTrack | null} */ #device = null;
  /** @type {MediaStreamTrack | null} */ #sent = null;
  /** @type {AudioNode[]} */ #nodes = [];
  /** @type {GainNode | null} */ #gain = null;
  #key = "";

  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
  }

  /**
   * Whether its level waits for a press: some browsers let a page compute sound only then.
   * @returns {boolean}
   */
  get isHeld() {
    return this.#gain !== null && this.context.state !== "running";
  }

  /**
   * Take a device's track and the strip's settings.
   * @param {MediaStreamTrack | null} device
   * @param {import("../../lib/strips.js").Strip} strip
   * @returns {MediaStreamTrack | null} what is to be sent; the same one until the device or the half changes
   */
  feed(device, strip) {
    const key = isPlain(strip) ? "plain" : strip.side;
    if (device !== this.#device || key !== this.#key) this.#build(device, strip);
    this.#device = device;
    this.#key = key;
    if (this.#gain) this.#gain.gain.setTargetAtTime(gainOf(strip), this.context.currentTime, RAMP_S);
    if (device) device.enabled = this.#gain !== null || !strip.muted;
    return this.#sent;
  }

  /**
   * @param {MediaStreamTrack | null} device
   * @param {import("../../lib/strips.js").Strip} strip
   */
  #build(device, strip) {
    for (const node of this.#nodes) node.disconnect();
    this.#nodes = [];
    this.#gain = null;
    this.#sent = device;
    if (!device || isPlain(strip)) return;
    const source = this.context.createMediaStreamSource(new MediaStream([device]));
    const gain = new GainNode(this.context, { gain: gainOf(strip), channelCount: 1, channelCountMode: "explicit" });
    const sink = new MediaStreamAudioDestinationNode(this.context, { channelCount: 1 });
    this.#nodes = [source, gain];
    if (strip.side === "both") source.connect(gain);
    else this.#nodes.push(half(source, strip.side, gain));
    gain.connect(sink);
    this.#gain = gain;
    this.#sent = sink.stream.getAudioTracks()[0] ?? null;
  }
}

/**
 * What to ask of a strip's device. Halves are had without the browser's processing alone, which mixes them.
 * @param {import("../../lib/strips.js").Strip} strip
 * @param {object} options
 * @param {boolean} [options.processing]
 * @param {boolean} [options.isExact]  rather none than another device, which may be another strip's already
 * @returns {MediaTrackConstraints}
 */
export function stripWish({ device, side }, { processing = false, isExact = false }) {
  const isHalf = side !== "both";
  return {
    ...microphoneWish(device, processing && !isHalf),
    ...(isHalf ? { channelCount: 2 } : {}),
    ...(isExact && device ? { deviceId: { exact: device } } : {}),
  };
}

/**
 * @param {AudioNode} source
 * @param {"left" | "right"} side
 * @param {AudioNode} to
 */
function half(source, side, to) {
  const splitter = new ChannelSplitterNode(source.context, { numberOfOutputs: 2 });
  source.connect(splitter);
  splitter.connect(to, side === "left" ? 0 : 1);
  return splitter;
}
