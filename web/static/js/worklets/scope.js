// What an audio worklet finds in its global scope, with types: the DOM library knows only the page's.

/**
 * @typedef {object} Processor
 * @property {MessagePort} port
 */
/** @typedef {new (options?: unknown) => Processor} ProcessorClass */
/**
 * @typedef {object} WorkletScope
 * @property {ProcessorClass} AudioWorkletProcessor
 * @property {(name: string, processor: new (options: any) => Processor) => void} registerProcessor
 * @property {number} sampleRate
 */

export const { AudioWorkletProcessor, registerProcessor, sampleRate } = /** @type {WorkletScope} */ (
  /** @type {unknown} */ (globalThis)
);

/**
 * Copy an input's channels to the outputs'; a missing channel is silent.
 * @param {Float32Array[] | undefined} input
 * @param {Float32Array[] | undefined} output
 * @returns {Float32Array[]} the output
 */
export function passThrough(input, output = []) {
  output.forEach((channel, n) => {
    const from = input?.[n] ?? input?.[0];
    if (from) channel.set(from);
    else channel.fill(0);
  });
  return output;
}
