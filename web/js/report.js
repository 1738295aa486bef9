// report.js - draws a report (the JSON of /v1/sessions/{id}/report) into an element.
// Used by the page and, inlined, by exported reports: it imports nothing and
// finds the plotting library as window.uPlot.

export const el = (tag, attrs = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs)) {
    if (v === undefined || v === null || v === false) continue;
    if (k === 'on') for (const [event, fn] of Object.entries(v)) node.addEventListener(event, fn);
    else if (k === 'style') Object.assign(node.style, v);
    else node.setAttribute(k, v === true ? '' : v);
  }
  node.append(...children.filter((c) => c !== undefined && c !== null));
  return node;
};

export const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
// Dates and times as the reader writes them.
export const LOCALES = navigator.languages?.length ? [...navigator.languages] : undefined;
export const moment = (unix, style) => el('time', { datetime: new Date(unix * 1000).toISOString() }, new Intl.DateTimeFormat(LOCALES, style).format(new Date(unix * 1000)));
export const number = (v, digits = 0) => (v === null || v === undefined ? '–' : v.toFixed(digits));

export const SCORES = [
  ['overall', 'Overall', 'of 100'], ['clarity', 'Clarity', 'of 100'], ['fluency', 'Fluency', 'of 100'],
  ['pronunciation', 'Pronunciation', 'of 100'], ['prosody', 'Melody and rhythm', 'of 100'],
  ['pace', 'Pace', 'of 100'], ['fillers', 'Few fillers', 'of 100'], ['content', 'Content', 'of 100'],
  ['eye_contact', 'Eye contact', '% of the time'], ['attention', 'Facing the camera', 'of 100'],
  ['presence', 'Presence', 'of 100'],
];
const KINDS = {
  filler: ['Fillers', '--filler'], pause: ['Pauses', '--pause'], look_away: ['Looks away', '--gaze'],
  mispronounced: ['Unclear', '--mispron'], slip: ['Slips', '--repeat'], cue: ['Cues', '--playing'],
};

// `about`: what a bank has on the question; `asked`: what it has that is often asked next; `goal`, `attempts`, `share`:
// elements for their places; `videos`: parts of the video, {url, start}, else `audio` alone; `notes`: what can be done with notes
// (noteBoard()); `shared`: by which link it is seen.
export function renderReport(root, report, { audio = null, videos = null, about = null, asked = null, goal = null, attempts = null, share = null, notes = {}, shared = '', actions = [] } = {}) {
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
  const article = el('article', { class: 'report' }, shared ? el('p', { class: 'notice' }, shared) : null, head(report), goal, figures(report), points(report, context),
    timeline(report, context), transcript(report, context), board.card, attempts, structure(report, context), jobTerms(report, context), followUps(report, context, asked), languageModel(report, context), about,
    allScores(report), evidence(report, context), trend(report), share, foot(shared ? 'by Rehearse' : 'on this computer', actions));
  board.draw();
  root.replaceChildren(article);
  drawCharts(article, report, context);
  // When the language model has answered: its part alone is drawn anew.
  return { tellModel: (later) => article.querySelector('.llm')?.replaceWith(languageModel(later, context) ?? '') };
}

// Plays a session's parts one after the other; times are those of the session.
function screen(parts, tag = 'video') {
  let now = parts[0];
  const node = el(tag, { class: 'player', controls: true, playsinline: true, src: now.url, preload: 'metadata', 'aria-label': 'Your practice' });
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

function head(r) {
  const d = r.duration_s || 0;
  const meta = [d < 60 ? `${Math.round(d)} seconds` : `${clock(d)} minutes`, r.kind === 'role' ? 'about the work' : r.kind].filter(Boolean).map((t) => ` · ${t}`);
  if (!r.created) meta[0] = meta[0].slice(3);
  return el('header', {}, el('p', { class: 'meta' }, r.created ? moment(r.created, { dateStyle: 'long', timeStyle: 'short' }) : null, ...meta),
    el('h1', {}, r.title || r.question || 'Practice'), el('p', { class: 'summary' }, r.summary || ''),
    ...(r.notes || []).map((n) => el('p', { class: 'notice' }, n)));
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

const measureTile = (m) => el('li', { class: 'tile' }, el('span', {}, m.name), el('b', {}, m.text), ' ', el('small', {}, m.unit || ''),
  hasTarget(m) ? gauge(m) : null, el('span', { class: 'note' }, [m.note, m.target ? `target ${m.target}` : ''].filter(Boolean).join(' · ')));

// Two or three figures beside their targets; the rest is in allScores().
function figures(r) {
  const list = onTop(r);
  return list.length ? el('ul', { class: 'tiles figures', 'aria-label': 'Figures and their targets' }, ...list.map(measureTile)) : null;
}

function allScores(r) {
  const s = r.scores || {};
  const previous = (r.trend || []).filter((t) => t.id !== r.id).at(-1);
  const list = el('ul', { class: 'tiles', 'aria-label': 'Scores' });
  for (const [key, name, unit] of SCORES) {
    if (typeof s[key] !== 'number') continue;
    const before = previous?.scores?.[key];
    const change = typeof before === 'number' ? Math.round(s[key]) - Math.round(before) : 0;
    list.append(el('li', { class: 'tile' }, el('span', {}, name), el('b', {}, number(s[key])), ' ', el('small', {}, unit),
      el('div', { class: 'bar-track', 'aria-hidden': 'true' }, el('i', { style: { width: `${Math.max(0, Math.min(100, s[key]))}%` } })),
      change ? el('span', { class: 'change ' + (change > 0 ? 'up' : 'down') }, `${change > 0 ? '▲' : '▼'} ${Math.abs(change)} since last time`) : null));
  }
  const rest = el('ul', { class: 'tiles measures', 'aria-label': 'Other measures' }, ...(r.measures || []).filter((m) => !onTop(r).includes(m)).map(measureTile));
  const lists = [list, rest].filter((l) => l.childElementCount);
  return lists.length ? el('details', { class: 'card' }, el('summary', {}, el('h2', {}, 'All scores')), ...lists) : null;
}

const moments = (list, { hear, player }) => el('div', { class: 'moments' }, ...(list || []).map((m) =>
  el('button', { type: 'button', class: 'moment', on: { click: () => hear(m.start, m.end ?? m.start + 2) },
    title: player ? 'Hear this moment' : 'Show this moment' }, `${player ? '▶ ' : ''}${clock(m.start)}${m.text ? ' ' + m.text : ''}`)));

function points(r, context) {
  const column = (title, cls, items, none) => el('section', { class: 'card' }, el('h2', {}, title),
    items?.length ? el('ol', { class: 'points ' + cls }, ...items.map((p) => el('li', {}, el('h3', {}, p.title), el('p', {}, p.detail || ''),
      p.advice ? el('p', { class: 'advice' }, p.advice) : null, moments(p.moments, context))))
      : el('p', { class: 'advice' }, r.keep?.length || r.change?.length ? none : 'Too little was said to judge this.'));
  return el('div', { class: 'two' }, column('Keep doing', 'keep', r.keep, 'Nothing lay well enough within its target to be praised this time.'),
    column('Work on', 'change', r.change, 'Nothing to name this time.'));
}

// Notes on moments: a list, the same in the transcript and on the timeline, and where `add` is there a form.
// add({t, text, name?}) and remove(note) answer with promises; `named`: who writes is asked for a name.
function noteBoard(r, context, { add = null, remove = null, named = false } = {}) {
  const list = [...(r.moment_notes || [])];
  const lines = []; // of the transcript: {start, box}
  const board = { lines, lane: null, card: null, draw };
  if (!list.length && !add) return { ...board, draw() {} };
  const said = (n) => (n.author ? `${n.author}: ` : '') + (n.text || 'Bookmark');
  const items = el('ul', { class: 'notes' });
  const status = el('p', { class: 'advice', role: 'status' });

  function draw() {
    list.sort((a, b) => a.t - b.t);
    items.replaceChildren(...list.map((n) => el('li', {}, moments([{ start: n.t }], context), el('p', {}, n.author ? el('b', {}, n.author, ': ') : null, n.text || 'Bookmark'),
      remove ? el('button', { type: 'button', class: 'quiet no-print', 'aria-label': `Delete the note at ${clock(n.t)}`, on: { click: () => drop(n) } }, 'Delete') : null)));
    for (const [i, line] of lines.entries()) {
      const until = lines[i + 1]?.start ?? Infinity;
      line.box.replaceChildren(...list.filter((n) => n.t < until && (n.t >= line.start || i === 0)).map((n) => el('span', { class: 'note-line' }, `${clock(n.t)} ${said(n)}`)));
    }
    if (!board.lane) return;
    const length = Math.max(r.duration_s, 0.001);
    board.lane.replaceChildren(...list.map((n) => el('button', { type: 'button', title: `${clock(n.t)} ${said(n)}`, 'aria-label': `Note at ${clock(n.t)}: ${said(n)}`,
      style: { left: `${Math.min(99, 100 * n.t / length)}%`, background: 'var(--accent)' }, on: { click: () => context.hear(n.t, n.t + 2) } })));
    for (const node of [board.lane, board.lane.previousElementSibling]) node.hidden = !list.length;
  }
  async function drop(n) {
    try {
      await remove(n);
      const place = list.indexOf(n);
      list.splice(place, 1);
      draw();
      status.textContent = 'The note is deleted.';
      (items.querySelectorAll('button.quiet')[Math.min(place, list.length - 1)] || text).focus();
    } catch (e) { status.textContent = e.message; }
  }

  const at = el('input', { type: 'text', class: 'at', value: '0:00', inputmode: 'numeric', autocomplete: 'off', pattern: '\\s*(\\d+:[0-5]?\\d|\\d+)\\s*', title: 'Minutes and seconds, such as 1:05', required: true });
  const text = el('input', { type: 'text', maxlength: named ? 1000 : 500, autocomplete: 'off', required: named, placeholder: named ? '' : 'Empty: a bookmark' });
  const name = named ? el('input', { type: 'text', maxlength: 60, autocomplete: 'name', required: true }) : null;
  let chosen = false; // the moment, by hand
  at.addEventListener('input', () => { chosen = true; });
  const here = () => { chosen = false; at.value = clock(context.time()); };
  const form = add ? el('form', { class: 'note-form no-print', on: { submit: (e) => { e.preventDefault(); save(); } } },
    el('label', {}, 'At ', at), el('label', { class: 'grow' }, named ? 'Comment ' : 'Note ', text), name ? el('label', {}, 'Your name ', name) : null,
    el('button', { type: 'submit', class: 'secondary' }, named ? 'Send' : 'Add')) : null;
  async function save() {
    const [seconds, minutes = '0'] = at.value.trim().split(':').reverse();
    try {
      list.push(await add({ t: 60 * minutes + Number(seconds), text: text.value.trim(), ...(named ? { name: name.value.trim() } : {}) }));
      text.value = '';
      chosen = false;
      draw();
      status.textContent = named ? 'Your comment is sent.' : 'Noted.';
      text.focus();
    } catch (e) { status.textContent = e.message; }
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
  board.card = el('section', { class: 'card' }, el('h2', {}, named ? 'Comments' : 'Notes'),
    form ? el('p', { class: 'advice no-print' }, context.player ? 'Alt+N writes one at the moment that plays.' : 'Alt+N writes one at the moment looked at last.') : null, items, form, status);
  return board;
}

const CHARTS = [
  ['pace_wpm', 'Pace, words a minute', '--pace', [0, 250]],
  ['pace_cpm', 'Pace, characters a minute', '--pace', [0, 500]],
  ['pitch_st', 'Pitch, semitones around your own middle', '--pitch', null],
  ['loudness_db', 'Loudness, dB', '--loudness', null],
  ['eye_contact', 'Eye contact, %', '--gaze', [0, 100]],
];
const LEFT = 80; // px to the left of the time axis: as wide as the names of the lanes, so that all share it
const present = (a) => a && a.some((v) => v !== null);

function timeline(r, context) {
  const t = r.timeline || {};
  const any = CHARTS.some(([key]) => present(t[key]));
  if (!any && !(r.events || []).length) return null;
  const box = el('section', { class: 'card' }, el('h2', {}, 'Timeline'),
    el('p', { class: 'advice no-print' }, context.player ? 'Click a curve, a mark or a word to hear that moment.' : 'The sound of this practice was not kept, so marks show the words instead of playing them.'), context.player,
    el('div', { class: 'charts' }));
  const kinds = Object.keys(KINDS).filter((k) => (r.events || []).some((e) => e.kind === k));
  const lanes = el('div', { class: 'lanes' });
  for (const kind of kinds) {
    const [name, shade] = KINDS[kind];
    const lane = el('div', { class: 'lane', role: 'group', 'aria-label': name });
    for (const e of r.events.filter((x) => x.kind === kind)) {
      const length = Math.max(r.duration_s, 0.001);
      lane.append(el('button', { type: 'button', title: `${clock(e.start)} ${e.text || name}`, 'aria-label': `${e.text || name} at ${clock(e.start)}`,
        style: { left: `${Math.min(99, 100 * e.start / length)}%`, width: `${100 * Math.max(0, Math.min(e.end, length) - e.start) / length}%`, background: `var(${shade})`, outline: '1px solid var(--edge)' },
        on: { click: () => context.hear(e.start, e.end) } }));
    }
    lanes.append(el('span', {}, name), lane);
  }
  if (context.board.card) {
    context.board.lane = el('div', { class: 'lane', role: 'group', 'aria-label': 'Notes' });
    lanes.append(el('span', {}, 'Notes'), context.board.lane);
  }
  box.append(lanes);
  return box;
}

function drawCharts(article, r, context) {
  const holder = article.querySelector('.charts');
  const t = r.timeline || {};
  if (!holder || !window.uPlot) return;
  const step = t.step_s || 1;
  for (const [key, name, shade, range] of CHARTS) {
    if (!present(t[key])) continue;
    const values = t[key];
    const known = values.filter((v) => v !== null);
    const box = el('div', { class: 'chart', role: 'img', 'aria-label': `${name}: from ${number(Math.min(...known))} to ${number(Math.max(...known))}` }, el('h3', {}, name));
    holder.append(box);
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
    const plot = new window.uPlot({
      width: box.clientWidth || 600, height: 110, legend: { show: false },
      cursor: { y: false, sync: { key: 'report' }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [0, Math.max(r.duration_s, step)] }, y: range ? { range } : {} },
      padding: [8, 0, 0, 0],
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600], values: (u, ticks) => ticks.map((at) => (at > 0.97 * u.scales.x.max ? '' : clock(at))), size: 26 }, { ...axis, size: LEFT }],
      series: [{}, { stroke: colour(shade), width: 2, points: { show: known.length < 3 }, spanGaps: false }],
      hooks: { init: [(u) => u.over.addEventListener('click', () => { const x = u.posToVal(u.cursor.left, 'x'); context.hear(x, x + 3); })] },
    }, [values.map((_, i) => (i + 0.5) * step), values], box);
    if (window.ResizeObserver) new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 110 })).observe(box);
  }
}

export function transcript(r, { hear, words, board = { lines: [] } }) {
  if (!(r.transcript || []).length) return null;
  const body = el('div', { class: 'transcript' });
  const marks = new Set();
  const bare = r.analysis?.pace_unit === 'characters'; // written without blanks
  const latin = /[\p{Script=Latin}\d]/u;
  let before = '';
  const blank = (text) => { const yes = !bare || (latin.test(before.at(-1) ?? '') && latin.test(text[0] ?? '')); before = text; return yes; };
  for (const part of r.transcript) {
    const line = el('p', {}, el('time', {}, clock(part.start)));
    for (const w of part.words || []) {
      if (w.mark === 'pause') {
        marks.add('pause');
        line.append(' ', el('span', { class: 'mark-pause', title: w.note }, `${(w.end - w.start).toFixed(1)} s`), bare ? ' ' : '');
        continue;
      }
      if (w.mark) marks.add(w.mark);
      const lost = w.mark === 'missed';
      const node = el(lost ? 'del' : 'span', { class: 'word' + (w.mark ? ' mark-' + w.mark : '') + (w.heard ? ' heard' : ''), title: w.note, on: { click: () => hear(w.start, w.end) } }, w.text);
      if (!lost) words.push({ node, start: w.start, end: w.end });
      line.append(blank(w.text) ? ' ' : '', node);
    }
    if (!(part.words || []).length) line.append(part.text);
    body.append(line);
    const box = el('p', { class: 'note-lines' });
    board.lines.push({ start: part.start, box });
    body.append(box);
  }
  const names = { filler: 'Filler word', pause: 'Long pause', mispronounced: 'Unclear word', repeat: 'Said twice', false_start: 'Begun anew', cutoff: 'Cut off', drawn: 'Drawn out', missed: 'Left out of the text', added: 'Not in the text', replaced: 'Another word than in the text' };
  const legend = el('ul', { class: 'legend' }, ...[...marks].filter((m) => names[m]).map((m) =>
    el('li', {}, el('span', { class: 'sample mark-' + m }, m === 'pause' ? '1.2 s' : 'word'), names[m])));
  return el('section', { class: 'card' }, el('h2', {}, 'What you said'), legend, body);
}

function structure(r, context) {
  const parts = r.structure?.parts;
  if (!parts?.length) return null;
  const list = el('dl', { class: 'star' }, ...parts.map((p) => el('div', { class: p.present ? '' : 'missing' }, el('dt', {}, p.name),
    el('dd', {}, p.present ? moments(p.sentences, context) : (p.advice || 'Not found in this answer.')))));
  return el('section', { class: 'card' }, el('h2', {}, 'Structure of your answer'), r.structure.note ? el('p', { class: 'advice' }, r.structure.note) : null, list);
}

// What may be asked next: from the answer's own words, and from the bank.
function followUps(r, context, asked) {
  const own = r.follow_ups?.length ? [el('h3', {}, 'After this answer'),
    el('ol', { class: 'ask-next' }, ...r.follow_ups.map((f) => el('li', {}, el('p', {}, f.text), f.quote ? moments([{ start: f.start, end: f.end, text: f.quote }], context) : null))),
    el('p', { class: 'advice' }, 'Found by rules in your own words.')] : [];
  const often = asked ? [el('h3', {}, 'After this question, whatever was answered'), asked] : [];
  if (!own.length && !often.length) return null;
  return el('section', { class: 'card next' }, el('h2', {}, 'What an interviewer might ask next'), ...own, ...often,
    el('p', { class: 'advice' }, 'Answer them aloud: the next real interview has questions like these.'));
}

// Words of the pasted ad and CV that this answer has, with their moments, and those it has not.
function jobTerms(r, context) {
  const terms = r.job_terms?.terms || [], said = terms.filter((t) => t.times > 0);
  if (!terms.length) return null;
  const sources = [['job_ad', 'Job ad'], ['cv', 'CV']].filter(([from]) => terms.some((t) => t.from === from)), both = sources.length > 1;
  const missed = sources.map(([from, name]) => [name, terms.filter((t) => t.from === from && !t.times).map((t) => t.text).join(', ')]).filter(([, texts]) => texts);
  const part = (title, how, ...children) => el('div', { class: how }, el('dt', {}, title), el('dd', {}, ...children));
  return el('section', { class: 'card terms' }, el('h2', {}, both ? 'Terms of the job ad and the CV' : `Terms of the ${sources[0][0] === 'cv' ? 'CV' : 'job ad'}`),
    el('dl', { class: 'star' },
      part(`In this answer: ${said.length} of ${terms.length}`, '', said.length ? moments(said.map((t) => ({ start: t.start, end: t.end, text: t.times > 1 ? `${t.text} (${t.times} times)` : t.text })), context) : 'None of them.'),
      missed.length ? part('Not in this answer', 'missing', ...missed.map(([name, texts]) => el('div', {}, both ? `${name}: ${texts}` : texts))) : null),
    el('p', { class: 'advice' }, 'Found by the words alone: what you said in other words counts as missing here. One answer need not have all of them.'));
}

const RUBRIC = { answered_question: 'Answers the question', structure: 'Structure', specificity: 'Specific', impact: 'Impact', reflection: 'Reflection' };

// What a language model added: apart from what was measured, and always with the words it rests on.
function languageModel(r, context) {
  const m = r.llm;
  if (!m || m.state === 'off') return null;
  const box = el('section', { class: 'card llm', 'aria-busy': m.state === 'asked' && 'true' }, el('h2', {}, `What ${m.model} says`));
  const quoted = (x) => moments([{ start: x.start, end: x.end, text: `“${x.quote}”` }], context);
  const part = (title, list, text) => (list.length ? box.append(el('h3', {}, title), el('ul', {}, ...list.map((x) => el('li', {}, el('p', {}, text(x)), quoted(x))))) : null);
  if (m.state === 'asked') box.append(el('p', { class: 'advice' }, 'It is reading your answer. Everything else here is ready and does not wait for it.'));
  else if (m.state !== 'done') box.append(el('p', { class: 'advice' }, `It added nothing: ${m.reason}. Everything else here was found by rules.`));
  if (m.state !== 'done') return box;
  box.append(el('p', { class: 'advice' }, 'The opinion of a language model, which may be wrong. Each remark stays beside your own words; what it could not quote was left out.'));
  part('Your answer, 1 to 5', m.rubric || [], (x) => `${RUBRIC[x.name] || x.name}: ${x.score} of 5. ${x.text}`);
  part('To the question', m.relevance ? [m.relevance] : [], (x) => x.text);
  part('It would ask next', m.follow_ups || [], (x) => x.text);
  part('One sentence, said otherwise', m.rewrite ? [m.rewrite] : [], (x) => x.text);
  return box;
}

function evidence(r, context) {
  const items = Object.entries(r.evidence || {}).filter(([key, list]) => list.length || r.advice?.[key]);
  if (!items.length) return null;
  const name = (key) => SCORES.find(([k]) => k === key)?.[1] || key[0].toUpperCase() + key.slice(1).replaceAll('_', ' ');
  return el('details', { class: 'card' }, el('summary', {}, el('h2', {}, 'What the scores rest on')),
    el('p', { class: 'advice' }, 'What was measured, and how many points of 100 each part cost or gave.'), el('ul', { class: 'evidence' }, ...items.map(([key, list]) =>
    el('li', {}, el('h3', {}, name(key)), r.advice?.[key] ? el('p', {}, r.advice[key]) : null, el('ul', {}, ...list.map((e) => el('li', {}, e.text, e.moments ? moments(e.moments, context) : null)))))));
}

function trend(r) {
  const past = (r.trend || []).filter((t) => t.scores);
  if (past.length < 2) return null;
  const shown = SCORES.filter(([key]) => !['attention', 'presence'].includes(key) && past.some((t) => typeof t.scores[key] === 'number')); // told by eye contact
  const rows = past.slice(-8).map((t) => el('tr', {}, el('th', { scope: 'row' }, moment(t.created, { dateStyle: 'medium', timeStyle: 'short' })),
    ...shown.map(([key]) => el('td', { class: 'num' }, number(t.scores[key])))));
  return el('section', { class: 'card' }, el('h2', {}, 'Compared with earlier practice'), el('p', { class: 'advice' }, r.question ? 'Answers to this question and to questions of its kind.' : 'Answers to questions of this kind.'), el('div', { class: 'table-wrap', tabindex: 0, role: 'region', 'aria-label': 'Compared with earlier practice' },
    el('table', { class: 'sessions' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Date'), ...shown.map(([, name]) => el('th', { scope: 'col', class: 'num' }, name)))), el('tbody', {}, ...rows))));
}

function foot(where, actions) {
  return el('footer', {}, actions.length ? el('div', { class: 'actions' }, ...actions) : null,
    el('p', {}, `Measured ${where} from what could be seen and heard. It says nothing about personality, feelings or who should be hired.`));
}
