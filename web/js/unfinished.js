// unfinished.js - a practice or an interview that a reload or a closed tab interrupted: kept
// for this tab, and for one opened later; offered again.
import { $, fault, notice, request, show, tell } from './api.js';
import { together } from './capture.js';
import { el, w } from './words.js';

const KEY = 'rehearse.practice';
const ASK_MS = 500;

const RUNS_MS = 3000;      // saved so lately: another tab is at it
const OLD_MS = 86400000;

// {id, token, seq, question, pictureUs}; of an interview also {interview, asked, phase}
export const unfinished = {
  get: () => JSON.parse(sessionStorage.getItem(KEY) || 'null'),
  set: (value) => {
    sessionStorage.setItem(KEY, JSON.stringify(value));
    localStorage.setItem(KEY, JSON.stringify({ ...value, at: Date.now() }));
  },
  clear: () => {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
  },
  // What a tab that was closed had left; this tab takes it over by adopt().
  ofClosedTab: () => {
    const saved = JSON.parse(localStorage.getItem(KEY) || 'null'), age = Date.now() - (saved?.at ?? 0);
    return saved && age > RUNS_MS && age < OLD_MS ? saved : null;
  },
  adopt: (saved) => sessionStorage.setItem(KEY, JSON.stringify(saved)),
};

// In the first view: where a closed tab had got to, and the way back.
export function offerClosedTab(before) {
  const saved = unfinished.ofClosedTab();
  if (!saved) return;
  const button = (words, cls, click) => el('button', { type: 'button', class: cls, on: { click } }, words);
  const box = el('div', { class: 'notice row' });
  const text = el('p', {}, w(saved.interview ? 'unfinished.was_interview' : 'unfinished.was_practice', { question: saved.question.text }));
  box.append(text, button(w('unfinished.back'), 'secondary', () => {
    unfinished.adopt(saved);
    location.hash = saved.interview ? `#/interview/${encodeURIComponent(saved.interview)}` : '#/practice';
  }), button(w('unfinished.forget'), 'quiet', () => {
    unfinished.clear();
    box.remove();
    document.querySelector('#main').focus({ preventScroll: true });
  }));
  before.before(box);
}

// Shows the waiting view until the session has its report, then goes there.
export async function awaitReport(id, alive) {
  show('view-waiting');
  for (;;) {
    const s = await request(`v1/sessions/${encodeURIComponent(id)}`);
    if (!alive()) return;
    if (s.state === 'done') break;
    if (s.state === 'failed') throw s.error ? new Error(s.error) : fault('unfinished.failed');
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
    tell(problem, together(errors));
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
      notice(e);
    }
  });
}
