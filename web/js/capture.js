// capture.js - camera and microphone: pictures as JPEG, sound as 16 kHz PCM.
import { w } from './words.js';

const RATE = 16000;

// What open() could not do, as one text.
export const together = (errors) => () => errors.map((words) => words()).join(' ');

export class Capture {
  constructor() {
    this.stream = new MediaStream();
    this.onsound = null; // (Int16Array) => void, 100 ms each
    this.level = 0;      // peak of the last moment, 0..1
    this.canvas = document.createElement('canvas');
  }

  get hasVideo() { return this.stream.getVideoTracks().length > 0; }
  get hasAudio() { return this.stream.getAudioTracks().length > 0; }
  get usable() { return this.hasVideo || this.hasAudio; }

  // Asks for both; where one is missing or refused, the other alone is fine.
  // `echo`: a voice will come out of this computer and shall not be heard as the person's.
  async open({ camera, microphone, echo = this.echo } = {}) {
    this.close();
    Object.assign(this, { camera, microphone, echo });
    if (!navigator.mediaDevices?.getUserMedia) return [plainHttp()];
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, ...(camera ? { deviceId: { exact: camera } } : {}) };
    const audio = { channelCount: 1, echoCancellation: Boolean(echo), noiseSuppression: false, autoGainControl: true, ...(microphone ? { deviceId: { exact: microphone } } : {}) };
    const wanted = [camera === 'none' ? null : { video }, microphone === 'none' ? null : { audio }].filter(Boolean);
    const tracks = [];
    const errors = [], denied = [];
    const both = wanted.length === 2 ? await navigator.mediaDevices.getUserMedia({ video, audio }).catch(() => null) : null;
    if (both) tracks.push(...both.getTracks());
    else for (const one of wanted) {
      try {
        tracks.push(...(await navigator.mediaDevices.getUserMedia(one)).getTracks());
      } catch (e) {
        const what = one.video ? 'camera' : 'microphone';
        errors.push(explain(e, what));
        if (e.name === 'NotAllowedError') denied.push(what);
      }
    }
    if (denied.length === 2) errors.splice(0, 2, w('capture.denied.both'));
    this.stream = new MediaStream(tracks);
    if (this.hasAudio) await this.#listen();
    return errors;
  }

  async #listen() {
    // The browser resamples to the context's rate.
    this.context = new AudioContext({ sampleRate: RATE });
    await this.context.audioWorklet.addModule(new URL('pcm-worklet.js', import.meta.url));
    const node = new AudioWorkletNode(this.context, 'pcm', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => {
      this.level = data.peak;
      this.clipped = data.peak >= 0.99;
      this.onsound?.(data.samples);
    };
    this.context.createMediaStreamSource(this.stream).connect(node);
    if (this.context.state === 'suspended') await this.context.resume();
  }

  // After the screen was locked or a device went away: goes on hearing and seeing with what is
  // there. True: the stream is another one.
  async revive() {
    if (this.context?.state === 'suspended') await this.context.resume();
    const tracks = this.stream.getTracks();
    if (!tracks.length || tracks.every((t) => t.readyState === 'live')) return false;
    await this.open({ camera: this.camera, microphone: this.microphone });
    return true;
  }

  // JPEG of the current picture, or null while there is none.
  async picture(video, quality = 0.8) {
    if (!this.hasVideo || !video.videoWidth) return null;
    const scale = Math.min(1, 640 / video.videoWidth);
    this.canvas.width = Math.round(video.videoWidth * scale);
    this.canvas.height = Math.round(video.videoHeight * scale);
    this.canvas.getContext('2d').drawImage(video, 0, 0, this.canvas.width, this.canvas.height);
    return new Promise((resolve) => this.canvas.toBlob(resolve, 'image/jpeg', quality));
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.context?.close();
    this.context = null;
    this.stream = new MediaStream();
  }
}

// Browsers hand out devices only to https pages and to those of the machine itself.
function plainHttp() {
  if (window.isSecureContext) return w('capture.unable');
  const https = new URL(location.href);
  https.protocol = 'https:';
  return w('capture.plain_http', { https: https.origin, local: `http://localhost:${location.port || 80}/` });
}

function explain(error, what) {
  if (error.name === 'NotAllowedError') return w(`capture.denied.${what}`);
  if (error.name === 'NotFoundError' || error.name === 'OverconstrainedError') return w(`capture.missing.${what}`);
  if (error.name === 'NotReadableError') return w(`capture.busy.${what}`);
  return w(`capture.other.${what}`, { why: error.message });
}

// 16 kHz mono PCM to a WAV file, for listening again.
export function wav(chunks) {
  const bytes = chunks.reduce((n, c) => n + c.byteLength, 0);
  const header = new DataView(new ArrayBuffer(44));
  const text = (at, s) => [...s].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
  text(0, 'RIFF'); header.setUint32(4, 36 + bytes, true); text(8, 'WAVEfmt ');
  header.setUint32(16, 16, true); header.setUint16(20, 1, true); header.setUint16(22, 1, true);
  header.setUint32(24, RATE, true); header.setUint32(28, RATE * 2, true); header.setUint16(32, 2, true); header.setUint16(34, 16, true);
  text(36, 'data'); header.setUint32(40, bytes, true);
  return new Blob([header, ...chunks], { type: 'audio/wav' });
}
