// live.js - the WebSocket of one practice session (/v1/session/{id}).
// Sound is numbered by its time in the session and kept here until the server says that it is on its disk; after a lost
// connection, or a killed server, the server says how much it has, and the rest is sent again.
const RATE = 16000;
const KEEP_S = 600;       // sound kept for sending again: as much as the server takes from a disk that is full
const GIVE_UP_MS = 60000; // the server keeps a broken session this long
const MAX_WAIT_MS = 1000; // between two tries to come back
const MAX_BUFFERED = 1 << 20;

// A message at the end of the acknowledged sound may not have been taken.
const endOf = ({ us, samples }) => (samples ? us + 1e6 * samples.length / RATE : us + 1);

export class Live extends EventTarget {
  // `saved` is {token, pictureUs, seq} of a session that another page load began.
  constructor(id, start, saved = null) {
    super();
    this.id = id;
    this.start = start;
    this.token = saved?.token;
    this.pictureUs = saved?.pictureUs || 0; // time of the last picture
    this.seq = saved?.token ? saved.seq : 0; // the last numbered event that was seen; undefined = nobody knows
    this.chunks = [];  // {us, samples} or {us, message}, newest last: what is not acknowledged
    this.sentUs = 0;   // time of the next sound from the microphone
    this.finishing = false;
    this.wait = 250;
    this.#connect();
  }

  #connect() {
    this.ready = false;
    const url = new URL(`v1/session/${this.id}`, document.baseURI);
    url.protocol = url.protocol.replace('http', 'ws');
    this.socket = new WebSocket(url);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.socket.send(JSON.stringify({ type: 'start', sample_rate: RATE, acks: true, ...this.start, ...(this.token ? { resume: this.token, last_seq: this.seq } : {}) }));
    this.socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.socket.onclose = () => this.#closed();
  }

  #receive(message) {
    if (message.type === 'ready') this.#goOn(message);
    if (message.type === 'ack') this.#forget(message.audio_us);
    if (message.seq && message.type !== 'ready' && message.type !== 'ack') {
      if (message.seq <= this.seq) return; // seen before the connection broke
      this.seq = message.seq;
    }
    if (message.type === 'report') this.done = true;
    this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
  }

  #goOn(ready) {
    this.token = ready.resume;
    this.ready = true;
    this.wait = 250;
    this.lostAt = null;
    if (this.seq > ready.seq) this.seq = ready.seq; // what lies behind was not kept, and is told anew
    const have = ready.audio_us ?? 0;
    if (this.began === undefined) { // sound goes on where the server's ends
      this.sentUs = have;
      this.began = performance.now() - (have || (ready.resumed ? this.pictureUs : 0)) / 1000;
    }
    let speaking = this.speaking;
    for (const { us, message } of this.chunks) if (message?.type === 'interviewer' && us < have) speaking = message.speaking;
    if (speaking !== undefined) this.#send({ type: 'interviewer', speaking });
    for (const c of this.chunks) if (c.message ? c.us >= have : endOf(c) > have) this.#sendChunk(c);
    if (this.finishing) this.#send({ type: 'finish' });
  }

  // The server's disk has the sound up to there.
  #forget(us) {
    while (this.chunks.length && endOf(this.chunks[0]) <= us) this.#drop();
  }

  #drop() {
    const { message } = this.chunks.shift();
    if (message?.type === 'interviewer') this.speaking = message.speaking;
  }

  #closed() {
    this.ready = false;
    if (this.done || this.stopped) return;
    this.lostAt ??= performance.now();
    if (performance.now() - this.lostAt > GIVE_UP_MS) {
      this.dispatchEvent(new CustomEvent('lost'));
      return;
    }
    this.dispatchEvent(new CustomEvent('broken'));
    this.retry = setTimeout(() => this.#connect(), this.wait * (0.75 + Math.random() / 2)); // not all at once
    this.wait = Math.min(this.wait * 2, MAX_WAIT_MS);
  }

  #send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
  }

  #binary(type, us, payload) {
    const message = new Uint8Array(9 + payload.byteLength);
    message[0] = type;
    new DataView(message.buffer).setBigUint64(1, BigInt(Math.max(0, Math.round(us))), true);
    message.set(payload, 9);
    this.socket.send(message);
  }

  #sendChunk({ us, samples, message }) {
    if (message) this.#send(message);
    else this.#binary(2, us, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  // 16-bit samples, in order. Nothing is dropped: what can't be sent now is sent after a resume.
  sound(samples) {
    const chunk = { us: this.sentUs, samples };
    this.sentUs += 1e6 * samples.length / RATE;
    this.chunks.push(chunk);
    while (this.chunks.length > KEEP_S * 10) this.#drop();
    if (this.open) this.#sendChunk(chunk);
  }

  // What was heard while the session began: its time, that of the pictures too, began with it.
  soundBefore(pieces) {
    for (const samples of pieces) {
      this.sound(samples);
      this.began -= 1000 * samples.length / RATE;
    }
  }

  // Between the end of the socket and the news of it there is nobody to send to.
  get open() { return this.ready && this.socket.readyState === WebSocket.OPEN; }

  get timeUs() {
    return this.began === undefined ? 0 : 1000 * (performance.now() - this.began);
  }

  // A picture is worth sending only while it is fresh.
  async picture(blob) {
    if (!blob || !this.open || this.finishing || this.socket.bufferedAmount > MAX_BUFFERED) return;
    const us = this.timeUs;
    if (us <= this.pictureUs) return;
    this.pictureUs = us;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (this.open && !this.finishing) this.#binary(1, us, bytes); // the answer may be over meanwhile
  }

  // It has its place in the sound, and is sent again like that.
  tell(message) {
    this.chunks.push({ us: this.sentUs, message });
    this.#send(message);
  }

  calibrate() { this.#send({ type: 'command', command: 'calibrate' }); }

  finish() {
    this.finishing = true;
    this.#send({ type: 'finish' });
  }

  // Nothing of this practice shall be kept.
  discard() {
    this.#send({ type: 'discard' });
    if (!this.open) fetch(`v1/sessions/${this.id}`, { method: 'DELETE' }).catch(() => {});
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.retry);
    this.socket.close();
  }
}
