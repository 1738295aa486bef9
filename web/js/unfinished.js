// unfinished.js - a practice that a reload or a closed tab interrupted: kept for
// this tab, offered again while the server holds it.
import { $, notice, request, show } from './api.js';

const KEY = 'rehearse.practice';
const ASK_MS = 500;

// {id, token, question, pictureUs}
export const unfinished = {
  get: () => JSON.parse(sessionStorage.getItem(KEY) || 'null'),
  set: (value) => sessionStorage.setItem(KEY, JSON.stringify(value)),
  clear: () => sessionStorage.removeItem(KEY),
};

// Shows the waiting view until the session has its report, then goes there.
export async function awaitReport(id, alive) {
  show('view-waiting');
  for (;;) {
    const s = await request(`v1/sessions/${encodeURIComponent(id)}`);
    if (!alive()) return;
    if (s.state === 'done') break;
    if (s.state === 'failed') throw new Error(s.error || 'The practice could not be analysed.');
    await new Promise((r) => setTimeout(r, ASK_MS));
    if (!alive()) return;
  }
  unfinished.clear();
  location.hash = `#/report/${encodeURIComponent(id)}`;
}

// Asks how to go on; `goOn` runs when devices are open again.
export async function offer(saved, shared, alive, goOn) {
  const s = await request(`v1/sessions/${encodeURIComponent(saved.id)}`).catch((e) => { if (e.status === 404) return null; throw e; });
  if (!alive()) return;
  if (!s) {
    unfinished.clear();
    location.hash = '#/';
    return;
  }
  if (saved.finished || s.state !== 'live') return awaitReport(saved.id, alive);
  const main = show('view-unfinished');
  $('#asked-before', main).textContent = saved.question.text;
  const problem = $('#unfinished-problem', main), buttons = main.querySelectorAll('button');
  const busy = (on) => { for (const b of buttons) b.disabled = on; };
  $('#go-on', main).addEventListener('click', async () => {
    busy(true);
    const errors = await shared.capture.open();
    if (!alive()) return shared.capture.close();
    if (shared.capture.hasVideo || shared.capture.hasAudio) return goOn();
    problem.textContent = errors.join(' ');
    busy(false);
    $('#go-on', main).focus();
  });
  $('#leave', main).addEventListener('click', async () => {
    busy(true);
    try {
      await request(`v1/sessions/${encodeURIComponent(saved.id)}`, { method: 'DELETE' });
      unfinished.clear();
      location.hash = '#/';
    } catch (e) {
      busy(false);
      notice(e.message);
    }
  });
}
