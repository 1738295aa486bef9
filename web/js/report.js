// report.js - draws a report (the JSON of /v1/sessions/{id}/report) into an element.
// Used by the page and, inlined behind words.js and without its imports, by exported reports: it
// finds the plotting library as window.uPlot.
import { attribute, date, el, has, language, moment, number, onLanguage, put, said, sentence, t, unit, w } from './words.js';

export const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const told = (text) => () => sentence(text) ?? text;
export const kindName = (kind) => (has(`kind.${kind}`) ? t(`kind.${kind}`) : kind);
// A figure as it was told, in the reader's way of writing numbers.
export const valueText = (m) => (/^-?[\d.]+$/.test(m.text) ? number(Number(m.text), m.text.split('.')[1]?.length ?? 0) : m.text);

export const SCORES = ['overall', 'clarity', 'fluency', 'pronunciation', 'prosody', 'pace', 'fillers', 'content', 'eye_contact', 'attention', 'presence'];
const KINDS = { filler: '--filler', pause: '--pause', look_away: '--gaze', mispronounced: '--mispron', slip: '--repeat', cue: '--playing' };

// `about`: what a bank has on the question; `asked`: what it has that is often asked next; `goal`, `attempts`, `share`:
// elements for their places; `videos`: parts of the video, {url, start}, else `audio` alone; `notes`: what can be done with notes
// (noteBoard()); `shared`: what somebody else than its speaker is told first; `english`: the question is of the bank, in English.
export function renderReport(root, report, { audio = null, videos = null, about = null, english = false, asked = null, goal = null, attempts = null, share = null, notes = {}, shared = '', actions = [] } = {}) {
  const replay = videos?.length ? screen(videos) : audio ? screen([{ url: audio, start: 0 }], 'audio') : null;
  const player = replay?.node;
  const words = [];
  const hear = (start, end) => {
    context.at = start;
    highlight(words, start, end);
    replay?.play(Math.max(0, start - 0.3));
  };
  player?.addEventListener('timeupdate', () => { context.at = replay.time; highlight(words, replay.time, replay.time + 0.05); });
  const context = { hear, player, words, at: 0, time: () => (replay ? replay.time : context.at) };
  const board = context.board = noteBoard(report, context, notes);
  const article = el('article', { class: 'report' }, shared ? el('p', { class: 'notice' }, shared) : null, head(report, english), goal, figures(report), points(report, context),
    timeline(report, context), transcript(report, context), board.card, attempts, structure(report, context), jobTerms(report, context), followUps(report, context, asked), languageModel(report, context), about,
    allScores(report), evidence(report, context), trend(report), share, foot(w(shared ? 'report.foot_shared' : 'report.foot'), actions));
  board.draw();
  root.replaceChildren(article);
  drawCharts(article, report, context);
  // When the language model has answered: its part alone is drawn anew.
  return { tellModel: (later) => article.querySelector('.llm')?.replaceWith(languageModel(later, context) ?? '') };
}

// Plays a session's parts one after the other; times are those of the session.
function screen(parts, tag = 'video') {
  let now = parts[0];
  const node = el(tag, { class: 'player', controls: true, playsinline: true, src: now.url, preload: 'metadata', 'aria-label': w('report.player') });
  const show = (part) => {
    if (part !== now) node.src = part.url;
    now = part;
  };
  node.addEventListener('ended', () => {
    const next = parts[parts.indexOf(now) + 1];
    if (!next) return;
    show(next);
    node.play();
  });
  return {
    node,
    get time() { return now.start + node.currentTime; },
    play(at) {
      show(parts.filter((p) => p.start <= at).at(-1) ?? parts[0]);
      node.currentTime = Math.max(0, at - now.start);
      node.play();
    },
  };
}

function highlight(words, start, end) {
  let first = null;
  for (const w of words) {
    const on = w.end > start && w.start < end;
    w.node.classList.toggle('playing', on);
    if (on && !first) first = w.node;
  }
  return first;
}

function head(r, english) {
  const d = r.duration_s || 0;
  const meta = [d < 60 ? () => unit(Math.round(d), 'second') : w('report.clock_minutes', { time: clock(d) }), r.kind ? () => kindName(r.kind) : null].filter(Boolean).flatMap((m) => [' · ', m]);
  return el('header', {}, el('p', { class: 'meta' }, r.created ? moment(r.created, { dateStyle: 'long', timeStyle: 'short' }) : null, ...(r.created ? meta : meta.slice(1))),
    el('h1', { lang: english && 'en' }, r.title || r.question || w('report.practice')), el('p', { class: 'summary', said: r.summary || '' }),
    ...(r.notes || []).map((n) => el('p', { class: 'notice', said: n })));
}

const TOP = 3;
export const hasTarget = (m) => typeof m.high === 'number';
const onTop = (r) => (r.measures || []).filter(hasTarget).slice(0, TOP);

// Where a value lies against its target: the scale ends half as far again as the larger of both.
function gauge(m) {
  const most = m.unit.startsWith('%') ? 100 : 1.5 * Math.max(m.high, m.value);
  const at = (v) => `${Math.max(0, Math.min(100, 100 * v / most))}%`;
  return el('div', { class: 'gauge', 'aria-hidden': 'true' }, el('i', { class: 'target', style: { left: at(m.low), width: `${100 * (m.high - m.low) / most}%` } }), el('i', { class: 'needle', style: { left: at(m.value) } }));
}

const measureTile = (m) => el('li', { class: 'tile' }, el('span', { said: m.name }), el('b', {}, () => valueText(m)), ' ', el('small', { said: m.unit || '' }),
  hasTarget(m) ? gauge(m) : null, el('span', { class: 'note' }, ...[m.note && told(m.note), m.target && w('report.target', { target: told(m.target) })].filter(Boolean).flatMap((words, i) => (i ? [' · ', words] : [words]))));

// Two or three figures beside their targets; the rest is in allScores().
function figures(r) {
  const list = onTop(r);
  return list.length ? el('ul', { class: 'tiles figures', 'aria-label': w('report.figures') }, ...list.map(measureTile)) : null;
}

function allScores(r) {
  const s = r.scores || {};
  const previous = (r.trend || []).filter((t) => t.id !== r.id).at(-1);
  const list = el('ul', { class: 'tiles', 'aria-label': w('report.scores') });
  for (const key of SCORES) {
    if (typeof s[key] !== 'number') continue;
    const before = previous?.scores?.[key];
    const change = typeof before === 'number' ? Math.round(s[key]) - Math.round(before) : 0;
    list.append(el('li', { class: 'tile' }, el('span', {}, w(`score.${key}`)), el('b', {}, () => number(s[key])), ' ', el('small', {}, w(key === 'eye_contact' ? 'report.of_time' : 'report.of_100')),
      el('div', { class: 'bar-track', 'aria-hidden': 'true' }, el('i', { style: { width: `${Math.max(0, Math.min(100, s[key]))}%` } })),
      change ? el('span', { class: 'change ' + (change > 0 ? 'up' : 'down') }, change > 0 ? '▲ ' : '▼ ', w('report.since', { by: Math.abs(change) })) : null));
  }
  const rest = el('ul', { class: 'tiles measures', 'aria-label': w('report.measures') }, ...(r.measures || []).filter((m) => !onTop(r).includes(m)).map(measureTile));
  const lists = [list, rest].filter((l) => l.childElementCount);
  return lists.length ? el('details', { class: 'card' }, el('summary', {}, el('h2', {}, w('report.all_scores'))), ...lists) : null;
}

const LENGTH = /^\d+\.\d s\b/; // what a moment says of a pause; else it is the person's own words
const moments = (list, { hear, player }) => el('div', { class: 'moments' }, ...(list || []).map((m) =>
  el('button', { type: 'button', class: 'moment', on: { click: () => hear(m.start, m.end ?? m.start + 2) },
    title: w(player ? 'report.hear' : 'report.show') }, `${player ? '▶ ' : ''}${clock(m.start)}`, ...(m.words ?? m.text ? [' ', m.words ?? (LENGTH.test(m.text) ? told(m.text) : m.text)] : []))));

function points(r, context) {
  const column = (title, cls, items, none) => el('section', { class: 'card' }, el('h2', {}, title),
    items?.length ? el('ol', { class: 'points ' + cls }, ...items.map((p) => el('li', {}, el('h3', { said: p.title }), el('p', { said: p.detail || '' }),
      p.advice ? el('p', { class: 'advice', said: p.advice }) : null, moments(p.moments, context))))
      : el('p', { class: 'advice' }, r.keep?.length || r.change?.length ? none : w('report.too_little')));
  return el('div', { class: 'two' }, column(w('report.keep'), 'keep', r.keep, w('report.keep_none')),
    column(w('report.change'), 'change', r.change, w('report.change_none')));
}

// Notes on moments: a list, the same in the transcript and on the timeline, and where `add` is there a form.
// add({t, text, name?}) and remove(note) answer with promises; `named`: who writes is asked for a name.
function noteBoard(r, context, { add = null, remove = null, named = false } = {}) {
  const list = [...(r.moment_notes || [])];
  const lines = []; // of the transcript: {start, box}
  const board = { lines, lane: null, card: null, draw };
  if (!list.length && !add) return { ...board, draw() {} };
  const noted = (n) => (n.author ? `${n.author}: ` : '') + (n.text || t('notes.bookmark'));
  const items = el('ul', { class: 'notes' });
  const status = el('p', { class: 'advice', role: 'status' });
  const tellStatus = (what) => { if (typeof what === 'string') return said(status, what); attribute(status, 'lang', () => null); put(status, what); };

  function draw() {
    list.sort((a, b) => a.t - b.t);
    items.replaceChildren(...list.map((n) => el('li', {}, moments([{ start: n.t }], context), el('p', {}, n.author ? el('b', {}, n.author, ': ') : null, n.text || w('notes.bookmark')),
      remove ? el('button', { type: 'button', class: 'quiet no-print', 'aria-label': w('notes.delete_at', { time: clock(n.t) }), on: { click: () => drop(n) } }, w('notes.delete')) : null)));
    for (const [i, line] of lines.entries()) {
      const until = lines[i + 1]?.start ?? Infinity;
      line.box.replaceChildren(...list.filter((n) => n.t < until && (n.t >= line.start || i === 0)).map((n) => el('span', { class: 'note-line' }, () => `${clock(n.t)} ${noted(n)}`)));
    }
    if (!board.lane) return;
    const length = Math.max(r.duration_s, 0.001);
    board.lane.replaceChildren(...list.map((n) => el('button', { type: 'button', title: () => `${clock(n.t)} ${noted(n)}`, 'aria-label': w('notes.at_label', { time: clock(n.t), text: () => noted(n) }),
      style: { left: `${Math.min(99, 100 * n.t / length)}%`, background: 'var(--accent)' }, on: { click: () => context.hear(n.t, n.t + 2) } })));
    for (const node of [board.lane, board.lane.previousElementSibling]) node.hidden = !list.length;
  }
  async function drop(n) {
    try {
      await remove(n);
      const place = list.indexOf(n);
      list.splice(place, 1);
      draw();
      tellStatus(w('notes.deleted'));
      (items.querySelectorAll('button.quiet')[Math.min(place, list.length - 1)] || text).focus();
    } catch (e) { tellStatus(e.words ?? e.message); }
  }

  const at = el('input', { type: 'text', class: 'at', value: '0:00', inputmode: 'numeric', autocomplete: 'off', pattern: '\\s*(\\d+:[0-5]?\\d|\\d+)\\s*', title: w('notes.time_hint'), required: true });
  const text = el('input', { type: 'text', maxlength: named ? 1000 : 500, autocomplete: 'off', required: named, placeholder: named ? '' : w('notes.empty') });
  const name = named ? el('input', { type: 'text', maxlength: 60, autocomplete: 'name', required: true }) : null;
  let chosen = false; // the moment, by hand
  at.addEventListener('input', () => { chosen = true; });
  const here = () => { chosen = false; at.value = clock(context.time()); };
  const form = add ? el('form', { class: 'note-form no-print', on: { submit: (e) => { e.preventDefault(); save(); } } },
    el('label', {}, w('notes.at'), ' ', at), el('label', { class: 'grow' }, w(named ? 'notes.comment' : 'notes.note'), ' ', text), name ? el('label', {}, w('notes.name'), ' ', name) : null,
    el('button', { type: 'submit', class: 'secondary' }, w(named ? 'notes.send' : 'notes.add'))) : null;
  async function save() {
    const [seconds, minutes = '0'] = at.value.trim().split(':').reverse();
    try {
      list.push(await add({ t: 60 * minutes + Number(seconds), text: text.value.trim(), ...(named ? { name: name.value.trim() } : {}) }));
      text.value = '';
      chosen = false;
      draw();
      tellStatus(w(named ? 'notes.sent' : 'notes.noted'));
      text.focus();
    } catch (e) { tellStatus(e.words ?? e.message); }
  }
  if (form) text.addEventListener('focus', () => { if (!text.value && !chosen) here(); });
  const key = (e) => {
    if (board.card && !board.card.isConnected) return document.removeEventListener('keydown', key);
    if (!e.altKey || e.ctrlKey || e.metaKey || e.code !== 'KeyN') return;
    e.preventDefault();
    here();
    text.focus();
  };
  if (form) setTimeout(() => document.addEventListener('keydown', key)); // once it is shown
  board.card = el('section', { class: 'card' }, el('h2', {}, w(named ? 'notes.comments' : 'notes.notes')),
    form ? el('p', { class: 'advice no-print' }, w(context.player ? 'notes.key_player' : 'notes.key')) : null, items, form, status);
  return board;
}

const CHARTS = [['pace_wpm', '--pace', [0, 250]], ['pace_cpm', '--pace', [0, 500]], ['pitch_st', '--pitch', null], ['loudness_db', '--loudness', null], ['eye_contact', '--gaze', [0, 100]]];
const LEFT = 80; // px to the left of the time axis: as wide as the names of the lanes, so that all share it
const present = (a) => a && a.some((v) => v !== null);

function timeline(r, context) {
  const t = r.timeline || {};
  const any = CHARTS.some(([key]) => present(t[key]));
  if (!any && !(r.events || []).length) return null;
  const box = el('section', { class: 'card' }, el('h2', {}, w('report.timeline')),
    el('p', { class: 'advice no-print' }, w(context.player ? 'report.timeline_hear' : 'report.timeline_silent')), context.player,
    el('div', { class: 'charts' }));
  const kinds = Object.keys(KINDS).filter((k) => (r.events || []).some((e) => e.kind === k));
  const lanes = el('div', { class: 'lanes' });
  for (const kind of kinds) {
    const shade = KINDS[kind], name = w(`event.${kind}`);
    const lane = el('div', { class: 'lane', role: 'group', 'aria-label': name });
    for (const e of r.events.filter((x) => x.kind === kind)) {
      const length = Math.max(r.duration_s, 0.001), text = !e.text ? name : ['filler', 'mispronounced'].includes(kind) ? () => e.text : told(e.text);
      lane.append(el('button', { type: 'button', title: () => `${clock(e.start)} ${text()}`, 'aria-label': w('report.event_at', { text, time: clock(e.start) }),
        style: { left: `${Math.min(99, 100 * e.start / length)}%`, width: `${100 * Math.max(0, Math.min(e.end, length) - e.start) / length}%`, background: `var(${shade})`, outline: '1px solid var(--edge)' },
        on: { click: () => context.hear(e.start, e.end) } }));
    }
    lanes.append(el('span', {}, name), lane);
  }
  if (context.board.card) {
    context.board.lane = el('div', { class: 'lane', role: 'group', 'aria-label': w('notes.notes') });
    lanes.append(el('span', {}, w('notes.notes')), context.board.lane);
  }
  box.append(lanes);
  return box;
}

function drawCharts(article, r, context) {
  const holder = article.querySelector('.charts');
  const t = r.timeline || {};
  if (!holder || !window.uPlot) return;
  const step = t.step_s || 1;
  for (const [key, shade, range] of CHARTS) {
    const name = w(`chart.${key}`);
    if (!present(t[key])) continue;
    const values = t[key];
    const known = values.filter((v) => v !== null);
    const box = el('div', { class: 'chart', role: 'img', 'aria-label': w('chart.label', { name, low: () => number(Math.min(...known)), high: () => number(Math.max(...known)) }) }, el('h3', {}, name));
    holder.append(box);
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
    const plot = new window.uPlot({
      width: box.clientWidth || 600, height: 110, legend: { show: false },
      cursor: { y: false, sync: { key: 'report' }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [0, Math.max(r.duration_s, step)] }, y: range ? { range } : {} },
      padding: [8, 0, 0, 0],
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600], values: (u, ticks) => ticks.map((at) => (at > 0.97 * u.scales.x.max ? '' : clock(at))), size: 26 }, { ...axis, size: LEFT, values: (_, ticks) => ticks.map((v) => number(v, Number.isInteger(v) ? 0 : 1)) }],
      series: [{}, { stroke: colour(shade), width: 2, points: { show: known.length < 3 }, spanGaps: false }],
      hooks: { init: [(u) => u.over.addEventListener('click', () => { const x = u.posToVal(u.cursor.left, 'x'); context.hear(x, x + 3); })] },
    }, [values.map((_, i) => (i + 0.5) * step), values], box);
    onLanguage(box, () => plot.redraw(false, true));
    if (window.ResizeObserver) new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 110 })).observe(box);
  }
}

export function transcript(r, { hear, words, board = { lines: [] } }) {
  if (!(r.transcript || []).length) return null;
  const body = el('div', { class: 'transcript', lang: r.spoken_language });
  const marks = new Set();
  const bare = r.analysis?.pace_unit === 'characters'; // written without blanks
  const latin = /[\p{Script=Latin}\d]/u;
  let before = '';
  const blank = (text) => { const yes = !bare || (latin.test(before.at(-1) ?? '') && latin.test(text[0] ?? '')); before = text; return yes; };
  for (const part of r.transcript) {
    const line = el('p', {}, el('time', {}, clock(part.start)));
    for (const word of part.words || []) {
      if (word.mark === 'pause') {
        marks.add('pause');
        line.append(' ', el('span', { class: 'mark-pause', title: told(word.note) }, () => `${number(word.end - word.start, 1)} s`), bare ? ' ' : '');
        continue;
      }
      if (word.mark) marks.add(word.mark);
      const lost = word.mark === 'missed';
      const node = el(lost ? 'del' : 'span', { class: 'word' + (word.mark ? ' mark-' + word.mark : '') + (word.heard ? ' heard' : ''), title: word.note && told(word.note), on: { click: () => hear(word.start, word.end) } }, word.text);
      if (!lost) words.push({ node, start: word.start, end: word.end });
      line.append(blank(word.text) ? ' ' : '', node);
    }
    if (!(part.words || []).length) line.append(part.text);
    body.append(line);
    const box = el('p', { class: 'note-lines' });
    board.lines.push({ start: part.start, box });
    body.append(box);
  }
  const legend = el('ul', { class: 'legend' }, ...[...marks].filter((m) => has(`mark.${m}`)).map((m) =>
    el('li', {}, el('span', { class: 'sample mark-' + m }, m === 'pause' ? () => `${number(1.2, 1)} s` : w('mark.word')), w(`mark.${m}`))));
  return el('section', { class: 'card' }, el('h2', {}, w('report.transcript')), legend, body);
}

function structure(r, context) {
  const parts = r.structure?.parts;
  if (!parts?.length) return null;
  const list = el('dl', { class: 'star' }, ...parts.map((p) => el('div', { class: p.present ? '' : 'missing' }, el('dt', { said: p.name }),
    p.present ? el('dd', {}, moments(p.sentences, context)) : p.advice ? el('dd', { said: p.advice }) : el('dd', {}, w('report.part_missing')))));
  return el('section', { class: 'card' }, el('h2', {}, w('report.structure')), r.structure.note ? el('p', { class: 'advice', said: r.structure.note }) : null, list);
}

// What may be asked next: from the answer's own words, and from the bank.
function followUps(r, context, asked) {
  const own = r.follow_ups?.length ? [el('h3', {}, w('next.own')),
    el('ol', { class: 'ask-next' }, ...r.follow_ups.map((f) => el('li', {}, el('p', { lang: 'en' }, f.text), f.quote ? moments([{ start: f.start, end: f.end, text: f.quote }], context) : null))),
    el('p', { class: 'advice' }, w('next.rules'))] : [];
  const often = asked ? [el('h3', {}, w('next.often')), asked] : [];
  if (!own.length && !often.length) return null;
  return el('section', { class: 'card next' }, el('h2', {}, w('next.title')), ...own, ...often,
    el('p', { class: 'advice' }, w('next.aloud')));
}

// Words of the pasted ad and CV that this answer has, with their moments, and those it has not.
function jobTerms(r, context) {
  const terms = r.job_terms?.terms || [], found = terms.filter((term) => term.times > 0);
  if (!terms.length) return null;
  const sources = ['job_ad', 'cv'].filter((from) => terms.some((term) => term.from === from)), both = sources.length > 1;
  const missed = sources.map((from) => [w(`terms.${from}`), terms.filter((term) => term.from === from && !term.times).map((term) => term.text).join(', ')]).filter(([, texts]) => texts);
  const part = (title, how, ...children) => el('div', { class: how }, el('dt', {}, title), el('dd', {}, ...children));
  return el('section', { class: 'card terms' }, el('h2', {}, w(`terms.of_${both ? 'both' : sources[0]}`)),
    el('dl', { class: 'star' },
      part(w('terms.found', { n: found.length, total: terms.length }), '', found.length ? moments(found.map((term) => ({ start: term.start, end: term.end, words: term.times > 1 ? w('terms.times', { text: term.text, n: term.times }) : term.text })), context) : w('terms.none')),
      missed.length ? part(w('terms.missing'), 'missing', ...missed.map(([name, texts]) => el('div', {}, ...(both ? [name, ': '] : []), texts))) : null),
    el('p', { class: 'advice' }, w('terms.advice')));
}

// What a language model added: apart from what was measured, and always with the words it rests on.
function languageModel(r, context) {
  const m = r.llm;
  if (!m || m.state === 'off') return null;
  const box = el('section', { class: 'card llm', 'aria-busy': m.state === 'asked' && 'true' }, el('h2', {}, w('llm.title', { model: m.model })));
  const quoted = (x) => moments([{ start: x.start, end: x.end, words: `“${x.quote}”` }], context);
  const part = (title, list, text) => (list.length ? box.append(el('h3', {}, title), el('ul', {}, ...list.map((x) => el('li', {}, el('p', {}, ...text(x)), quoted(x))))) : null);
  if (m.state === 'asked') box.append(el('p', { class: 'advice' }, w('llm.reading')));
  else if (m.state !== 'done') box.append(el('p', { class: 'advice' }, w('llm.nothing'), ' ', el('span', { said: m.reason || '' })));
  if (m.state !== 'done') return box;
  box.append(el('p', { class: 'advice' }, w('llm.opinion')));
  part(w('llm.rubric'), m.rubric || [], (x) => [w('llm.mark', { name: () => (has(`rubric.${x.name}`) ? t(`rubric.${x.name}`) : x.name), score: x.score }), ' ', x.text]);
  part(w('llm.relevance'), m.relevance ? [m.relevance] : [], (x) => [x.text]);
  part(w('llm.next'), m.follow_ups || [], (x) => [x.text]);
  part(w('llm.rewrite'), m.rewrite ? [m.rewrite] : [], (x) => [x.text]);
  return box;
}

function evidence(r, context) {
  const items = Object.entries(r.evidence || {}).filter(([key, list]) => list.length || r.advice?.[key]);
  if (!items.length) return null;
  const name = (key) => (has(`score.${key}`) ? t(`score.${key}`) : key[0].toUpperCase() + key.slice(1).replaceAll('_', ' '));
  const part = (e) => () => made(e.text) ?? sentence(e.text) ?? e.text;
  return el('details', { class: 'card' }, el('summary', {}, el('h2', {}, w('report.evidence'))),
    el('p', { class: 'advice' }, w('report.evidence_text')), el('ul', { class: 'evidence' }, ...items.map(([key, list]) =>
    el('li', {}, el('h3', {}, () => name(key)), r.advice?.[key] ? el('p', { said: r.advice[key] }) : null, el('ul', {}, ...list.map((e) => el('li', {}, el('span', { lang: () => (made(e.text) ?? sentence(e.text) ? null : 'en') }, part(e)), e.moments ? moments(e.moments, context) : null)))))));
}

// A part of a score: "Pauses inside clauses: 12 a minute (-8 points)", told anew from its name, value and unit.
function made(text) {
  const [, name, value, measure, points] = text.match(/^(.+?): (?:not found|(-?[\d.]+) ?(.*?)) \(([-+]\d+) points?\)$/) ?? [];
  if (!name) return null;
  const part = sentence(name) ?? sentence(name[0].toLowerCase() + name.slice(1));
  if (part === null || language() === 'en') return null;
  const capital = part[0].toLocaleUpperCase() + part.slice(1), cost = `${points[0]}${number(Math.abs(points))}`;
  const amount = value === undefined ? t('part.not_found') : `${number(Number(value), value.split('.')[1]?.length ?? 0)} ${sentence(measure) ?? measure}`.trim();
  return `${capital}: ${amount} (${t('part.points', { n: Math.abs(points), points: cost })})`;
}

function trend(r) {
  const past = (r.trend || []).filter((t) => t.scores);
  if (past.length < 2) return null;
  const shown = SCORES.filter((key) => !['attention', 'presence'].includes(key) && past.some((p) => typeof p.scores[key] === 'number')); // told by eye contact
  const rows = past.slice(-8).map((p) => el('tr', {}, el('th', { scope: 'row' }, moment(p.created, { dateStyle: 'medium', timeStyle: 'short' })),
    ...shown.map((key) => el('td', { class: 'num' }, () => number(p.scores[key])))));
  return el('section', { class: 'card' }, el('h2', {}, w('trend.title')), el('p', { class: 'advice' }, w(r.question ? 'trend.question' : 'trend.kind')), el('div', { class: 'table-wrap', tabindex: 0, role: 'region', 'aria-label': w('trend.title') },
    el('table', { class: 'sessions' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, w('trend.date')), ...shown.map((key) => el('th', { scope: 'col', class: 'num' }, w(`score.${key}`))))), el('tbody', {}, ...rows))));
}

function foot(words, actions) {
  return el('footer', {}, actions.length ? el('div', { class: 'actions' }, ...actions) : null,
    el('p', {}, words));
}
