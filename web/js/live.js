// live.js - the WebSocket of one practice session (/v1/session/{id}).
// Sound is numbered by its time in the session; after a lost connection the
// server says how much it has, and the rest is sent again.
const RATE = 16000;
const KEEP_S = 90;        // sound kept for sending again
const GIVE_UP_MS = 60000; // the server keeps a broken session this long
const MAX_BUFFERED = 1 << 20;

export class Live extends EventTarget {
  // `saved` is {token, pictureUs} of a session that another page load began.
  constructor(id, start, saved = null) {
    super();
    this.id = id;
    this.start = start;
    this.token = saved?.token;
    this.pictureUs = saved?.pictureUs || 0; // time of the last picture
    this.chunks = [];  // {us, samples}, newest last
    this.sentUs = 0;   // time of the next sound from the microphone
    this.acked = false;
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
    this.socket.onopen = () => this.socket.send(JSON.stringify({ type: 'start', sample_rate: RATE, ...this.start, ...(this.token ? { resume: this.token } : {}) }));
    this.socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.socket.onclose = () => this.#closed();
  }

  #receive(message) {
    if (message.type === 'ready') {
      this.token = message.resume;
      this.ready = true;
      this.wait = 250;
      this.lostAt = null;
      const have = message.audio_us ?? 0;
      if (this.began === undefined) { // sound goes on where the server's ends
        this.sentUs = have;
        this.began = performance.now() - (have || (message.resumed ? this.pictureUs : 0)) / 1000;
      }
      for (const c of this.chunks) if (c.us + 1e6 * c.samples.length / RATE > have) this.#sendSound(c);
      if (this.finishing) this.#send({ type: 'finish' });
    }
    if (message.type === 'report') this.done = true;
    this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
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
    this.retry = setTimeout(() => this.#connect(), this.wait);
    this.wait = Math.min(this.wait * 2, 4000);
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

  #sendSound({ us, samples }) {
    this.#binary(2, us, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  // 16-bit samples, in order. Nothing is dropped: what can't be sent now is sent after a resume.
  sound(samples) {
    const chunk = { us: this.sentUs, samples };
    this.sentUs += 1e6 * samples.length / RATE;
    this.chunks.push(chunk);
    while (this.chunks.length > KEEP_S * 10) this.chunks.shift();
    if (this.open) this.#sendSound(chunk);
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

  tell(message) { this.#send(message); }

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
