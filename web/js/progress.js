// progress.js - earlier practice: the trend and a list.
import { $, announce, notice, request, settings, show } from './api.js';
import { compareLink } from './attempts.js';
import { nameOfRole } from './bank.js';
import { goalPicker, judge, loadGoal } from './goal.js';
import { clock } from './report.js';
import { isMentor, ownRows } from './signin.js';
import { date, el, moment, number, has, onLanguage, t, w } from './words.js';

const title = (s) => s.meta?.question || s.meta?.file_name || t('progress.recording');
const WHEN = { dateStyle: 'medium', timeStyle: 'short' };

// Interviews above the answers they are made of.
function listInterviews(interviews, again) {
  const box = $('#interviews');
  box.replaceChildren();
  if (!interviews.length) return;
  const items = interviews.map((i) => {
    const name = w('progress.interview', { role: () => nameOfRole(i.role, i.role_name) });
    const link = el('a', { href: `#/interviews/${encodeURIComponent(i.id)}` }, name);
    const about = el('p', {}, w('progress.answered', { done: i.answered, total: i.plan.length }), ...(typeof i.overall === 'number' ? [' · ', w('progress.overall', { score: Math.round(i.overall) })] : []));
    const remove = el('button', { type: 'button', class: 'quiet', 'aria-label': w('progress.delete_named', { name }) }, w('progress.delete'));
    remove.onclick = async () => {
      if (!confirm(t('confirm.delete_interview'))) return;
      try {
        await request(`v1/interviews/${encodeURIComponent(i.id)}`, { method: 'DELETE' });
        await again();
        announce(w('progress.deleted'));
        ($('#interviews button') || $('table.sessions a') || $('#sessions a'))?.focus();
      } catch (e) {
        notice(e);
      }
    };
    return el('li', {}, el('div', {}, link, about), moment(i.created, WHEN), remove);
  });
  box.append(el('h2', {}, w('progress.interviews')), el('ul', { class: 'interviews' }, ...items));
}

const LINES = [['fluency', '--pace'], ['clarity', '--pitch'], ['eye_contact', '--warn']];

export async function progress(alive) {
  const [{ sessions }, { interviews }, goal] = await Promise.all([request(`v1/sessions?limit=200${ownRows()}`), isMentor() ? { interviews: [] } : request(`v1/interviews?limit=200${ownRows()}`), isMentor() ? null : loadGoal(settings.client || 'me')]);
  if (!alive()) return;
  show('view-progress');
  listInterviews(interviews.filter((i) => !settings.client || i.client === settings.client), () => progress(alive));
  const mine = sessions.filter((s) => isMentor() || !settings.client || s.meta?.client === settings.client);
  if (!mine.length) {
    $('#trend').replaceChildren();
    $('#trend').className = '';
    $('#goal-progress').replaceChildren();
    $('#sessions').replaceChildren(el('div', { class: 'card empty' }, el('h2', {}, w('progress.empty')), el('p', {}, w('progress.empty_text')),
      el('p', {}, el('a', { class: 'button primary', href: '#/' }, w('progress.practise_now')))));
    $('#export').hidden = !sessions.length;
    return;
  }
  list(mine, () => progress(alive));
  if (isMentor()) {
    $('#export').hidden = true;
    return;
  }
  trends(mine.filter((s) => s.scores).reverse());
  goals(mine, goal);
}

const LATEST = 8;

// How often the goal was reached lately.
function goals(sessions, now) {
  const picker = el('div', { class: 'goal-row' }), told = el('div', {});
  goalPicker(picker, settings.client || 'me', now, (goal) => {
    const tries = goal ? sessions.map((s) => ({ s, judged: judge(goal, s.measures?.[goal.measure]) })).filter((t) => t.judged).slice(0, LATEST) : [];
    const reached = tries.filter((t) => t.judged.reached).length;
    told.replaceChildren(...(tries.length ? [el('p', {}, w('progress.goal_reached', { reached, n: tries.length })),
      el('ul', { class: 'tries' }, ...tries.map(({ s, judged }) => el('li', {}, el('a', { href: `#/report/${encodeURIComponent(s.id)}` }, moment(s.created, WHEN)), ` ${judged.reached ? '✓' : '✗'} `, judged.words)))]
      : goal ? [el('p', { class: 'advice' }, w('progress.no_figure'))] : []));
  });
  $('#goal-progress').replaceChildren(el('section', { class: 'card' }, el('h2', {}, w('goal.title')), picker, told));
}

// Only answers to the same question, or to questions of the same kind, are compared.
function trends(sessions) {
  const groups = new Map();
  for (const s of sessions) {
    const { kind, question } = s.meta ?? {};
    for (const [of, name, key] of [['kind', kind && (() => (has(`kind_questions.${kind}`) ? t(`kind_questions.${kind}`) : kind)), `kind ${kind}`], ['question', question, `question ${question}`]])
      if (name) groups.set(key, { of, name, list: [...(groups.get(key)?.list ?? []), s] });
  }
  const comparable = [...groups.values()].filter((g) => g.list.length > 1).sort((a, b) => b.list.at(-1).created - a.list.at(-1).created || b.list.length - a.list.length);
  const box = $('#trend');
  box.replaceChildren();
  box.className = '';
  if (!comparable.length || !window.uPlot) return;
  box.className = 'card';
  const chart = el('div', { class: 'chart' });
  const choice = el('select', { id: 'compared' });
  for (const of of ['question', 'kind']) {
    const group = el('optgroup', { label: w(`progress.by_${of}`) });
    comparable.forEach((g, i) => { if (g.of === of) group.append(el('option', { value: i }, g.name, ` (${g.list.length})`)); });
    if (group.childElementCount) choice.append(group);
  }
  choice.selectedIndex = 0;
  const side = el('p', {});
  const drawn = () => {
    const { of, list: compared } = comparable[choice.value], [a, b] = compared.slice(-2);
    side.replaceChildren(...(of === 'question' ? [el('a', { href: compareLink(a.id, b.id) }, w('progress.side_by_side'))] : []));
    draw(chart, compared);
  };
  choice.onchange = drawn;
  box.append(el('h2', {}, w('progress.trend')), el('label', { for: 'compared' }, w('progress.compare'), ' '), choice, chart, side);
  onLanguage(chart, drawn);
  drawn();
}

function list(sessions, again) {
  const column = (key, cls) => el('th', { scope: 'col', class: cls }, w(key));
  const body = el('tbody', {});
  const table = el('table', { class: 'sessions' }, el('thead', {}, el('tr', {}, column('progress.when'), column('progress.what'), column('progress.length', 'num wide'),
    column('score.fluency', 'num'), column('score.eye_contact', 'num wide'), el('th', { scope: 'col' }, el('span', { class: 'visually-hidden' }, w('progress.delete'))))), body);
  for (const s of sessions) {
    const named = () => title(s);
    const remove = el('button', { type: 'button', class: 'quiet', 'aria-label': w('progress.delete_named', { name: named }) }, w('progress.delete'));
    const score = ([key, cls]) => el('td', { class: cls }, s.scores?.[key] === undefined ? '–' : () => number(s.scores[key]));
    const row = el('tr', {}, el('td', {}, moment(s.created, WHEN)),
      el('td', {}, s.state === 'done' ? el('a', { href: `#/report/${encodeURIComponent(s.id)}` }, named) : w('progress.not_finished', { name: named })),
      el('td', { class: 'num wide' }, s.state === 'done' ? clock(Math.round(s.duration_s)) : '–'), ...[['fluency', 'num'], ['eye_contact', 'num wide']].map(score), el('td', {}, remove));
    body.append(row);
    remove.onclick = async () => {
      if (!confirm(t('confirm.delete_practice'))) return;
      const place = row.sectionRowIndex;
      try {
        await request(`v1/sessions/${encodeURIComponent(s.id)}`, { method: 'DELETE' });
        await again();
        announce(w('progress.deleted'));
        // The keyboard goes on at the row that took this one's place, else at what there is to do.
        const rows = document.querySelectorAll('table.sessions tbody tr');
        (rows[Math.min(place, rows.length - 1)]?.querySelector('button') || $('#sessions a'))?.focus();
      } catch (e) {
        notice(e);
      }
    };
  }
  const heading = $('#interviews').childElementCount ? [el('h2', {}, w('progress.answers'))] : [];
  $('#sessions').replaceChildren(...heading, el('div', { class: 'table-wrap' }, table));
}

function draw(box, sessions) {
  box.replaceChildren();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: css('--muted'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
  const day = (i) => (sessions[i] ? date(sessions[i].created, { day: 'numeric', month: 'short' }) : '');
  const value = (s, key) => (typeof s.scores[key] === 'number' ? s.scores[key] : null);
  const plot = new window.uPlot({
    width: box.clientWidth, height: 240, legend: { live: false }, cursor: { show: false },
    scales: { x: { time: false, range: [-0.3, sessions.length - 0.7] }, y: { range: [0, 100] } },
    axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100], values: (_, at) => at.map((i) => (Number.isInteger(i) ? day(i) : '')) }, { ...axis, size: 40 }],
    series: [{}, ...LINES.map(([key, shade]) => ({ label: t(`score.${key}`), stroke: css(shade), width: 2, points: { show: true }, spanGaps: true, value: (_, v) => (v === null ? '–' : Math.round(v)) }))],
  }, [sessions.map((_, i) => i), ...LINES.map(([key]) => sessions.map((s) => value(s, key)))], box);
  if (window.ResizeObserver) new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 240 })).observe(box);
}
