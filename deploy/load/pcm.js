// Put into every page of the chain measurement, after recorder.js: the very samples that it captures or hears.
//
// A worklet hands over blocks of sound with the audio clock's time, mapped to the machine's as recorder.js does it.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const open = devices.getUserMedia.bind(devices);
  let captured = null;
  devices.getUserMedia = async (wish) => (captured = await open(wish));

  // The booth plays through Web Audio: what goes to its headphones, behind its limiter, is taken off here.
  const connect = AudioNode.prototype.connect;
  let ears = null;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode && !(this.context instanceof OfflineAudioContext)) {
      ears ??= new MediaStreamAudioDestinationNode(this.context);
      connect.call(this, ears);
    }
    return connect.call(this, to, ...more);
  };

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
    const stream = which === "captured" ? captured : (ears?.stream ?? document.querySelector("#sound").srcObject);
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
    connect.call(context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())), node);
    connect.call(node, context.destination);
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
