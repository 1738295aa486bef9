// Practise from JavaScript: streams a 16 kHz mono 16-bit WAV file live and prints what is heard and the report. Nothing is
// lost when the connection breaks or the server is killed and started again: sound is kept until it is acknowledged.
//   node live.mjs answer.wav   (Node 22 or newer, nothing to install)
import { readFile } from 'node:fs/promises';

const url = `ws://localhost:8000/v1/session/from-node-${Date.now()}`;
const [PIECE, GIVE_UP_MS] = [3200, 60000]; // 100 ms; a broken session waits for its client so long
const sound = (await readFile(process.argv[2])).subarray(44);
let kept = []; // {us, bytes}: not on the server's disk yet
let token, socket, broken;
let [seq, said, ready, finished, done] = [0, 0, false, false, false];

const end = ({ us, bytes }) => us + bytes.length * 1e6 / 32000;
const json = (message) => socket.send(JSON.stringify(message));

function send({ us, bytes }) {
  const message = new Uint8Array(9 + bytes.length);
  message[0] = 2;
  new DataView(message.buffer).setBigUint64(1, BigInt(us), true);
  message.set(bytes, 9);
  socket.send(message);
}

function connect() {
  ready = false;
  socket = new WebSocket(url);
  socket.onopen = () => json({ type: 'start', sample_rate: 16000, language: 'en', question: 'Why you?', acks: true, ...(token && { resume: token, last_seq: seq }) });
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onerror = () => {}; // the close comes too
  socket.onclose = ({ code }) => {
    ready = false;
    broken ??= Date.now();
    if (code === 1008) throw new Error('refused: coming back changes nothing');
    if (done) process.exit(0);
    if (Date.now() - broken > GIVE_UP_MS) throw new Error('the server did not come back');
    setTimeout(connect, 500);
  };
}

function take(event) {
  if (event.type === 'ready') {
    [token, ready, broken] = [event.resume, true, null];
    seq = Math.min(seq, event.seq ?? 0); // what lies behind it is told anew
    for (const piece of kept) if (end(piece) > event.audio_us) send(piece); // overlap is dropped by its time
    if (finished) json({ type: 'finish' });
  } else if (event.type === 'ack') {
    kept = kept.filter((piece) => end(piece) > event.audio_us);
  } else if (ready && !(event.seq <= seq)) { // numbered: each is taken once
    seq = event.seq ?? seq;
    console.log(event.type, event.text ?? event.detail ?? event.report?.scores ?? '');
    done ||= event.type === 'report';
  }
}

// The microphone: a piece every 100 ms, whether there is a connection or not.
const microphone = setInterval(() => {
  if (!token) return;
  const piece = { us: said * 1e6 / 32000, bytes: sound.subarray(said, said + PIECE) };
  said += piece.bytes.length;
  if (piece.bytes.length) {
    kept.push(piece);
    if (ready) send(piece);
  } else {
    clearInterval(microphone);
    finished = true;
    if (ready) json({ type: 'finish' });
  }
}, 100);
connect();
