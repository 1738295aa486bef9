// compare.js - two attempts side by side: figures and what changed, what there was to work on, what was said.
import { $, request } from './api.js';
import { hasTarget, SCORES, transcript, valueText } from './report.js';
import { date, el, number, sentence, setTitle, t, w } from './words.js';

const WHEN = { dateStyle: 'medium', timeStyle: 'short' };
const SAME = 0.005; // of a figure: rounding

// How far a figure lies from its target; fewer pauses inside clauses are better, without one.
const distance = (m) => (hasTarget(m) ? Math.max(m.low - m.value, m.value - m.high, 0) : m.name === 'Pauses' ? m.value : null);

// What became of a figure: its kind, and words.
function change(a, b) {
  if (!a || !b || a.unit !== b.unit) return { words: '–' };
  const before = distance(a), now = distance(b);
  const far = Math.abs(b.value - a.value), digits = far < 10 && far % 1 >= 0.05 ? 1 : 0;
  const by = w(b.value > a.value ? 'compare.more' : 'compare.less', { by: () => number(far, digits) });
  if (far <= SAME * Math.max(Math.abs(a.value), 1)) return { words: w('compare.same') };
  if (before === null) return { words: by };
  if (before === now) return { words: w('compare.both_within', { by }) };
  const crossed = hasTarget(b) && (now < before ? !now : !before);
  if (now < before) return { cls: 'better', words: w(crossed ? 'compare.better_within' : 'compare.better', { by }) };
  return { cls: 'worse', words: w(crossed ? 'compare.worse_outside' : 'compare.worse', { by }) };
}

const points = (a, b) => {
  if (typeof a !== 'number' || typeof b !== 'number') return { words: '–' };
  const by = Math.round(b) - Math.round(a);
  return by ? { cls: by > 0 ? 'better' : 'worse', words: w(by > 0 ? 'compare.better' : 'compare.worse', { by: Math.abs(by) }) } : { words: w('compare.same') };
};

function table(title, rows) {
  const row = ([name, before, now, what]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', { class: 'num before', 'data-name': w('compare.before') }, before), el('td', { class: 'num after', 'data-name': w('compare.after') }, now), el('td', { class: what.cls }, what.words));
  return rows.length ? el('div', { class: 'table-wrap', tabindex: 0, role: 'region', 'aria-label': title }, el('table', { class: 'sessions compared' },
    el('thead', {}, el('tr', {}, ...[title, w('compare.before'), w('compare.after'), w('compare.changed')].map((t, i) => el('th', { scope: 'col', class: i === 1 || i === 2 ? 'num' : '' }, t)))), el('tbody', {}, ...rows.map(row)))) : null;
}

function figures(a, b) {
  const names = [...new Set([...(a.measures ?? []), ...(b.measures ?? [])].map((m) => m.name))];
  const of = (r, name) => (r.measures ?? []).find((m) => m.name === name);
  const text = (m) => (m ? () => `${valueText(m)} ${sentence(m.unit) ?? m.unit}` : '–');
  const target = (name) => [of(a, name), of(b, name)].find((m) => m?.target)?.target;
  const called = (name) => () => (target(name) ? t('compare.with_target', { name: sentence(name) ?? name, target: sentence(target(name)) ?? target(name) }) : sentence(name) ?? name);
  return table(w('compare.figure'), names.map((name) => [called(name), text(of(a, name)), text(of(b, name)), change(of(a, name), of(b, name))]));
}

const scores = (a, b) => table(w('compare.score'), SCORES.filter((key) => typeof (a.scores?.[key] ?? b.scores?.[key]) === 'number')
  .map((key) => [w(`score.${key}`), () => number(a.scores?.[key]), () => number(b.scores?.[key]), points(a.scores?.[key], b.scores?.[key])]));

// What was under "Work on" then and now; a next step is no fault.
function workOn(a, b) {
  const faults = (r) => (r.change ?? []).filter((p) => p.kind !== 'next_step');
  const titles = (r) => faults(r).map((p) => p.title);
  const column = (title, list, none) => el('div', {}, el('h3', {}, title), list.length ? el('ul', {}, ...list.map((p) => el('li', {}, el('span', { said: p.title }), ' ', p.detail ? el('span', { class: 'advice', said: p.detail }) : null))) : el('p', { class: 'advice' }, none));
  return el('section', { class: 'card' }, el('h2', {}, w('compare.work_on')), el('div', { class: 'three' },
    column(w('compare.gone'), faults(a).filter((p) => !titles(b).includes(p.title)), w('compare.gone.none')),
    column(w('compare.stayed'), faults(b).filter((p) => titles(a).includes(p.title)), w('compare.stayed.none')),
    column(w('compare.new'), faults(b).filter((p) => !titles(a).includes(p.title)), w('compare.new.none'))));
}

export async function compare(one, other, alive) {
  const load = async (id) => ({ ...(await request(`v1/sessions/${encodeURIComponent(id)}/report`)), id });
  const [a, b] = (await Promise.all([load(one), load(other)])).sort((x, y) => x.created - y.created);
  if (!alive()) return;
  const link = (r, words) => el('a', { href: `#/report/${encodeURIComponent(r.id)}` }, words, ': ', () => date(r.created, WHEN));
  const said = (r, name) => {
    const box = transcript(r, { hear: () => {}, words: [] }) ?? el('section', { class: 'card' }, el('h2', {}), el('p', { class: 'advice' }, w('compare.no_speech')));
    box.querySelector('h2').replaceChildren(el('span', {}, name));
    for (const w of box.querySelectorAll('.word')) w.classList.add('still'); // there is no sound here
    return box;
  };
  const title = a.title === b.title ? a.title : `${a.title} / ${b.title}`;
  $('#main').replaceChildren(el('article', { class: 'report compare' },
    el('header', {}, el('p', { class: 'meta' }, w('compare.title')), el('h1', {}, title || w('report.practice')), el('p', {}, link(a, w('compare.before')), ' · ', link(b, w('compare.after')))),
    el('section', { class: 'card' }, el('h2', {}, w('compare.changed')), el('p', { class: 'advice' }, w('compare.by_target')), figures(a, b),
      el('details', {}, el('summary', {}, w('report.all_scores')), scores(a, b))),
    workOn(a, b), el('div', { class: 'two' }, said(a, w('compare.said_before')), said(b, w('compare.said_after')))));
  setTitle(w('compare.title'));
}
