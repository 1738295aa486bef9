// interview-report.js - what an interview was like: all answers together, then each with its figures.
import { aboutQuestion } from './about.js';
import { $, announce, notice, request, settings, show } from './api.js';
import { find, loadBank } from './bank.js';
import { LOCALES } from './report.js';

const WAIT_MS = 1000;
const SHOWN = 3;

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
};
const clock = (s) => `${Math.floor(s / 60)}:${String(Math.round(s) % 60).padStart(2, '0')}`;
const busy = (s) => ['live', 'queued', 'analysing'].includes(s.state);
const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : null);
const reportLink = (a, text, cls = '') => make('a', { href: `#/report/${encodeURIComponent(a.id)}`, textContent: text, className: cls });

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
  const article = make('article', { className: 'report interview-report' }, head(interview, answers), figures(told), together(told),
    ...interview.plan.map((q) => question(interview, q, bank)), foot(interview));
  $('#main').replaceChildren(article);
  if (had) document.getElementById(had)?.focus();
  document.title = 'Interview · Rehearse';
}

function head({ created, role_name: role, plan }, answers) {
  const done = new Set(answers.filter((a) => a.state === 'done').map((a) => a.of.index)).size;
  const said = answers.reduce((s, a) => s + (a.duration_s || 0), 0), more = answers.filter((a) => a.follow_up).length;
  const when = new Date(created * 1000);
  const waits = answers.some(busy) ? make('p', { className: 'notice', role: 'status', textContent: 'The last answer is still being analysed; it appears here by itself.' }) : null;
  return make('header', {}, make('p', { className: 'meta' }, make('time', { dateTime: when.toISOString(), textContent: when.toLocaleString(LOCALES, { dateStyle: 'long', timeStyle: 'short' }) }), ` · ${role}`),
    make('h1', { textContent: 'Your interview' }),
    make('p', { className: 'summary', textContent: done ? `You answered ${done} of ${plan.length} questions${more ? ` and ${more} ${more === 1 ? 'follow-up' : 'follow-ups'}` : ''}, ${clock(said)} minutes in all.` : 'No question was answered. The plan is below.' }), waits);
}

const tile = (name, value, unit, note) => make('li', { className: 'tile' }, make('span', { textContent: name }), make('b', { textContent: value }), ' ', make('small', { textContent: unit }), note ? make('span', { className: 'note', textContent: note }) : null);

// The overall score, and the figures that have a target, over all answers by their length.
function figures(told) {
  const overall = mean(told.map((a) => a.scores?.overall).filter((v) => typeof v === 'number'));
  if (overall === null) return null;
  const names = new Map();
  for (const a of told)
    for (const m of (a.report.measures ?? []).filter((m) => typeof m.high === 'number' && typeof m.value === 'number').slice(0, SHOWN)) {
      const of = names.get(m.name) ?? { m, sum: 0, weight: 0 };
      of.sum += m.value * a.duration_s;
      of.weight += a.duration_s;
      names.set(m.name, of);
    }
  const tiles = [...names.values()].filter((v) => v.weight > 0).slice(0, SHOWN).map(({ m, sum, weight }) => {
    const v = sum / weight;
    return tile(m.name, v < 10 && !Number.isInteger(m.low) ? v.toFixed(1) : v < 10 ? v.toFixed(1).replace(/\.0$/, '') : String(Math.round(v)), m.unit, m.target ? `target ${m.target}` : '');
  });
  return make('ul', { className: 'tiles figures', ariaLabel: 'All answers together' }, tile('Overall', String(Math.round(overall)), 'of 100', 'mean of your answers'), ...tiles);
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

const nameOf = (a) => `Question ${a.of.index + 1}${a.follow_up ? `, follow-up${a.follow_up > 1 ? ` ${a.follow_up}` : ''}` : ''}`;

function together(told) {
  if (!told.length) return null;
  const column = (title, cls, list, none) => make('section', { className: 'card' }, make('h2', { textContent: title }),
    list.length ? make('ol', { className: `points ${cls}` }, ...list.map((p) => make('li', {}, make('h3', { textContent: p.title }),
      make('p', { textContent: p.answers.length > 1 ? p.advice || '' : p.detail }), p.advice && p.answers.length === 1 ? make('p', { className: 'advice', textContent: p.advice }) : null,
      make('p', { className: 'where-seen' }, ...p.answers.flatMap((a, i) => [i ? ' · ' : '', reportLink(a, nameOf(a))])))))
      : make('p', { className: 'advice', textContent: none }));
  return make('div', { className: 'two' }, column('Best across your answers', 'keep', gather(told, 'keep'), 'Nothing lay well enough within its target to be praised this time.'),
    column('Work on', 'change', gather(told, 'change'), 'Nothing to name this time.'));
}

const point = (what, p) => (p ? make('p', {}, make('b', { textContent: `${what}: ` }), p.title.replace(/^Next step: /, ''), p.detail ? `. ${p.detail}` : '') : null);

function answered(a) {
  const r = a.report;
  if (!r) return make('p', { className: 'advice', textContent: busy(a) ? 'Being analysed…' : a.error || 'This answer has no report.' });
  const measures = (r.measures ?? []).filter((m) => typeof m.high === 'number').slice(0, SHOWN);
  return make('div', { className: 'answered' },
    make('ul', { className: 'facts' }, make('li', {}, make('b', { textContent: clock(a.duration_s) }), ' minutes'),
      typeof a.scores?.overall === 'number' ? make('li', {}, 'overall ', make('b', { textContent: String(Math.round(a.scores.overall)) })) : null,
      ...measures.map((m) => make('li', {}, `${m.name.toLowerCase()} `, make('b', { textContent: m.text }), ` ${m.unit}`))),
    point('Good', r.keep?.[0]), point('Work on', r.change?.[0]),
    make('p', {}, reportLink(a, 'The whole report of this answer')));
}

function question(interview, q, bank) {
  const known = bank && find(bank, q.text);
  const own = q.sessions.filter((s) => !s.follow_up), next = q.sessions.filter((s) => s.follow_up);
  const about = known && own.length ? aboutQuestion(known) : null;
  if (about) { // within the card of its question
    about.className = 'about';
    about.querySelector('h2').remove();
  }
  return make('section', { className: 'card asked' },
    make('p', { className: 'meta', textContent: `Question ${q.index + 1} of ${interview.plan.length} · ${q.kind === 'role' ? 'about the work' : q.kind}` }),
    make('h2', { textContent: q.text }),
    ...(own.length ? own.map(answered) : [make('p', { className: 'advice', textContent: 'Not answered.' })]),
    ...next.map((a) => make('div', { className: 'followed' }, make('p', { className: 'meta', textContent: 'Follow-up' }), make('h3', { textContent: a.question }), answered(a))),
    own.length && !known ? make('div', { className: 'about' }, make('h3', { textContent: 'What a good answer shows' }), make('ul', {}, ...q.shows.map((s) => make('li', { textContent: s })))) : about);
}

function foot(interview) {
  const remove = make('button', { type: 'button', className: 'secondary', textContent: 'Delete this interview', onclick: async () => {
    if (!confirm('Delete this interview and its answers for good?')) return;
    try {
      await request(`v1/interviews/${encodeURIComponent(interview.id)}`, { method: 'DELETE' });
      announce('Deleted');
      location.hash = '#/progress';
    } catch (e) {
      notice(e.message);
    }
  } });
  const another = make('button', { type: 'button', className: 'primary', textContent: 'Another interview', onclick: () => { settings.mode = 'interview'; location.hash = '#/'; } });
  return make('footer', {}, make('div', { className: 'actions' }, another, make('button', { type: 'button', className: 'secondary', textContent: 'Print or save as PDF', onclick: () => window.print() }), remove),
    make('p', { textContent: 'Measured on this computer from what could be seen and heard. It says nothing about personality, feelings or who should be hired.' }));
}
