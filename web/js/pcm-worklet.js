// pcm-worklet.js - collects 100 ms of mono sound as 16-bit PCM and posts it with its peak.
class Pcm extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Int16Array(sampleRate / 10);
    this.filled = 0;
    this.peak = 0;
  }

  process([input]) {
    const channels = input.length;
    const n = channels ? input[0].length : 0;
    for (let i = 0; i < n; i++) {
      let v = 0;
      for (let c = 0; c < channels; c++) v += input[c][i] / channels;
      v = Math.max(-1, Math.min(1, v));
      this.peak = Math.max(this.peak, Math.abs(v));
      this.samples[this.filled++] = Math.round(v * 32767);
      if (this.filled === this.samples.length) {
        this.port.postMessage({ samples: this.samples, peak: this.peak }, [this.samples.buffer]);
        this.samples = new Int16Array(sampleRate / 10);
        this.filled = 0;
        this.peak = 0;
      }
    }
    return true;
  }
}
registerProcessor('pcm', Pcm);
