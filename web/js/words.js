// words.js - the page's words in the reader's language, and elements that keep them when it changes.
// The messages are in messages/LANGUAGE/, one key a line: page.json and report.json; sentences.json has what
// the server tells in English, by the format it is written with (docs/architecture.md, "The page's words").
// Inlined before report.js into exported reports, with the messages in an element of that page.
export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français' };

let now = { code: 'en', messages: {}, sentences: {}, known: new Map() };

export const language = () => now.code;

// What the reader chose, else the first of the browser's languages that there is.
export function pickLanguage(chosen) {
  const wanted = [chosen, ...(navigator.languages ?? [])].map((l) => l?.toLowerCase().split('-')[0]);
  return wanted.find((l) => Object.hasOwn(LANGUAGES, l)) ?? 'en';
}

// The browser's own kind of the language, so that dates and numbers are as the reader writes them.
const locale = () => (navigator.languages ?? []).find((l) => l.toLowerCase().split('-')[0] === now.code) ?? now.code;

export const number = (v, digits = 0) => (typeof v !== 'number' ? '–' : new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(v));
const plain = (v) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(v);
export const unit = (v, name) => new Intl.NumberFormat(locale(), { style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 1 }).format(v);
export const date = (unix, style) => new Intl.DateTimeFormat(locale(), style).format(new Date(unix * 1000));
const listed = (texts) => new Intl.ListFormat(locale(), { type: 'conjunction', style: 'long' }).format(texts);

export function languageName(code) {
  const name = new Intl.DisplayNames([locale(), 'en'], { type: 'language' }).of(code);
  return name.charAt(0).toLocaleUpperCase(locale()) + name.slice(1);
}

// A message; {name} in it are values: numbers, texts, or functions that give one. A message of several
// forms is chosen by the value n.
export function t(key, values = {}) {
  const message = now.messages[key];
  const text = typeof message === 'object' ? message[new Intl.PluralRules(now.code).select(values.n)] ?? message.other : message ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = typeof values[name] === 'function' ? values[name]() : values[name];
    return typeof value === 'number' ? plain(value) : value ?? '';
  });
}

export const has = (key) => Object.hasOwn(now.messages, key);

// The words themselves are asked for when they are shown, and again in another language.
export const w = (key, values) => () => t(key, values);

// ---- sentences of the server ----

const PART = /%(?:[-+ 0#]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:z|l|ll)?[dufgcs]|%)/g;
const quoted = (s) => s.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

function pattern(format) {
  const made = [];
  let at = 0, source = '';
  for (const m of format.matchAll(PART)) {
    source += quoted(format.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[0] === '%%') source += '%';
    else {
      const text = /[sc]$/.test(m[0]);
      source += text ? '(.*?)' : '([-+]?\\d+(?:\\.\\d+)?)';
      made.push(text ? 'text' : 'number');
    }
  }
  return { regex: new RegExp(`^${source}${quoted(format.slice(at))}$`, 's'), made };
}

let codes = null; // of languages, by their English names

function named(english) {
  if (!codes) {
    const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }), letters = [...'abcdefghijklmnopqrstuvwxyz'];
    codes = new Map(letters.flatMap((a) => letters.map((b) => [names.of(a + b), a + b])));
  }
  const code = codes.get(english);
  return code ? new Intl.DisplayNames([locale()], { type: 'language' }).of(code) : null;
}

// "Fillers, hedges and structure": all of them have to be known.
function list(text) {
  const parts = text.split(/, | and /).map((p) => sentence(p.charAt(0).toLowerCase() + p.slice(1)));
  return parts.length > 1 && !parts.includes(null) ? listed(parts) : null;
}

function value(text, kind) {
  if (kind === 'text') return sentence(text) ?? named(text) ?? list(text) ?? quotes(text);
  const digits = text.split('.')[1]?.length ?? 0;
  return (text.startsWith('+') ? '+' : '') + number(Number(text), digits);
}

// Examples of words: "maybe" and "I think".
const quotes = (text) => text.replace(/" and "/g, `" ${t('report.and')} "`);

// A sentence that the server told in English, in the reader's language; null: it is not known there.
export function sentence(text) {
  if (!text || now.code === 'en') return text;
  if (Object.hasOwn(now.sentences, text)) return now.sentences[text];
  if (now.known.has(text)) return now.known.get(text);
  now.patterns ??= Object.keys(now.sentences).filter((f) => f.includes('%')).sort((a, b) => b.length - a.length) // what says more goes first
    .map((f) => ({ ...pattern(f), to: now.sentences[f] }));
  let told = null;
  for (const { regex, made, to } of now.patterns) {
    const found = text.match(regex);
    if (!found) continue;
    const form = typeof to === 'object' ? to[new Intl.PluralRules(now.code).select(Number(found[1]))] ?? to.other : to;
    told = form.replace(/\{(\d+)(=?)\}/g, (_, n, as) => (as ? found[n] : value(found[n], made[n - 1]))); // {1=}: the person's own words
    break;
  }
  now.known.set(text, told);
  return told;
}

// ---- words in the document ----

const bound = new WeakMap(); // node: {'': its text, attribute: its value}, each a function

const write = (node, name, words) => {
  const text = words();
  if (!name) node.textContent = text;
  else if (text === null || text === undefined) node.removeAttribute(name);
  else node.setAttribute(name, text);
};

function bind(node, name, words) {
  if (!bound.has(node)) bound.set(node, {});
  bound.get(node)[name] = words;
  write(node, name, words);
}

// The text of a node: a function that is asked again in another language, or a text that stays.
export function put(node, words) {
  node.removeAttribute?.('data-t');
  if (typeof words === 'function') return bind(node, '', words);
  if (bound.has(node)) delete bound.get(node)[''];
  if (node.textContent !== (words ?? '')) node.textContent = words ?? '';
}

export const attribute = (node, name, words) => bind(node, name, words);

// What the server told: in the reader's language where there is a translation, else marked as English.
export function said(node, text) {
  put(node, () => sentence(text) ?? text);
  attribute(node, 'lang', () => (sentence(text) === null ? 'en' : null));
}

// An element. Attributes and children may be functions, as in put(); `said` is a sentence of the server.
export const el = (tag, attrs = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs)) {
    if (v === undefined || v === null || v === false) continue;
    if (k === 'on') for (const [event, fn] of Object.entries(v)) node.addEventListener(event, fn);
    else if (k === 'style') Object.assign(node.style, v);
    else if (k === 'said') said(node, v);
    else if (typeof v === 'function') attribute(node, k, v);
    else node.setAttribute(k, v === true ? '' : v);
  }
  node.append(...children.filter((c) => c !== undefined && c !== null).map((c) => {
    if (typeof c !== 'function') return c;
    const text = document.createTextNode('');
    put(text, c);
    return text;
  }));
  return node;
};

export const moment = (unix, style) => el('time', { datetime: new Date(unix * 1000).toISOString() }, () => date(unix, style));

// Fills what stands in HTML: data-t is the key of the text, data-t-NAME that of an attribute.
export function translate(root) {
  for (const node of [root, ...root.querySelectorAll('*')])
    for (const [name, key] of Object.entries(node.dataset ?? {})) {
      if (name === 't') node.textContent = t(key);
      else if (/^t[A-Z]/.test(name)) node.setAttribute(name.slice(1).replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).slice(1), t(key));
    }
}

// Everything shown is told anew, in its place: nothing else changes.
function retell() {
  document.documentElement.lang = now.code;
  translate(document.documentElement);
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes)
    for (const [name, words] of Object.entries(bound.get(node) ?? {})) write(node, name, words);
  document.dispatchEvent(new Event('language'));
}

// Charts and the like, which are drawn: `draw` as long as `node` is in the document.
export function onLanguage(node, draw) {
  const again = () => { if (node.isConnected) draw(); else document.removeEventListener('language', again); };
  document.addEventListener('language', again);
}

let title = null;
export function setTitle(words) {
  title = words;
  document.title = [words?.(), 'Rehearse'].filter(Boolean).join(' · ');
}

function use(code, { messages, sentences }) {
  now = { code, messages, sentences, known: new Map() };
  retell();
  if (title) setTitle(title);
}

// Reads the messages of a language and shows everything in it.
export async function setLanguage(code) {
  const read = async (file) => {
    const reply = await fetch(`messages/${code}/${file}.json`);
    if (!reply.ok) throw new Error(String(reply.status));
    return reply.json();
  };
  const [page, report, sentences] = await Promise.all([read('page'), read('report'), code === 'en' ? {} : read('sentences')]);
  use(code, { messages: { ...page, ...report }, sentences });
}

// In an exported report.
const inlined = document.getElementById('words');
if (inlined) {
  const all = JSON.parse(inlined.textContent), code = pickLanguage();
  use(code, { messages: all[code].report, sentences: all[code].sentences ?? {} });
}
