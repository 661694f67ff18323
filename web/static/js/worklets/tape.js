// The tape of the last ten seconds in the interpreter's ears, as a node.

import { Tape } from "../lib/hearing_tape.js";
import { AudioWorkletProcessor, passThrough, registerProcessor, sampleRate } from "./scope.js";

const TELL_EVERY_S = 0.1;

class TapeProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.tape = new Tape(sampleRate);
    this.told = 0;
    this.frames = 0;
    this.port.onmessage = ({ data }) => {
      if (data.replay > 0) this.tape.replay(data.replay);
      else this.tape.live();
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    const heard = passThrough(inputs[0], outputs[0]);
    this.tape.process(heard);
    this.frames += heard[0]?.length ?? 0;
    if (this.frames >= TELL_EVERY_S * sampleRate) this.tell();
    return true;
  }

  tell() {
    this.frames = 0;
    const behind_s = this.tape.behind_s;
    if (behind_s === this.told) return;
    this.told = behind_s;
    this.port.postMessage({ behind_s });
  }
}

registerProcessor("tolmach-tape", TapeProcessor);
