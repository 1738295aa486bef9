// choose.js - the first card of the first view: which question is asked, and what a good
// answer to it shows. Follow-ups and the answer of somebody else wait for the report.
import { $, announce, settings } from './api.js';
import { COMMON, pool } from './bank.js';

const KINDS = { opening: 'Opening', behavioural: 'Behavioural', situational: 'Situational', role: 'About the work', closing: 'Closing' };

// What a good answer has, by the kind of question.
const TIPS = {
  opening: 'One thing, and the moment that shows it: one minute is enough.',
  behavioural: 'Tell one story: situation and task in two sentences, what you did, what came of it.',
  situational: 'Say what you would find out first, then what you would do, and why in this order.',
  role: 'Think aloud: what you assume, the choices there are, which one you take.',
  closing: 'Short and warm: what you take from this talk, and what you would like to know.',
};

// `shared.own` is a text that another view proposes, `shared.picked` the question of the bank.
export function choose(bank, shared) {
  const role = $('#role'), kind = $('#kind'), list = $('#pick'), own = $('#own'), opener = $('#shows'), shows = $('#good');
  const fill = (select, options, saved) => {
    select.append(new Option('Any', ''), ...options.map(([value, name]) => new Option(name, value)));
    if (options.some(([value]) => value === saved)) select.value = saved;
  };
  fill(role, bank.roles.map((r) => [r.id, r.name]), settings.role);
  fill(kind, Object.entries(KINDS), settings.kind);

  const ask = () => {
    const typed = own.value.trim();
    $('#question').textContent = typed || shared.picked.text;
    $('#tip').textContent = typed ? 'Answer it as if somebody had asked: begin with the answer, then the reasons.' : TIPS[shared.picked.kind] || '';
    list.value = shared.picked.id;
    opener.hidden = Boolean(typed);
    shows.hidden = opener.hidden || opener.ariaExpanded !== 'true';
    shows.replaceChildren(...shared.picked.shows.map((s) => Object.assign(document.createElement('li'), { textContent: s })));
  };
  const listed = () => {
    const parts = bank.roles.filter((r) => !role.value || r.id === role.value || r.id === COMMON);
    parts.sort((a, b) => (b.id === role.value) - (a.id === role.value)); // the role's own first
    list.replaceChildren(...parts.map((r) => {
      const group = Object.assign(document.createElement('optgroup'), { label: r.name });
      group.append(...r.questions.filter((q) => !kind.value || q.kind === kind.value).map((q) => new Option(q.text, q.id)));
      return group;
    }).filter((group) => group.childElementCount));
    if (shared.picked && ![...list.options].some((o) => o.value === shared.picked.id)) // chosen before, under another role
      list.prepend(new Option(shared.picked.text, shared.picked.id));
  };
  const draw = (spoken) => {
    const { fits, questions } = pool(bank, role.value, kind.value);
    const others = questions.filter((q) => q !== shared.picked);
    const from = others.length ? others : questions;
    shared.picked = from[Math.floor(Math.random() * from.length)];
    listed();
    ask();
    if (spoken && !fits) announce('No question of that kind in this field; here is another of the field.');
  };
  for (const select of [role, kind]) select.addEventListener('change', () => { settings[select.id] = select.value; draw(true); });
  $('#another').addEventListener('click', () => draw(true));
  list.addEventListener('change', () => {
    shared.picked = bank.questions.find((q) => q.id === list.value);
    own.value = ''; // what was chosen last is asked
    ask();
  });
  opener.addEventListener('click', () => {
    opener.ariaExpanded = String(opener.ariaExpanded !== 'true');
    ask();
  });
  own.addEventListener('input', ask);
  if (shared.own) own.value = shared.own;
  shared.own = '';
  if (!shared.picked) return draw(false);
  listed();
  ask();
}

// What is to be asked: {text, kind}.
export function chosen(shared) {
  const typed = $('#own').value.trim();
  return typed ? { text: typed, kind: 'own' } : { text: shared.picked.text, kind: shared.picked.kind };
}
