// ear.js - what the microphone hears while the interviewer speaks: whether its voice comes back, and what of the sound
// is the person's. A browser's echo cancellation may not know of its own voices, so nothing is taken for granted: the
// quietest that the microphone has been while the voice spoke tells whether it hears it.
const CHUNK_MS = 100;
const KEPT = 60;               // chunks: a person's words until they are understood to be an answer
const NOISE_OVER = 300;        // chunks
const NOISE_SHARE = 0.1;       // of them at least are noise alone
const OVER_NOISE_DB = 10, LEAST_DB = -55;
const UTTERANCE = 10;          // chunks: a shorter one does not tell
const COMES_BACK = 0.3;        // that share of it is loud: the voice is heard
const SPEECH = 5, OF = 7;      // loud ones of so many are speech
const GAP = 5;                 // chunks of quiet in speech at most;
const BEFORE = 3;              // as many before it: soft beginnings
const SILENT_MS = 1500;        // the voice makes no such pauses
const AWAIT_QUIET_MS = 600;    // after the end of an utterance that is still heard
const AROUND = 3;              // chunks around the end of the voice, which has a quiet one at least
const MOST_WRONG = 2;

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function decibels(samples) {
  let sum = 0;
  for (const s of samples) sum += s * s;
  return 10 * Math.log10(sum / samples.length / 32768 ** 2 + 1e-10);
}

export class Ear {
  constructor() {
    this.echo = undefined;   // the voice comes back: yes, no, not known yet
    this.levels = [];
    this.kept = [];          // {samples, loud, silent}, newest last
    this.tails = [];         // chunks between the end of the voice as heard and as told; below 0: heard for longer
    this.wrong = 0;
    this.onspeech = null;    // the person speaks, although the interviewer has not ended
    this.onsilence = null;   // the voice was heard and is heard no more
  }

  get #threshold() {
    const sorted = [...this.levels].sort((a, b) => a - b);
    return Math.max(LEAST_DB, sorted[Math.floor(NOISE_SHARE * sorted.length)] + OVER_NOISE_DB);
  }

  // 100 ms of sound.
  hear(samples) {
    const level = decibels(samples);
    this.levels.push(level);
    if (this.levels.length > NOISE_OVER) this.levels.shift();
    const threshold = this.#threshold, loud = level > threshold;
    this.kept.push({ samples, loud, silent: level < threshold - OVER_NOISE_DB / 2 });
    if (this.kept.length > KEPT) this.kept.shift();
    if (this.ending !== undefined) this.#follow(loud);
    const u = this.utterance;
    if (u) {
      u.n += 1;
      u.loud += loud;
      u.quiet = loud ? 0 : u.quiet + 1;
      if (u.loud >= SPEECH && u.quiet * CHUNK_MS >= SILENT_MS) this.onsilence?.();
    }
    if (this.open && this.#knows && this.loudOf(OF) >= SPEECH) this.onspeech?.();
  }

  // What is loud can only be the person: nothing speaks aloud, or it is not heard here.
  get #knows() { return !this.aloud || this.echo === false; }

  // The interviewer begins to speak, with a voice or as text; `open`: who speaks over it answers.
  begins(aloud, open) { Object.assign(this, { aloud, open, stopped: false, kept: [] }); }

  // An utterance of its voice begins and ends, as the browser tells it.
  utters(begun) {
    if (begun) {
      this.#settle();
      this.utterance = { n: 0, loud: 0, quiet: 0 };
    } else if (this.utterance) {
      const { n, loud, quiet } = this.utterance;
      this.utterance = null;
      if (n < UTTERANCE) return;
      if (loud < COMES_BACK * n) this.echo = this.wrong < MOST_WRONG ? false : this.echo;
      else this.echo ??= true;
      if (loud) this.ending = quiet;
    }
  }

  // The end as told has been, `ending` chunks after that heard; or it is still heard.
  #follow(loud) {
    if (this.ending <= 0 && loud && -this.ending * CHUNK_MS < AWAIT_QUIET_MS) this.ending -= 1;
    else this.#settle();
  }
  #settle() {
    if (this.ending !== undefined) this.tails.push(this.ending);
    this.ending = undefined;
  }

  get #tail() { return this.tails.length ? median(this.tails) : 0; }

  // Until the last of the voice has come through: ms.
  get rest() { return this.echo ? Math.max(0, -this.#tail) * CHUNK_MS : 0; }

  // The voice was stopped. True: it may be heard for a moment.
  stops() { this.stopped = true; return !this.#knows; }
  get quiet() { return !this.kept.at(-1)?.loud; }

  // Speech over the voice proved to be none: it was the voice itself, or a noise.
  mistaken() {
    this.wrong += 1;
    if (this.wrong >= MOST_WRONG) this.echo = true;
  }

  // Of the last `n` chunks, how many are loud.
  loudOf(n) { return this.kept.slice(-n).filter((k) => k.loud).length; }

  // The interviewer has ended: so many of the chunks heard last are the person's.
  get theirs() {
    if (!this.#knows) return this.stopped || !this.echo ? 0 : Math.min(Math.max(0, this.#tail - 1), KEPT);
    let first = this.kept.length, quiet = 0;
    for (let i = first - 1; i >= 0 && quiet <= GAP; i--) {
      if (this.kept[i].loud) first = i;
      quiet = this.kept[i].loud ? 0 : quiet + 1;
    }
    return Math.min(this.kept.length, this.kept.length - first + BEFORE);
  }
  take() {
    const n = this.theirs;
    return n ? this.kept.slice(-n).map((k) => k.samples) : [];
  }

  // `since` chunks after the end: the person spoke through it, and what lies before could not be told from the voice.
  ranOver(since) {
    if (this.#knows || this.stopped || !this.echo) return false;
    const tail = Math.max(0, this.#tail), end = this.kept.length - since;
    const around = this.kept.slice(Math.max(0, end - tail - 1), end + Math.max(0, AROUND - tail));
    return around.length >= AROUND && !around.some((k) => k.silent);
  }
}
