// answer.js - one answer of an interview: a live session that hears from the moment it is made.
import { Live } from './live.js';
import { canRecord, Recorder } from './recorder.js';

const PICTURES_PER_S = 10;

export class Answer {
  // `saved` as in live.js: the session that another page load began.
  constructor({ capture, self, id, start, saved }) {
    this.capture = capture;
    this.id = id;
    this.said = false;
    this.began = false;
    let waiting = []; // sound from before the server is ready
    capture.onsound = (samples) => { if (waiting) waiting.push(samples); else this.live.sound(samples); };
    this.live = new Live(id, start, saved);
    this.part = saved?.part ?? 0; // of the video
    this.on('ready', () => {
      if (this.began) return;
      this.began = true;
      this.pictures = setInterval(async () => this.live.picture(await capture.picture(self)), 1000 / PICTURES_PER_S);
      for (const samples of waiting) this.live.sound(samples);
      waiting = null;
      if (start.keep_video && capture.hasVideo && canRecord()) this.#record();
    });
    for (const type of ['turn.started', 'transcript.final']) this.on(type, () => { this.said = true; });
  }

  on(type, fn) { this.live.addEventListener(type, ({ detail }) => fn(detail)); }

  get seconds() { return this.began ? this.live.timeUs / 1e6 : 0; }

  // What is heard meanwhile is the interviewer.
  interrupted(speaking) { this.live.tell({ type: 'interviewer', speaking }); }

  #record() {
    this.part += 1;
    this.recorder = new Recorder(this.id, this.capture.stream, { part: this.part, start: this.seconds });
    this.recorder.addEventListener('failed', ({ detail }) => this.live.dispatchEvent(new CustomEvent('notice', { detail: { detail } })));
  }

  #quiet() {
    this.capture.onsound = null;
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
