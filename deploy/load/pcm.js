// Put into every page of the chain measurement, after recorder.js: the very samples that it captures or hears.
//
// A worklet hands over blocks of sound with the audio clock's time, mapped to the machine's as recorder.js does it.
(() => {
  const WORKLET = `
    registerProcessor("pcm", class extends AudioWorkletProcessor {
      constructor() { super(); this.blocks = []; }
      process([input]) {
        this.blocks.push(input[0] ? input[0].slice() : new Float32Array(128));
        if (this.blocks.length === 32) {
          this.port.postMessage({ blocks: this.blocks, until: currentTime * 1000 + 128000 / sampleRate });
          this.blocks = [];
        }
        return true;
      }
    });`;

  /** Record so many ms of "captured" or "heard": epoch ms of the first sample, and the samples as base64 of float32. */
  window.tolmachPcm = async (which, ms) => {
    const context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
    await context.resume();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
    const node = new AudioWorkletNode(context, "pcm");
    const blocks = [];
    let offset = Infinity;
    let until = 0;
    node.port.onmessage = ({ data }) => {
      offset = Math.min(offset, performance.timeOrigin + performance.now() - data.until);
      until = data.until;
      blocks.push(...data.blocks);
    };
    window.tolmachRecorder.tap(which, node);
    await new Promise((done) => setTimeout(done, ms));
    await context.close();
    const samples = new Float32Array(blocks.length * 128);
    blocks.forEach((block, i) => samples.set(block, i * 128));
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { began: offset + until - samples.length / 48, samples: btoa(text) };
  };
})();
