// api.js - requests to the program on this machine, and small things all views use.
export const $ = (selector, root = document) => root.querySelector(selector);

export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error('Rehearse does not answer. Is it still running on this machine?');
  }
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw Object.assign(new Error(body.detail || body.error?.message || `The server answered ${response.status}.`), { status: response.status });
  }
  if (response.status === 204) return null;
  const type = response.headers.get('content-type') || '';
  return type.includes('json') ? response.json() : response.text();
}

export function announce(text) {
  $('#announce').textContent = text;
}

export function show(templateId) {
  const main = $('#main');
  main.replaceChildren($(`#${templateId}`).content.cloneNode(true));
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  return main;
}

export function notice(text, before = $('#main').firstChild) {
  const p = document.createElement('p');
  p.className = 'notice';
  p.role = 'alert';
  p.textContent = text;
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
