// compare.js - two attempts side by side: figures and what changed, what there was to work on, what was said.
import { $, request } from './api.js';
import { el, hasTarget, moment, number, SCORES, transcript } from './report.js';

const WHEN = { dateStyle: 'medium', timeStyle: 'short' };
const SAME = 0.005; // of a figure: rounding

// How far a figure lies from its target; fewer pauses inside clauses are better, without one.
const distance = (m) => (hasTarget(m) ? Math.max(m.low - m.value, m.value - m.high, 0) : m.name === 'Pauses' ? m.value : null);

function change(a, b) {
  if (!a || !b || a.unit !== b.unit) return '–';
  const before = distance(a), now = distance(b);
  const far = Math.abs(b.value - a.value), by = `${far.toFixed(far < 10 ? 1 : 0).replace(/\.0$/, '')} ${b.value > a.value ? 'more' : 'less'}`;
  if (far <= SAME * Math.max(Math.abs(a.value), 1)) return '= the same';
  if (before === null) return by;
  if (before === now) return `= ${by}, both within the target`;
  if (now < before) return `▲ better: ${by}${now ? '' : hasTarget(b) ? ', now within the target' : ''}`;
  return `▼ worse: ${by}${before ? '' : hasTarget(b) ? ', no longer within the target' : ''}`;
}

const points = (a, b) => {
  if (typeof a !== 'number' || typeof b !== 'number') return '–';
  const by = Math.round(b) - Math.round(a);
  return by ? `${by > 0 ? '▲ better' : '▼ worse'}: ${Math.abs(by)}` : '= the same';
};

function table(title, rows) {
  const row = ([name, before, now, what]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', { class: 'num before' }, before), el('td', { class: 'num after' }, now), el('td', { class: what.startsWith('▲') ? 'better' : what.startsWith('▼') ? 'worse' : '' }, what));
  return rows.length ? el('div', { class: 'table-wrap', tabindex: 0, role: 'region', 'aria-label': title }, el('table', { class: 'sessions compared' },
    el('thead', {}, el('tr', {}, ...[title, 'Before', 'After', 'What changed'].map((t, i) => el('th', { scope: 'col', class: i === 1 || i === 2 ? 'num' : '' }, t)))), el('tbody', {}, ...rows.map(row)))) : null;
}

function figures(a, b) {
  const names = [...new Set([...(a.measures ?? []), ...(b.measures ?? [])].map((m) => m.name))];
  const of = (r, name) => (r.measures ?? []).find((m) => m.name === name);
  const text = (m) => (m ? `${m.text} ${m.unit}` : '–');
  const target = (name) => [of(a, name), of(b, name)].find((m) => m?.target)?.target;
  return table('Figure', names.map((name) => [target(name) ? `${name}, target ${target(name)}` : name, text(of(a, name)), text(of(b, name)), change(of(a, name), of(b, name))]));
}

const scores = (a, b) => table('Score', SCORES.filter(([key]) => typeof (a.scores?.[key] ?? b.scores?.[key]) === 'number')
  .map(([key, name]) => [name, number(a.scores?.[key]), number(b.scores?.[key]), points(a.scores?.[key], b.scores?.[key])]));

// What was under "Work on" then and now; a next step is no fault.
function workOn(a, b) {
  const faults = (r) => (r.change ?? []).filter((p) => p.kind !== 'next_step');
  const titles = (r) => faults(r).map((p) => p.title);
  const column = (title, list, none) => el('div', {}, el('h3', {}, title), list.length ? el('ul', {}, ...list.map((p) => el('li', {}, p.title, p.detail ? el('span', { class: 'advice' }, ` ${p.detail}`) : null))) : el('p', { class: 'advice' }, none));
  return el('section', { class: 'card' }, el('h2', {}, 'Work on, then and now'), el('div', { class: 'three' },
    column('No longer named', faults(a).filter((p) => !titles(b).includes(p.title)), 'Nothing has gone.'),
    column('Still there', faults(b).filter((p) => titles(a).includes(p.title)), 'Nothing has stayed.'),
    column('New', faults(b).filter((p) => !titles(a).includes(p.title)), 'Nothing is new.')));
}

export async function compare(one, other, alive) {
  const load = async (id) => ({ ...(await request(`v1/sessions/${encodeURIComponent(id)}/report`)), id });
  const [a, b] = (await Promise.all([load(one), load(other)])).sort((x, y) => x.created - y.created);
  if (!alive()) return;
  const link = (r, text) => el('a', { href: `#/report/${encodeURIComponent(r.id)}` }, text, moment(r.created, WHEN));
  const said = (r, name) => {
    const box = transcript(r, { hear: () => {}, words: [] }) ?? el('section', { class: 'card' }, el('h2', {}, 'What you said'), el('p', { class: 'advice' }, 'No speech was heard.'));
    box.querySelector('h2').textContent = name;
    for (const w of box.querySelectorAll('.word')) w.classList.add('still'); // there is no sound here
    return box;
  };
  const title = a.title === b.title ? a.title : `${a.title} / ${b.title}`;
  $('#main').replaceChildren(el('article', { class: 'report compare' },
    el('header', {}, el('p', { class: 'meta' }, 'Two attempts'), el('h1', {}, title || 'Practice'), el('p', {}, link(a, 'Before: '), ' · ', link(b, 'After: '))),
    el('section', { class: 'card' }, el('h2', {}, 'What changed'), el('p', { class: 'advice' }, 'Better and worse go by the target of each figure, not by more or less.'), figures(a, b),
      el('details', {}, el('summary', {}, 'All scores'), scores(a, b))),
    workOn(a, b), el('div', { class: 'two' }, said(a, 'What you said before'), said(b, 'What you said after'))));
  document.title = 'Two attempts · Rehearse';
}
