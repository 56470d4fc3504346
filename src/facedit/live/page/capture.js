// @ts-check
/* Hands the microphone on in blocks of 40 ms, silence while it is off: the clock of all that follows. */
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(640);
    this.filled = 0;
  }

  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs */
  process(inputs, outputs) {
    const heard = inputs[0][0];
    for (let k = 0; k < outputs[0][0].length; k++) {
      const value = heard ? Math.max(-1, Math.min(1, heard[k])) : 0;
      this.block[this.filled++] = Math.round(32767 * value);
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}
registerProcessor("capture", Capture);
