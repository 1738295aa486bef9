// api.js - requests to the program on this machine, and small things all views use.
import { attribute, el, language, put, said, t, translate, w } from './words.js';

export const $ = (selector, root = document) => root.querySelector(selector);

// An error in the page's own words; others are told by the server, in English.
export const fault = (key, values) => Object.assign(new Error(t(key, values)), { words: w(key, values) });

// Tells `what` in `node`: words of the page (a function), an error, or a sentence of the server.
export function tell(node, what) {
  const words = what?.words ?? what;
  if (words && typeof words !== 'function') return said(node, words.message ?? words);
  attribute(node, 'lang', () => null);
  put(node, words);
}

export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw fault('error.no_answer');
  }
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    const detail = body.detail || body.error?.message;
    throw Object.assign(detail ? new Error(detail) : fault('error.status', { status: response.status }), { status: response.status });
  }
  if (response.status === 204) return null;
  const type = response.headers.get('content-type') || '';
  return type.includes('json') ? response.json() : response.text();
}

export const announce = (words) => put($('#announce'), typeof words === 'function' ? words() : words); // once, not again in another language

export function show(templateId) {
  const main = $('#main');
  main.replaceChildren($(`#${templateId}`).content.cloneNode(true));
  translate(main);
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  return main;
}

export function notice(what, before = $('#main').firstChild) {
  const p = el('p', { class: 'notice', role: 'alert' });
  tell(p, what);
  $('#main').insertBefore(p, before);
}

// Choices that last: question filters, language, name.
const KEY = 'rehearse';
export const settings = new Proxy({}, {
  get: (_, name) => JSON.parse(localStorage.getItem(KEY) || '{}')[name],
  set: (_, name, value) => {
    localStorage.setItem(KEY, JSON.stringify({ ...JSON.parse(localStorage.getItem(KEY) || '{}'), [name]: value }));
    return true;
  },
});

// The language that is spoken: the person's choice, else that of what is asked: English for questions of the bank (`english`),
// the page's for one of their own.
export const spokenLanguage = (english) => settings.language || (english ? 'en' : language());
