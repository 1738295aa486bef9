// progress.js - earlier practice: the trend and a list.
import { $, announce, notice, request, settings, show } from './api.js';
import { compareLink } from './attempts.js';
import { goalPicker, judge, loadGoal } from './goal.js';
import { el, LOCALES, moment } from './report.js';

const title = (s) => s.meta?.question || s.meta?.file_name || 'Recording';

// Interviews above the answers they are made of.
function listInterviews(interviews, again) {
  const box = $('#interviews');
  box.replaceChildren();
  if (!interviews.length) return;
  const items = interviews.map((i) => {
    const when = new Date(i.created * 1000), name = `Interview: ${i.role_name}`;
    const link = Object.assign(document.createElement('a'), { href: `#/interviews/${encodeURIComponent(i.id)}`, textContent: name });
    const about = Object.assign(document.createElement('p'), { textContent: `${i.answered} of ${i.plan.length} answered${typeof i.overall === 'number' ? ` · overall ${Math.round(i.overall)}` : ''}` });
    const time = Object.assign(document.createElement('time'), { dateTime: when.toISOString(), textContent: when.toLocaleString(LOCALES, { dateStyle: 'medium', timeStyle: 'short' }) });
    const remove = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet', textContent: 'Delete', ariaLabel: `Delete ${name}` });
    remove.onclick = async () => {
      if (!confirm('Delete this interview and its answers for good?')) return;
      try {
        await request(`v1/interviews/${encodeURIComponent(i.id)}`, { method: 'DELETE' });
        await again();
        announce('Deleted');
        ($('#interviews button') || $('table.sessions a') || $('#sessions a'))?.focus();
      } catch (e) {
        notice(e.message);
      }
    };
    const item = document.createElement('li');
    const text = document.createElement('div');
    text.append(link, about);
    item.append(text, time, remove);
    return item;
  });
  const list = Object.assign(document.createElement('ul'), { className: 'interviews' });
  list.append(...items);
  box.append(Object.assign(document.createElement('h2'), { textContent: 'Interviews' }), list);
}

const LINES = [['fluency', 'Fluency', '--pace'], ['clarity', 'Clarity', '--pitch'], ['eye_contact', 'Eye contact', '--gaze']];

export async function progress(alive) {
  const [{ sessions }, { interviews }, goal] = await Promise.all([request('v1/sessions?limit=200'), request('v1/interviews?limit=200'), loadGoal(settings.client || 'me')]);
  if (!alive()) return;
  show('view-progress');
  listInterviews(interviews.filter((i) => !settings.client || i.client === settings.client), () => progress(alive));
  const mine = sessions.filter((s) => !settings.client || s.meta?.client === settings.client);
  if (!mine.length) {
    $('#trend').replaceChildren();
    $('#trend').className = '';
    $('#goal-progress').replaceChildren();
    $('#sessions').innerHTML = '<div class="card empty"><h2>Nothing here yet</h2><p>After your first practice you see here how you get on, and find every report again.</p><p><a class="button primary" href="#/">Practise now</a></p></div>';
    $('#export').hidden = !sessions.length;
    return;
  }
  list(mine, () => progress(alive));
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
    told.replaceChildren(...(tries.length ? [el('p', {}, `Reached in ${reached} of your last ${tries.length} ${tries.length === 1 ? 'answer' : 'answers'}.`),
      el('ul', { class: 'tries' }, ...tries.map(({ s, judged }) => el('li', {}, el('a', { href: `#/report/${encodeURIComponent(s.id)}` }, moment(s.created, { dateStyle: 'medium', timeStyle: 'short' })), ` ${judged.reached ? '✓' : '✗'} ${judged.text}`)))]
      : goal ? [el('p', { class: 'advice' }, 'No answer has this figure yet.')] : []));
  });
  $('#goal-progress').replaceChildren(el('section', { class: 'card' }, el('h2', {}, 'Your goal'), picker, told));
}

// Only answers to the same question, or to questions of the same kind, are compared.
function trends(sessions) {
  const groups = new Map();
  for (const s of sessions) {
    const { kind, question } = s.meta ?? {};
    for (const [of, name, key] of [['By kind', kind && `${kind === 'role' ? 'questions about the work' : `${kind} questions`}`, `kind ${kind}`], ['By question', question, `question ${question}`]])
      if (name) groups.set(key, { of, name, list: [...(groups.get(key)?.list ?? []), s] });
  }
  const comparable = [...groups.values()].filter((g) => g.list.length > 1).sort((a, b) => b.list.at(-1).created - a.list.at(-1).created || b.list.length - a.list.length);
  const box = $('#trend');
  box.replaceChildren();
  box.className = '';
  if (!comparable.length || !window.uPlot) return;
  box.className = 'card';
  const chart = Object.assign(document.createElement('div'), { className: 'chart' });
  const choice = Object.assign(document.createElement('select'), { id: 'compared' });
  for (const of of ['By question', 'By kind']) {
    const group = Object.assign(document.createElement('optgroup'), { label: of });
    comparable.forEach((g, i) => { if (g.of === of) group.append(new Option(`${g.name} (${g.list.length})`, i)); });
    if (group.childElementCount) choice.append(group);
  }
  choice.selectedIndex = 0;
  const side = el('p', {});
  const drawn = () => {
    const { of, list: compared } = comparable[choice.value], [a, b] = compared.slice(-2);
    side.replaceChildren(...(of === 'By question' ? [el('a', { href: compareLink(a.id, b.id) }, 'The last two side by side')] : []));
    draw(chart, compared);
  };
  choice.onchange = drawn;
  const label = Object.assign(document.createElement('label'), { textContent: 'Compare answers to ', htmlFor: 'compared' });
  box.append(Object.assign(document.createElement('h2'), { textContent: 'From practice to practice' }), label, choice, chart, side);
  drawn();
}

const length = (s) => `${Math.floor(s / 60)}:${String(Math.round(s) % 60).padStart(2, '0')}`;

function list(sessions, again) {
  const table = document.createElement('table');
  table.className = 'sessions';
  table.innerHTML = '<thead><tr><th scope="col">When</th><th scope="col">Question or file</th><th scope="col" class="num wide">Length</th><th scope="col" class="num">Fluency</th><th scope="col" class="num wide">Eye contact</th><th scope="col"><span class="visually-hidden">Delete</span></th></tr></thead>';
  const body = table.createTBody();
  const cell = (row, text, cls) => Object.assign(row.insertCell(), { textContent: text, className: cls || '' });
  for (const s of sessions) {
    const row = body.insertRow();
    const when = new Date(s.created * 1000);
    cell(row, '').append(Object.assign(document.createElement('time'), { dateTime: when.toISOString(), textContent: when.toLocaleString(LOCALES, { dateStyle: 'medium', timeStyle: 'short' }) }));
    const link = Object.assign(document.createElement('a'), { href: `#/report/${encodeURIComponent(s.id)}`, textContent: title(s) });
    cell(row, '').append(s.state === 'done' ? link : `${title(s)} (not finished)`);
    cell(row, s.state === 'done' ? length(s.duration_s) : '–', 'num wide');
    for (const [key, cls] of [['fluency', 'num'], ['eye_contact', 'num wide']]) cell(row, s.scores?.[key] === undefined ? '–' : Math.round(s.scores[key]), cls);
    const remove = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet', textContent: 'Delete', ariaLabel: `Delete ${title(s)}` });
    remove.onclick = async () => {
      if (!confirm('Delete this practice for good?')) return;
      const place = row.sectionRowIndex;
      try {
        await request(`v1/sessions/${encodeURIComponent(s.id)}`, { method: 'DELETE' });
        await again();
        announce('Deleted');
        // The keyboard goes on at the row that took this one's place, else at what there is to do.
        const rows = document.querySelectorAll('table.sessions tbody tr');
        (rows[Math.min(place, rows.length - 1)]?.querySelector('button') || $('#sessions a'))?.focus();
      } catch (e) {
        notice(e.message);
      }
    };
    cell(row, '').append(remove);
  }
  const wrap = document.createElement('div');
  wrap.className = 'table-wrap';
  wrap.append(table);
  const heading = $('#interviews').childElementCount ? [Object.assign(document.createElement('h2'), { textContent: 'Answers' })] : [];
  $('#sessions').replaceChildren(...heading, wrap);
}

function draw(box, sessions) {
  box.replaceChildren();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: css('--muted'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
  const day = (i) => (sessions[i] ? new Date(sessions[i].created * 1000).toLocaleDateString(LOCALES, { day: 'numeric', month: 'short' }) : '');
  const value = (s, key) => (typeof s.scores[key] === 'number' ? s.scores[key] : null);
  const plot = new window.uPlot({
    width: box.clientWidth, height: 240, legend: { live: false }, cursor: { show: false },
    scales: { x: { time: false, range: [-0.3, sessions.length - 0.7] }, y: { range: [0, 100] } },
    axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100], values: (_, at) => at.map((i) => (Number.isInteger(i) ? day(i) : '')) }, { ...axis, size: 40 }],
    series: [{}, ...LINES.map(([, label, shade]) => ({ label, stroke: css(shade), width: 2, points: { show: true }, spanGaps: true, value: (_, v) => (v === null ? '–' : Math.round(v)) }))],
  }, [sessions.map((_, i) => i), ...LINES.map(([key]) => sessions.map((s) => value(s, key)))], box);
  if (window.ResizeObserver) new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 240 })).observe(box);
}
