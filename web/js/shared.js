// shared.js - a report for somebody who has a link to it: its sound, its video and a form for comments,
// where whoever made the link allows them. Inlined behind report.js, without its imports.
import { date, t, w } from './words.js';

export function openShared(main, told, render) {
  const base = location.pathname.replace(/\/$/, '');
  const until = () => date(told.shared.expires, { dateStyle: 'long' });
  const add = async (note) => {
    const reply = await fetch(`${base}/comments`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(note), credentials: 'omit' })
      .catch(() => { throw new Error(t('shared.no_answer')); });
    const body = await reply.json().catch(() => ({}));
    if (!reply.ok) throw new Error(reply.status === 404 ? t('shared.gone') : body.detail || t('shared.status', { status: reply.status }));
    return body;
  };
  render(main, told, {
    audio: told.shared.sound ? `${base}/media` : null,
    videos: told.videos?.map((v) => ({ ...v, url: `${base}/video?part=${v.part}` })),
    notes: told.shared.comments ? { add, named: true } : {},
    shared: w(told.shared.comments ? 'shared.notice_comments' : 'shared.notice', { until }),
  });
}
