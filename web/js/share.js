// share.js - the part of a report that gives it to others: one file, or a link that can be withdrawn.
import { announce, request, tell } from './api.js';
import { isMentor, mayShareWithMentor } from './signin.js';
import { date, el, put, unit, w } from './words.js';

const DAY_S = 86400;
const LOCAL = /^(localhost|.*\.localhost|127\..*|\[::1\])$/;

export async function shareSection(id, media, video) {
  if (isMentor()) return null;
  const base = `v1/sessions/${encodeURIComponent(id)}`;
  let { shares } = await request(`${base}/shares`);
  const status = el('p', { class: 'hint', role: 'status' });
  const list = el('ul', { class: 'links', 'aria-label': w('share.links') });
  const made = el('div', { class: 'made' });
  const time = el('select', {}, ...[1, 7, 30, 90].map((n) => el('option', { value: n, selected: n === 7 }, () => unit(n, 'day'))));
  const check = (words) => { const box = el('input', { type: 'checkbox' }); return [box, el('label', { class: 'check' }, box, ' ', words)]; };
  const [comments, commentsLabel] = check(w('share.may_comment'));
  const [sound, soundLabel] = check(w('share.may_hear'));
  const [film, filmLabel] = check(w('share.may_see'));
  const mentor = el('input', { type: 'text', maxlength: 64, autocomplete: 'off', spellcheck: false });

  const draw = () => list.replaceChildren(...shares.map((s) => el('li', {},
    el('span', {}, w('share.made', { made: () => date(s.created, { dateStyle: 'medium' }), until: () => date(s.expires, { dateStyle: 'medium', timeStyle: 'short' }) }),
      ...(s.with ? [', ', w('share.for', { name: s.with })] : []),
      ...[s.comments && 'share.with_comments', s.sound && 'share.with_sound', s.video && 'share.with_video'].filter(Boolean).flatMap((key) => [', ', w(key)])),
    el('button', { type: 'button', class: 'quiet', on: { click: () => revoke(s) } }, w('share.revoke'), el('span', { class: 'visually-hidden' }, ' ', w('share.link_n', { n: shares.indexOf(s) + 1 }))))));

  async function revoke(s) {
    try {
      await request(`${base}/shares/${encodeURIComponent(s.id)}`, { method: 'DELETE' });
      const place = shares.indexOf(s);
      shares = shares.filter((other) => other !== s);
      draw();
      if (made.dataset.id === s.id) made.replaceChildren();
      put(status, w('share.revoked'));
      (list.querySelectorAll('button')[Math.min(place, shares.length - 1)] || make).focus();
    } catch (e) { tell(status, e); }
  }
  const show = (share) => {
    const url = new URL(share.url.replace(/^.*\/(?=shared\/)/, ''), document.baseURI).href; // also under a path of a proxy
    const field = el('input', { type: 'text', readonly: true, value: url, 'aria-label': w('share.link'), on: { focus: () => field.select() } });
    const copy = el('button', { type: 'button', class: 'secondary', on: { click: async () => {
      field.select();
      const done = await navigator.clipboard?.writeText(url).then(() => true, () => false);
      put(status, w(done ? 'share.copied' : 'share.not_copied'));
      if (done) announce(w('share.copied'));
      else field.focus();
    } } }, w('share.copy'));
    made.dataset.id = share.id;
    made.replaceChildren(field, copy);
    copy.focus();
  };
  const make = el('button', { type: 'submit', class: 'secondary' }, w('share.make'));
  const form = el('form', { class: 'share-form', on: { submit: async (e) => {
    e.preventDefault();
    try {
      const share = await request(`${base}/shares`, { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ expires_in_s: DAY_S * Number(time.value), comments: comments.checked, sound: sound.checked, video: film.checked, with: mentor.value.trim() || null }) });
      shares = [...shares, share];
      draw();
      if (share.url) show(share);
      else made.replaceChildren();
      put(status, share.url ? w('share.copy_now') : w('share.mentor_sees', { name: share.with }));
      mentor.value = '';
    } catch (error) { tell(status, error); }
  } } }, el('label', {}, w('share.works_for'), ' ', time), media ? soundLabel : null, video ? filmLabel : null, commentsLabel,
    mayShareWithMentor() ? el('label', {}, w('share.mentor'), ' ', mentor) : null, make);
  draw();
  const local = LOCAL.test(location.hostname);
  return el('section', { class: 'card share no-print' }, el('h2', {}, w('share.title')),
    el('p', {}, el('a', { class: 'button secondary', href: `${base}/report?format=html&sound=1&video=1`, download: `rehearse-${id}.html` }, w('share.download'))),
    el('p', { class: 'advice' }, w(video ? 'share.one_file_video' : media ? 'share.one_file_sound' : 'share.one_file')),
    el('h3', {}, w('share.link_title')),
    el('p', { class: 'advice' }, w('share.whoever'), ' ', local ? w('share.local') : w('share.reach', { host: location.host })),
    form, made, status, list);
}
