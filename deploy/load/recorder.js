// Put into every page of the measurement before its own scripts: keeps what the page captures, and records envelopes.
//
// A worklet takes each block of 128 samples (2.67 ms): its peak, its RMS and the strength of each tone asked for. Times
// are those of the audio clock, mapped once to the machine's clock, so that two pages can be compared.
//
// Where `window.tolmachHum` is set, the page captures a sine of so many hertz and no picture instead of the devices.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices) return;
  const open = devices.getUserMedia.bind(devices);
  let captured = null;
  devices.getUserMedia = async (wish) => (captured = window.tolmachHum ? hum(window.tolmachHum) : await open(wish));

  function hum(hertz) {
    const context = new AudioContext({ sampleRate: 48000 });
    const sink = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    const sine = new OscillatorNode(context, { frequency: hertz });
    sine.connect(new GainNode(context, { gain: 0.25 })).connect(sink);
    sine.start();
    return sink.stream;
  }

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
    registerProcessor("envelope", class extends AudioWorkletProcessor {
      constructor({ processorOptions }) {
        super();
        this.tones = processorOptions.tones;
        this.rows = [];
      }
      process([input]) {
        const samples = input[0] ?? new Float32Array(128);
        let peak = 0, energy = 0;
        for (const s of samples) { peak = Math.max(peak, Math.abs(s)); energy += s * s; }
        this.rows.push([currentTime * 1000, peak, Math.sqrt(energy / samples.length), ...this.tones.map((hz) => strength(samples, hz))]);
        if (this.rows.length >= 8) {
          this.port.postMessage({ rows: this.rows, until: currentTime * 1000 + 1000 * samples.length / sampleRate });
          this.rows = [];
        }
        return true;
      }
    });
    function strength(samples, hz) {
      let re = 0, im = 0;
      for (let i = 0; i < samples.length; i++) {
        const angle = 2 * Math.PI * hz * i / sampleRate;
        re += samples[i] * Math.cos(angle);
        im += samples[i] * Math.sin(angle);
      }
      return Math.hypot(re, im) * 2 / samples.length;
    }`;

  const recorder = { rows: [], offset: Infinity, context: null };

  /** Whether the stream is there: "captured" is this page's own, "heard" what it plays. */
  recorder.has = (which) => Boolean(streamOf(which)?.getAudioTracks().some((track) => track.readyState === "live"));

  recorder.start = async (which, tones) => {
    await recorder.stop();
    const context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
    recorder.context = context;
    await context.resume();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
    const node = new AudioWorkletNode(context, "envelope", { processorOptions: { tones } });
    node.port.onmessage = ({ data }) => {
      if (recorder.context !== context) return;
      // The earliest arrival of a block tells best when it was made.
      recorder.offset = Math.min(recorder.offset, performance.timeOrigin + performance.now() - data.until);
      recorder.rows.push(...data.rows);
    };
    recorder.tap(which, node);
  };

  /** Have what is "captured" or "heard" run through a node of whichever context; nothing is heard of it beside. */
  recorder.tap = (which, node) => {
    const source = node.context.createMediaStreamSource(streamOf(which));
    connect.call(connect.call(source, node), node.context.destination);
  };

  /** End the recording, and forget it: another one has a clock of its own. */
  recorder.stop = async () => {
    await recorder.context?.close();
    Object.assign(recorder, { context: null, rows: [], offset: Infinity });
  };

  /** What was recorded since the last call. */
  recorder.take = () => ({ offset: recorder.offset, rows: recorder.rows.splice(0) });

  function streamOf(which) {
    return which === "captured" ? captured : heard();
  }

  /**
   * What goes to a booth's headphones; of the livestream what its element plays: what comes by
   * WebRTC stands in #sound as it is, and what the hall hears in #return-sound.
   */
  function heard() {
    const direct = document.querySelector("#sound, #return-sound")?.srcObject;
    const film = document.querySelector("#picture");
    return ears?.stream ?? direct ?? (film ? (film.tolmachHeard ??= film.captureStream()) : null);
  }

  window.tolmachRecorder = recorder;
})();
