// shared.js - a report for somebody who has a link to it: its sound and a form for comments,
// where whoever made the link allows them. Inlined behind report.js; it imports nothing.
export function openShared(main, told, render) {
  const base = location.pathname.replace(/\/$/, '');
  const until = new Date(told.shared.expires * 1000).toLocaleDateString(navigator.languages?.length ? [...navigator.languages] : undefined, { dateStyle: 'long' });
  const add = async (note) => {
    const reply = await fetch(`${base}/comments`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(note), credentials: 'omit' })
      .catch(() => { throw new Error('Rehearse does not answer. Try again later.'); });
    const body = await reply.json().catch(() => ({}));
    if (!reply.ok) throw new Error(reply.status === 404 ? 'This link does not work any more.' : body.detail || `The server answered ${reply.status}.`);
    return body;
  };
  render(main, told, {
    audio: told.shared.sound ? `${base}/media` : null,
    notes: told.shared.comments ? { add, named: true } : {},
    shared: `You see this by a link that works until ${until}.${told.shared.comments ? ' What you comment goes to the person who practised.' : ''}`,
  });
}
