// share.js - the part of a report that gives it to others: one file, or a link that can be withdrawn.
import { announce, request } from './api.js';
import { el, moment } from './report.js';

const DAY_S = 86400;
const LOCAL = /^(localhost|.*\.localhost|127\..*|\[::1\])$/;

const day = (unix) => moment(unix, { dateStyle: 'medium' });

export async function shareSection(id, media) {
  const base = `v1/sessions/${encodeURIComponent(id)}`;
  let { shares } = await request(`${base}/shares`);
  const status = el('p', { class: 'hint', role: 'status' });
  const list = el('ul', { class: 'links', 'aria-label': 'Links that work' });
  const made = el('div', { class: 'made' });
  const time = el('select', {}, ...[[1, '1 day'], [7, '7 days'], [30, '30 days'], [90, '90 days']].map(([n, name]) => el('option', { value: n, selected: n === 7 }, name)));
  const check = (text) => { const box = el('input', { type: 'checkbox' }); return [box, el('label', { class: 'check' }, box, ` ${text}`)]; };
  const [comments, commentsLabel] = check('They may comment on moments');
  const [sound, soundLabel] = check('They may hear the sound');

  const draw = () => list.replaceChildren(...shares.map((s) => el('li', {},
    el('span', {}, 'Made ', day(s.created), ', works until ', moment(s.expires, { dateStyle: 'medium', timeStyle: 'short' }), [s.comments && 'with comments', s.sound && 'with sound'].filter(Boolean).map((t) => `, ${t}`).join('')),
    el('button', { type: 'button', class: 'quiet', on: { click: () => revoke(s) } }, 'Revoke', el('span', { class: 'visually-hidden' }, ` link ${shares.indexOf(s) + 1}`)))));

  async function revoke(s) {
    try {
      await request(`${base}/shares/${encodeURIComponent(s.id)}`, { method: 'DELETE' });
      const place = shares.indexOf(s);
      shares = shares.filter((other) => other !== s);
      draw();
      if (made.dataset.id === s.id) made.replaceChildren();
      status.textContent = 'This link does not work any more.';
      (list.querySelectorAll('button')[Math.min(place, shares.length - 1)] || make).focus();
    } catch (e) { status.textContent = e.message; }
  }
  const show = (share) => {
    const url = new URL(share.url.slice(1), document.baseURI).href; // also under a path of a proxy
    const field = el('input', { type: 'text', readonly: true, value: url, 'aria-label': 'The link', on: { focus: () => field.select() } });
    const copy = el('button', { type: 'button', class: 'secondary', on: { click: async () => {
      field.select();
      const done = await navigator.clipboard?.writeText(url).then(() => true, () => false);
      status.textContent = done ? 'Copied.' : 'The browser does not let this page copy: press Ctrl+C, the link is selected.';
      if (done) announce('Copied');
      else field.focus();
    } } }, 'Copy');
    made.dataset.id = share.id;
    made.replaceChildren(field, copy);
    copy.focus();
  };
  const make = el('button', { type: 'submit', class: 'secondary' }, 'Make a link');
  const form = el('form', { class: 'share-form', on: { submit: async (e) => {
    e.preventDefault();
    try {
      const share = await request(`${base}/shares`, { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ expires_in_s: DAY_S * Number(time.value), comments: comments.checked, sound: sound.checked }) });
      shares = [...shares, share];
      draw();
      show(share);
      status.textContent = 'Copy the link now: it is not kept in a readable form and not shown again.';
    } catch (error) { status.textContent = error.message; }
  } } }, el('label', {}, 'Works for ', time), media ? soundLabel : null, commentsLabel, make);
  draw();
  const local = LOCAL.test(location.hostname);
  return el('section', { class: 'card share no-print' }, el('h2', {}, 'Share'),
    el('p', {}, el('a', { class: 'button secondary', href: `${base}/report?format=html&sound=1`, download: `rehearse-${id}.html` }, 'Download as one file')),
    el('p', { class: 'advice' }, media ? 'A web page with everything inside, the sound too: it opens anywhere, without Rehearse.' : 'A web page with everything inside: it opens anywhere, without Rehearse.'),
    el('h3', {}, 'A link to read it'),
    el('p', { class: 'advice' }, `Whoever has it sees this report and nothing else, until it expires or you revoke it. ${local ? 'It works where this Rehearse can be reached: just now you use it at an address of this computer alone.' : `It works for all who can reach ${location.host}.`}`),
    form, made, status, list);
}
