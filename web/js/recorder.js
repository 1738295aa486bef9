// recorder.js - the video of one practice: the browser records it, pieces of it are sent while it goes on,
// so that little is lost with a closed tab. A recording begun anew, after a reload, is a new part.
import { sentence, t, w } from './words.js';

const PIECE_MS = 2000;
const BITS = { videoBitsPerSecond: 700000, audioBitsPerSecond: 48000 };
const KINDS = ['video/webm;codecs=vp8,opus', 'video/webm', 'video/mp4'];
const MOST_WAITING = 64 << 20; // bytes kept while nobody can be reached
const LAST_MS = 8000; // for the last pieces, once it is over

export const canRecord = () => Boolean(window.MediaRecorder && KINDS.some((k) => MediaRecorder.isTypeSupported(k)));

export class Recorder extends EventTarget {
  constructor(id, stream, { part = 1, start = 0 } = {}) {
    super();
    this.url = `v1/sessions/${encodeURIComponent(id)}/video`;
    Object.assign(this, { part, start, at: 0, waiting: [], bytes: 0, stopped: false });
    const type = KINDS.find((k) => MediaRecorder.isTypeSupported(k));
    this.recorder = new MediaRecorder(stream, { mimeType: type, ...BITS });
    this.type = type;
    this.recorder.addEventListener('dataavailable', ({ data }) => this.#add(data));
    this.recorder.addEventListener('error', ({ error }) => this.#fail(error?.message || w('recorder.stopped')));
    this.recorder.start(PIECE_MS);
  }

  #add(blob) {
    if (!blob.size || this.stopped) return;
    this.waiting.push(blob);
    this.bytes += blob.size;
    if (this.bytes > MOST_WAITING) this.#fail(w('recorder.unreachable'));
    else this.sending ??= this.#send().finally(() => { this.sending = null; });
  }

  async #send() {
    for (let pause = 250; this.waiting.length && !this.stopped;) {
      const blob = this.waiting[0];
      const query = new URLSearchParams({ part: this.part, at: this.at, start: this.start.toFixed(3) });
      const reply = await fetch(`${this.url}?${query}`, { method: 'POST', headers: { 'content-type': this.type }, body: blob }).catch(() => null);
      const told = await reply?.json().catch(() => null);
      const kept = reply?.status === 409 && told?.bytes === this.at + blob.size; // the reply before was lost
      if (reply?.ok || kept) {
        this.at += blob.size;
        this.bytes -= blob.size;
        this.waiting.shift();
        pause = 250;
      } else if (!reply || [404, 429, 502, 503].includes(reply.status)) { // the session may be on its way back
        await new Promise((r) => setTimeout(r, pause));
        pause = Math.min(2 * pause, 4000);
      } else this.#fail(told?.detail || w('recorder.status', { status: reply.status }));
    }
  }

  #fail(why) {
    if (this.stopped) return;
    this.stop();
    this.dispatchEvent(new CustomEvent('failed', { detail: () => t('recorder.failed', { why: typeof why === 'function' ? why : sentence(why) ?? why }) }));
  }

  // All that was recorded is sent, or it is too late.
  async finish() {
    if (this.recorder.state !== 'inactive') {
      const last = new Promise((r) => this.recorder.addEventListener('stop', r, { once: true }));
      this.recorder.stop();
      await last;
    }
    await Promise.race([this.sending, new Promise((r) => setTimeout(r, LAST_MS))]);
    this.stop();
  }

  stop() {
    this.stopped = true;
    this.waiting = [];
    if (this.recorder.state !== 'inactive') this.recorder.stop();
  }
}
