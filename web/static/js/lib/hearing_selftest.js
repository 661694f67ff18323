// Whether the limiter really limits in this browser, tried before anything is heard: the very same worklet, offline.

/** @typedef {import("./hearing_limiter.js").Limits} Limits */

const QUIET = 0.003;
const QUIET_HZ = 1000;
const PHASE_S = 0.1;

/**
 * A soft tone, then full scale at a blow, then a shriek twelve decibels past it, then nothing.
 * @param {number} rate
 * @returns {Float32Array<ArrayBuffer>}
 */
export function ordeal(rate) {
  const phase = Math.round(rate * PHASE_S);
  return Float32Array.from({ length: 4 * phase }, (_, i) => {
    if (i < phase) return QUIET * Math.sin((2 * Math.PI * QUIET_HZ * i) / rate);
    if (i < 2 * phase) return 1;
    return i < 3 * phase ? 4 * Math.sin((2 * Math.PI * 3000 * i) / rate) : 0;
  });
}

/**
 * @param {Float32Array} left  what became of the ordeal
 * @param {Float32Array} right
 * @param {number} rate
 * @param {Limits} limits
 * @returns {"" | "silent" | "ceiling" | "lasting" | "coloured"} what is wrong with it; "" when it is as it should be
 */
export function judgeOrdeal(left, right, rate, limits) {
  const phase = Math.round(rate * PHASE_S);
  for (const ear of [left, right]) {
    const quiet = rms(ear.subarray(phase / 4, phase));
    const loud = rms(ear.subarray(1.5 * phase, 2 * phase));
    if (!(loud > limits.rms / 2)) return "silent";
    if (ear.some((sample) => !(Math.abs(sample) <= limits.ceiling))) return "ceiling";
    for (let at = 0; at + phase <= ear.length; at += phase / 4) {
      if (rms(ear.subarray(at, at + phase)) > limits.rms) return "lasting";
    }
    if (Math.abs(20 * Math.log10((quiet * Math.SQRT2) / QUIET)) > 0.5) return "coloured";
  }
  return "";
}

/** @param {Float32Array} samples */
function rms(samples) {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

/**
 * Put the protector through it.
 * @param {string} module  address of the worklet
 * @param {number} rate
 * @param {Limits} limits
 * @returns {Promise<ReturnType<typeof judgeOrdeal>>} rejects when the worklet cannot even be loaded
 */
export async function tryProtector(module, rate, limits) {
  const signal = ordeal(rate);
  const context = new OfflineAudioContext(2, signal.length, rate);
  await context.audioWorklet.addModule(module);
  const protector = protectorNode(context, limits);
  const buffer = new AudioBuffer({ length: signal.length, numberOfChannels: 2, sampleRate: rate });
  for (const channel of [0, 1]) buffer.copyToChannel(signal, channel);
  const player = new AudioBufferSourceNode(context, { buffer });
  player.connect(protector).connect(context.destination);
  player.start();
  const heard = await context.startRendering();
  return judgeOrdeal(heard.getChannelData(0), heard.getChannelData(1), rate, limits);
}

/**
 * @param {BaseAudioContext} context  with the worklet loaded
 * @param {Limits} limits
 */
export function protectorNode(context, limits) {
  return new AudioWorkletNode(context, "tolmach-protector", {
    numberOfInputs: 1,
    numberOfOutputs: 1,
    outputChannelCount: [2],
    channelCount: 2,
    channelCountMode: "explicit",
    processorOptions: limits,
  });
}
