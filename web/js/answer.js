// answer.js - one answer, of an interview or by itself: a live session that hears from the moment it is made.
import { Live } from './live.js';
import { canRecord, Recorder } from './recorder.js';
import { el } from './words.js';

const PICTURES_PER_S = 10;
const HELD = 60;          // tenths of a second

// What a caption shows: words that stay, and those that may change.
export const captionOf = (settled, tentative) => el('span', {}, settled ? `${settled} ` : '', el('span', { class: 'tentative' }, tentative));

export class Answer {
  // `saved` as in live.js: the session that another page load began. `before`: sound that the answer began with; `heard` gets
  // all later sound too.
  constructor({ capture, self, id, start, saved, before = [], heard }) {
    this.capture = capture;
    this.id = id;
    this.said = false;
    this.began = false;
    let waiting = [...before]; // sound from before the server is ready
    this.held = []; // the newest of the interviewer's, of which the last may prove to be the person's
    capture.onsound = this.onsound = (samples) => {
      heard?.(samples);
      if (waiting) waiting.push(samples);
      else if (this.othersFrom === undefined) this.live.sound(samples);
      else if (this.held.push(samples) > HELD) this.live.sound(this.held.shift());
    };
    this.live = new Live(id, start, saved);
    this.part = saved?.part ?? 0; // of the video
    this.othersMs = saved?.othersMs ?? 0; // for which the interviewer spoke in it
    this.on('ready', () => {
      if (this.began || this.live.finishing) return;
      this.began = true;
      this.pictures = setInterval(async () => this.live.picture(await capture.picture(self)), 1000 / PICTURES_PER_S);
      this.live.soundBefore(waiting);
      waiting = null;
      if (start.keep_video && capture.hasVideo && canRecord()) this.#record();
    });
    for (const type of ['turn.started', 'transcript.final']) this.on(type, () => { this.said = true; });
  }

  on(type, fn) { this.live.addEventListener(type, ({ detail }) => fn(detail)); }

  // Of the session.
  get seconds() { return this.began ? this.live.timeUs / 1e6 : 0; }

  // That the person had to speak in.
  get ownSeconds() {
    const now = this.othersFrom === undefined ? 0 : performance.now() - this.othersFrom;
    return Math.max(0, this.seconds - (this.othersMs + now) / 1000);
  }

  // What is heard meanwhile is the interviewer, but for the last `theirs` tenths of a second.
  interrupted(speaking, theirs = 0) {
    while (!speaking && this.held.length > theirs) this.live.sound(this.held.shift());
    this.live.tell({ type: 'interviewer', speaking });
    for (const samples of this.held.splice(0)) this.live.sound(samples);
    if (speaking) this.othersFrom ??= performance.now();
    else if (this.othersFrom !== undefined) {
      this.othersMs += performance.now() - this.othersFrom;
      this.othersFrom = undefined;
    }
  }

  #record() {
    this.part += 1;
    this.recorder = new Recorder(this.id, this.capture.stream, { part: this.part, start: this.seconds });
    this.recorder.addEventListener('failed', ({ detail }) => this.live.dispatchEvent(new CustomEvent('notice', { detail: { detail } })));
  }

  #quiet() {
    for (const samples of this.held.splice(0)) this.live.sound(samples);
    if (this.capture.onsound === this.onsound) this.capture.onsound = null;
    clearInterval(this.pictures);
  }

  async finish() {
    this.#quiet();
    await this.recorder?.finish();
    this.live.finish();
  }

  discard() {
    this.#quiet();
    this.recorder?.stop();
    this.live.discard();
  }

  stop() {
    this.#quiet();
    this.recorder?.stop();
    this.live.stop();
  }
}
