// about.js - after an attempt, what the bank has on its question: what a good answer
// shows, how somebody else might answer, and follow-ups to go on with.
import { el, w } from './words.js';

const ENGLISH = 'en'; // the bank's own words

export function aboutQuestion(question) {
  return el('section', { class: 'card about' }, el('h2', {}, w('about.title')),
    el('h3', {}, w('about.shows')), el('ul', { lang: ENGLISH }, ...question.shows.map((s) => el('li', {}, s))),
    el('details', { class: 'model no-print' }, el('summary', {}, el('h3', {}, w('about.model'))),
      el('p', { class: 'advice' }, w('about.invented')),
      el('blockquote', { lang: ENGLISH }, question.model)));
}

// `next` is called with the text of a follow-up that is to be practised.
export function askedNext(question, next) {
  const followUp = (text) => el('li', {}, el('p', { lang: ENGLISH }, text), ' ',
    el('button', { type: 'button', class: 'secondary no-print', 'aria-label': w('about.next_label', { question: text }), on: { click: () => next(text) } }, w('about.next')));
  return el('ul', { class: 'follow-ups' }, ...question.follow_ups.map(followUp));
}
