// progress.js - earlier practice: the trend and a list.
import { $, announce, request, settings, show } from './api.js';

const LINES = [['fluency', 'Fluency', '--pace'], ['clarity', 'Clarity', '--pitch'], ['eye_contact', 'Eye contact', '--gaze']];

export async function progress() {
  show('view-progress');
  const { sessions } = await request('/v1/sessions?limit=200');
  const mine = sessions.filter((s) => !settings.client || s.meta?.client === settings.client);
  if (!mine.length) {
    $('#sessions').innerHTML = '<p class="hint">Nothing yet. Your first practice will show up here.</p>';
    return;
  }
  list(mine);
  draw(mine.filter((s) => s.scores).reverse());
}

function list(sessions) {
  const table = document.createElement('table');
  table.className = 'sessions';
  table.innerHTML = '<thead><tr><th scope="col">When</th><th scope="col">Question</th><th scope="col" class="num wide">Minutes</th><th scope="col" class="num">Fluency</th><th scope="col" class="num wide">Eye contact</th><th scope="col"><span class="visually-hidden">Delete</span></th></tr></thead>';
  const body = table.createTBody();
  const cell = (row, text, cls) => Object.assign(row.insertCell(), { textContent: text, className: cls || '' });
  for (const s of sessions) {
    const row = body.insertRow();
    cell(row, new Date(s.created * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }));
    const link = Object.assign(document.createElement('a'), { href: `#/report/${encodeURIComponent(s.id)}`, textContent: s.meta?.question || 'Recording' });
    cell(row, '').append(s.state === 'done' ? link : `${s.meta?.question || 'Recording'} (not finished)`);
    cell(row, (s.duration_s / 60).toFixed(1), 'num wide');
    for (const [key, cls] of [['fluency', 'num'], ['eye_contact', 'num wide']]) cell(row, s.scores?.[key] === undefined ? '–' : Math.round(s.scores[key]), cls);
    const remove = Object.assign(document.createElement('button'), { type: 'button', className: 'secondary', textContent: 'Delete', ariaLabel: `Delete ${s.meta?.question || s.id}` });
    remove.onclick = async () => {
      if (!confirm('Delete this practice for good?')) return;
      await request(`/v1/sessions/${encodeURIComponent(s.id)}`, { method: 'DELETE' });
      row.remove();
      announce('Deleted');
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
  const axis = { stroke: css('--muted'), grid: { stroke: css('--line') }, ticks: { show: false } };
  const value = (s, key) => (typeof s.scores[key] === 'number' ? s.scores[key] : null);
  new window.uPlot({
    width: box.clientWidth - 40, height: 240, scales: { y: { range: [0, 100] } }, axes: [axis, axis],
    series: [{ label: 'When' }, ...LINES.map(([, label, shade]) => ({ label, stroke: css(shade), width: 2, points: { show: true }, spanGaps: true, value: (_, v) => (v === null ? '–' : Math.round(v)) }))],
  }, [sessions.map((s) => s.created), ...LINES.map(([key]) => sessions.map((s) => value(s, key)))], box);
}
