// interview-report.js - what an interview was like: all answers together, then each with its figures.
import { aboutQuestion } from './about.js';
import { $, announce, notice, request, settings, show } from './api.js';
import { find, loadBank, nameOfRole } from './bank.js';
import { clock, kindName, valueText } from './report.js';
import { el, moment, number, sentence, setTitle, t, w } from './words.js';

const WAIT_MS = 1000;
const SHOWN = 3;

const busy = (s) => ['live', 'queued', 'analysing'].includes(s.state);
const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : null);
const reportLink = (a, words) => el('a', { href: `#/report/${encodeURIComponent(a.id)}` }, words);

// The interview; each answer with its report, those that have none yet too.
async function load(id) {
  const interview = await request(`v1/interviews/${encodeURIComponent(id)}`);
  const answers = interview.plan.flatMap((q) => q.sessions.map((s) => Object.assign(s, { of: q })));
  await Promise.all(answers.filter((a) => a.state === 'done').map(async (a) => {
    a.report = await request(`v1/sessions/${encodeURIComponent(a.id)}/report`).catch(() => null);
  }));
  return { interview, answers };
}

export async function interviewReport(id, alive) {
  show('view-waiting');
  const bank = await loadBank().catch(() => null);
  for (let drawn = false; ; drawn = true) {
    const { interview, answers } = await load(id);
    if (!alive()) return;
    const waits = answers.some(busy);
    if (!drawn || !waits) draw(interview, answers, bank);
    if (!waits) break;
    await new Promise((r) => setTimeout(r, WAIT_MS));
    if (!alive()) return;
  }
}

function draw(interview, answers, bank) {
  const told = answers.filter((a) => a.report);
  const had = document.activeElement?.id;
  const article = el('article', { class: 'report interview-report' }, head(interview, answers), figures(told), together(told),
    ...interview.plan.map((q) => question(interview, q, bank)), foot(interview));
  $('#main').replaceChildren(article);
  if (had) document.getElementById(had)?.focus();
  setTitle(w('interviews.title'));
}

function head({ created, role, role_name: roleName, plan }, answers) {
  const done = new Set(answers.filter((a) => a.state === 'done').map((a) => a.of.index)).size;
  const said = answers.reduce((s, a) => s + (a.duration_s || 0), 0), more = answers.filter((a) => a.follow_up).length;
  const waits = answers.some(busy) ? el('p', { class: 'notice', role: 'status' }, w('interviews.waits')) : null;
  const summary = !done ? w('interviews.none') : more ? w('interviews.summary_more', { n: done, total: plan.length, more: w('interviews.follow_ups', { n: more }), time: clock(Math.round(said)) })
    : w('interviews.summary', { n: done, total: plan.length, time: clock(Math.round(said)) });
  return el('header', {}, el('p', { class: 'meta' }, moment(created, { dateStyle: 'long', timeStyle: 'short' }), ' · ', () => nameOfRole(role, roleName)),
    el('h1', {}, w('interviews.heading')), el('p', { class: 'summary' }, summary), waits);
}

const tile = (name, value, unit, note) => el('li', { class: 'tile' }, el('span', {}, name), el('b', {}, value), ' ', el('small', {}, unit), note ? el('span', { class: 'note' }, note) : null);
const told = (text) => () => sentence(text) ?? text;

// The overall score, and the figures that have a target, over all answers by their length.
function figures(answers) {
  const overall = mean(answers.map((a) => a.scores?.overall).filter((v) => typeof v === 'number'));
  if (overall === null) return null;
  const names = new Map();
  for (const a of answers)
    for (const m of (a.report.measures ?? []).filter((m) => typeof m.high === 'number' && typeof m.value === 'number').slice(0, SHOWN)) {
      const of = names.get(m.name) ?? { m, sum: 0, weight: 0 };
      of.sum += m.value * a.duration_s;
      of.weight += a.duration_s;
      names.set(m.name, of);
    }
  const tiles = [...names.values()].filter((v) => v.weight > 0).slice(0, SHOWN).map(({ m, sum, weight }) => {
    const v = sum / weight;
    return tile(told(m.name), () => number(v, v < 10 && (!Number.isInteger(m.low) || Math.round(10 * v) % 10) ? 1 : 0), told(m.unit), m.target ? w('report.target', { target: told(m.target) }) : null);
  });
  return el('ul', { class: 'tiles figures', 'aria-label': w('interviews.together') }, tile(w('score.overall'), () => number(overall), w('report.of_100'), w('interviews.mean')), ...tiles);
}

// Points that came up in several answers first, and where.
function gather(told, key) {
  const found = new Map();
  for (const a of told)
    for (const p of a.report[key] ?? []) {
      if (p.kind === 'next_step') continue;
      const of = found.get(p.title) ?? { ...p, answers: [] };
      of.answers.push(a);
      found.set(p.title, of);
    }
  return [...found.values()].sort((a, b) => b.answers.length - a.answers.length || (key === 'keep' ? b.good - a.good : a.good - b.good)).slice(0, SHOWN);
}

const nameOf = (a) => w(!a.follow_up ? 'interviews.question_n' : a.follow_up > 1 ? 'interviews.question_n_follow_up_n' : 'interviews.question_n_follow_up', { n: a.of.index + 1, step: a.follow_up });

function together(answers) {
  if (!answers.length) return null;
  const column = (title, cls, list, none) => el('section', { class: 'card' }, el('h2', {}, title),
    list.length ? el('ol', { class: `points ${cls}` }, ...list.map((p) => el('li', {}, el('h3', { said: p.title }),
      el('p', { said: p.answers.length > 1 ? p.advice || '' : p.detail }), p.advice && p.answers.length === 1 ? el('p', { class: 'advice', said: p.advice }) : null,
      el('p', { class: 'where-seen' }, ...p.answers.flatMap((a, i) => [i ? ' · ' : '', reportLink(a, nameOf(a))])))))
      : el('p', { class: 'advice' }, none));
  return el('div', { class: 'two' }, column(w('interviews.best'), 'keep', gather(answers, 'keep'), w('report.keep_none')),
    column(w('report.change'), 'change', gather(answers, 'change'), w('report.change_none')));
}

const point = (what, p) => (p ? el('p', {}, el('b', {}, what, ': '), el('span', { said: p.title.replace(/^Next step: /, '') }), ...(p.detail ? ['. ', el('span', { said: p.detail })] : [])) : null);

function answered(a) {
  const r = a.report;
  if (!r) return a.error && !busy(a) ? el('p', { class: 'advice', said: a.error }) : el('p', { class: 'advice' }, w(busy(a) ? 'interviews.busy' : 'interviews.no_report'));
  const measures = (r.measures ?? []).filter((m) => typeof m.high === 'number').slice(0, SHOWN);
  return el('div', { class: 'answered' },
    el('ul', { class: 'facts' }, el('li', {}, el('b', {}, clock(Math.round(a.duration_s))), ' ', w('report.minutes')),
      typeof a.scores?.overall === 'number' ? el('li', {}, w('score.overall'), ' ', el('b', {}, () => number(a.scores.overall))) : null,
      ...measures.map((m) => el('li', {}, told(m.name), ' ', el('b', {}, () => valueText(m)), ' ', told(m.unit)))),
    point(w('interviews.good'), r.keep?.[0]), point(w('report.change'), r.change?.[0]),
    el('p', {}, reportLink(a, w('interviews.whole'))));
}

function question(interview, q, bank) {
  const known = bank && find(bank, q.text);
  const own = q.sessions.filter((s) => !s.follow_up), next = q.sessions.filter((s) => s.follow_up);
  const about = known && own.length ? aboutQuestion(known) : null;
  if (about) { // within the card of its question
    about.className = 'about';
    about.querySelector('h2').remove();
  }
  const english = known ? 'en' : null;
  return el('section', { class: 'card asked' },
    el('p', { class: 'meta' }, w('interview.question_of', { n: q.index + 1, total: interview.plan.length }), ' · ', () => kindName(q.kind)),
    el('h2', { lang: english }, q.text),
    ...(own.length ? own.map(answered) : [el('p', { class: 'advice' }, w('interviews.not_answered'))]),
    ...next.map((a) => el('div', { class: 'followed' }, el('p', { class: 'meta' }, w('interviews.follow_up')), el('h3', { lang: 'en' }, a.question), answered(a))),
    own.length && !known ? el('div', { class: 'about' }, el('h3', {}, w('about.shows')), el('ul', { lang: 'en' }, ...q.shows.map((s) => el('li', {}, s)))) : about);
}

function foot(interview) {
  const remove = el('button', { type: 'button', class: 'secondary', on: { click: async () => {
    if (!confirm(t('confirm.delete_interview'))) return;
    try {
      await request(`v1/interviews/${encodeURIComponent(interview.id)}`, { method: 'DELETE' });
      announce(w('progress.deleted'));
      location.hash = '#/progress';
    } catch (e) {
      notice(e);
    }
  } } }, w('interviews.delete'));
  const another = el('button', { type: 'button', class: 'primary', on: { click: () => { settings.mode = 'interview'; location.hash = '#/'; } } }, w('interviews.another'));
  return el('footer', {}, el('div', { class: 'actions' }, another, el('button', { type: 'button', class: 'secondary', on: { click: () => window.print() } }, w('report.print')), remove),
    el('p', {}, w('report.foot')));
}
