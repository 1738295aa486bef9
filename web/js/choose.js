// choose.js - the first card of the first view: which question is asked, and what a good
// answer to it shows. Follow-ups and the answer of somebody else wait for the report.
import { $, announce, settings } from './api.js';
import { COMMON, nameOfRole, pool } from './bank.js';
import { attribute, el, language, put, w } from './words.js';

const KINDS = ['opening', 'behavioural', 'situational', 'role', 'closing'];

// `shared.own` is a text that another view proposes, `shared.picked` the question of the bank.
export function choose(bank, shared) {
  const role = $('#role'), kind = $('#kind'), list = $('#pick'), own = $('#own'), opener = $('#shows'), shows = $('#good');
  const fill = (select, options, saved) => {
    select.append(el('option', { value: '' }, w('choose.any')), ...options.map(([value, words]) => el('option', { value }, words)));
    if (options.some(([value]) => value === saved)) select.value = saved;
  };
  put($('#bank-language'), w('setup.english'));
  attribute($('#bank-language'), 'hidden', () => (language() === 'en' ? '' : null));
  fill(role, bank.roles.map((r) => [r.id, () => nameOfRole(r.id, r.name)]), settings.role);
  fill(kind, KINDS.map((k) => [k, w(`kind.${k}`)]), settings.kind);

  const ask = () => {
    const typed = own.value.trim();
    put($('#question'), typed || shared.picked.text);
    $('#question').toggleAttribute('lang', !typed);
    if (!typed) $('#question').lang = 'en';
    put($('#tip'), w(typed ? 'tip.own' : `tip.${shared.picked.kind}`));
    list.value = shared.picked.id;
    opener.hidden = Boolean(typed);
    shows.hidden = opener.hidden || opener.ariaExpanded !== 'true';
    shows.replaceChildren(...shared.picked.shows.map((s) => el('li', { lang: 'en' }, s)));
  };
  const listed = () => {
    const parts = bank.roles.filter((r) => !role.value || r.id === role.value || r.id === COMMON);
    parts.sort((a, b) => (b.id === role.value) - (a.id === role.value)); // the role's own first
    list.replaceChildren(...parts.map((r) => {
      const group = el('optgroup', { label: () => nameOfRole(r.id, r.name) });
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
    if (spoken && !fits) announce(w('choose.none'));
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
  return typed ? { text: typed, kind: 'own' } : { text: shared.picked.text, kind: shared.picked.kind, bank: true };
}
