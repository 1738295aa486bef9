// send.js - a recording goes to the server piece by piece (tus 1.0, docs/api.md): after a lost connection, or a server
// that was started anew, it goes on from what the server has kept.
import { request } from './api.js';

const PIECE = 2 << 20;
const TUS = { 'Tus-Resumable': '1.0.0' };
const MOST_TRIES = 60; // without a byte in between: about a quarter of an hour

// What may be over soon: no network, a server that stops, one that asks to wait, or that has kept more than was thought.
const passes = (e) => !e.status || e.status === 409 || e.status === 429 || (e.status >= 500 && e.status !== 507);

// Sooner when the browser knows that the network is back.
const pause = (tries) => new Promise((done) => {
  const timer = setTimeout(done, Math.min(15000, 500 * 2 ** tries));
  window.addEventListener('online', () => { clearTimeout(timer); done(); }, { once: true });
});

// The id of the session that `file` becomes, once all of it is kept. told(part, away): how much of it is sent, and
// whether the connection is lost just now.
export async function send(file, fields, told) {
  const { id } = await request('v1/uploads', {
    method: 'POST', headers: { ...TUS, 'Upload-Length': file.size, 'Content-Type': 'application/json' }, body: JSON.stringify({ ...fields, filename: file.name }),
  });
  const path = `v1/uploads/${encodeURIComponent(id)}`;
  for (let at = 0, tries = 0; at < file.size;) {
    try {
      if (tries) at = (await request(path)).offset;
      told(at / file.size, false);
      const piece = file.slice(at, at + PIECE);
      if (piece.size) await request(path, { method: 'PATCH', headers: { ...TUS, 'Upload-Offset': at, 'Content-Type': 'application/offset+octet-stream' }, body: piece });
      at += piece.size;
      tries = 0;
    } catch (e) {
      if (!passes(e) || tries === MOST_TRIES) throw e;
      told(at / file.size, true);
      await pause(tries++);
    }
  }
  return id;
}
