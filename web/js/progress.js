// progress.js - earlier practice: the trend and a list.
import { $, announce, notice, request, settings, show } from './api.js';

const LINES = [['fluency', 'Fluency', '--pace'], ['clarity', 'Clarity', '--pitch'], ['eye_contact', 'Eye contact', '--gaze']];

export async function progress(alive) {
  const { sessions } = await request('v1/sessions?limit=200');
  if (!alive()) return;
  show('view-progress');
  const mine = sessions.filter((s) => !settings.client || s.meta?.client === settings.client);
  if (!mine.length) {
    $('#trend').replaceChildren();
    $('#trend').className = '';
    $('#sessions').innerHTML = '<div class="card empty"><h2>Nothing here yet</h2><p>After your first practice you see here how you get on, and find every report again.</p><p><a class="button primary" href="#/">Practise now</a></p></div>';
    $('#export').hidden = !sessions.length;
    return;
  }
  list(mine, () => progress(alive));
  draw(mine.filter((s) => s.scores).reverse());
}

const length = (s) => `${Math.floor(s / 60)}:${String(Math.round(s) % 60).padStart(2, '0')}`;

function list(sessions, again) {
  const table = document.createElement('table');
  table.className = 'sessions';
  table.innerHTML = '<thead><tr><th scope="col">When</th><th scope="col">Question</th><th scope="col" class="num wide">Length</th><th scope="col" class="num">Fluency</th><th scope="col" class="num wide">Eye contact</th><th scope="col"><span class="visually-hidden">Delete</span></th></tr></thead>';
  const body = table.createTBody();
  const cell = (row, text, cls) => Object.assign(row.insertCell(), { textContent: text, className: cls || '' });
  for (const s of sessions) {
    const row = body.insertRow();
    cell(row, new Date(s.created * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }));
    const link = Object.assign(document.createElement('a'), { href: `#/report/${encodeURIComponent(s.id)}`, textContent: s.meta?.question || 'Recording' });
    cell(row, '').append(s.state === 'done' ? link : `${s.meta?.question || 'Recording'} (not finished)`);
    cell(row, s.state === 'done' ? length(s.duration_s) : '–', 'num wide');
    for (const [key, cls] of [['fluency', 'num'], ['eye_contact', 'num wide']]) cell(row, s.scores?.[key] === undefined ? '–' : Math.round(s.scores[key]), cls);
    const remove = Object.assign(document.createElement('button'), { type: 'button', className: 'quiet', textContent: 'Delete', ariaLabel: `Delete ${s.meta?.question || s.id}` });
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
  $('#sessions').replaceChildren(wrap);
}

function draw(sessions) {
  if (sessions.length < 2 || !window.uPlot) return;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const box = $('#trend');
  box.className = 'card';
  box.append(Object.assign(document.createElement('h2'), { textContent: 'From practice to practice' }));
  const axis = { stroke: css('--muted'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
  const day = (i) => (sessions[i] ? new Date(sessions[i].created * 1000).toLocaleDateString([], { day: 'numeric', month: 'short' }) : '');
  const value = (s, key) => (typeof s.scores[key] === 'number' ? s.scores[key] : null);
  new window.uPlot({
    width: box.clientWidth - 40, height: 240, legend: { live: false }, cursor: { show: false },
    scales: { x: { time: false, range: [-0.3, sessions.length - 0.7] }, y: { range: [0, 100] } },
    axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100], values: (_, at) => at.map((i) => (Number.isInteger(i) ? day(i) : '')) }, { ...axis, size: 40 }],
    series: [{}, ...LINES.map(([, label, shade]) => ({ label, stroke: css(shade), width: 2, points: { show: true }, spanGaps: true, value: (_, v) => (v === null ? '–' : Math.round(v)) }))],
  }, [sessions.map((_, i) => i), ...LINES.map(([key]) => sessions.map((s) => value(s, key)))], box);
}
