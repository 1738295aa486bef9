// about.js - after an attempt, what the bank has on its question: what a good answer
// shows, how somebody else might answer, and follow-ups to go on with.
const make = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

export function aboutQuestion(question) {
  return make('section', { className: 'card about' }, make('h2', { textContent: 'About this question' }),
    make('h3', { textContent: 'What a good answer shows' }), make('ul', {}, ...question.shows.map((s) => make('li', { textContent: s }))),
    make('details', { className: 'model no-print' }, make('summary', {}, make('h3', { textContent: 'How somebody else might answer' })),
      make('p', { className: 'advice', textContent: 'An invented person with an invented story. See how it is built, then tell your own.' }),
      make('blockquote', { textContent: question.model })));
}

// `next` is called with the text of a follow-up that is to be practised.
export function askedNext(question, next) {
  const followUp = (text) => make('li', {}, make('p', {}, text), ' ',
    make('button', { type: 'button', className: 'secondary no-print', textContent: 'Answer this next', ariaLabel: `Answer this next: ${text}`, onclick: () => next(text) }));
  return make('ul', { className: 'follow-ups' }, ...question.follow_ups.map(followUp));
}
