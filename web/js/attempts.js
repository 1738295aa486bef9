// attempts.js - attempts at one question: trying again, and which others there are.
import { notice, request, settings } from './api.js';
import { find } from './bank.js';
import { Capture, together } from './capture.js';
import { date, el, w } from './words.js';

const SHOWN = 5;

// The rows of this question's sessions, newest first; without a question only the session itself is sought.
export async function loadAttempts(id, question) {
  if (!question) return { own: null, others: [] };
  const { sessions } = await request(`v1/sessions?limit=100&question=${encodeURIComponent(question)}`);
  const own = sessions.find((s) => s.id === id) ?? null;
  return { own, others: sessions.filter((s) => s.id !== id && s.state === 'done' && s.meta?.client === own?.meta?.client && s.meta?.person === own?.meta?.person) };
}

export const compareLink = (a, b) => `#/compare/${encodeURIComponent(a)}/${encodeURIComponent(b)}`;

export function attemptsSection(id, others) {
  if (!others.length) return null;
  const overall = (s) => (typeof s.scores?.overall === 'number' ? [' · ', w('progress.overall', { score: Math.round(s.scores.overall) })] : []);
  return el('section', { class: 'card no-print' }, el('h2', {}, w('attempts.title')),
    el('ul', { class: 'attempts' }, ...others.slice(0, SHOWN).map((s) => el('li', {}, el('a', { href: compareLink(s.id, id) }, w('attempts.compare', { when: () => date(s.created, { dateStyle: 'medium', timeStyle: 'short' }) })), ...overall(s)))),
    others.length > SHOWN ? el('p', { class: 'advice' }, w('attempts.more', { n: others.length - SHOWN })) : null);
}

// Straight to practice, with the same question, kind and language; to the set-up where no device can be had.
export async function tryAgain(shared, bank, { question, kind }, language, alive) {
  shared.question = { text: question, kind, language, bank: Boolean(bank && find(bank, question)) };
  const capture = shared.capture ??= new Capture();
  const errors = capture.usable ? [] : await capture.open();
  if (!alive()) {
    capture.close();
    return;
  }
  if (capture.usable) {
    location.hash = '#/practice';
    return;
  }
  shared.picked = (bank && find(bank, question)) || shared.picked;
  shared.own = bank && find(bank, question) ? '' : question;
  settings.mode = 'one';
  notice(together(errors));
}
