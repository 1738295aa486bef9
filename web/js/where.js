// where.js - where sound, picture and words go, as the server says; until it has said so, nothing is promised.
import { $, request } from './api.js';
import { attribute, put, w } from './words.js';

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;
let told = false;

export async function tellWhere() {
  if (told) return;
  const can = await request('v1/capabilities').catch(() => null);
  if (!can) return; // a token is asked for first, or the server is away
  told = true;
  const box = $('#where'), remote = can.llm?.remote, here = HERE.test(location.hostname);
  const program = here ? w('where.machine') : w('where.computer', { host: location.host }), values = { program, host: can.llm?.host, model: can.llm?.model };
  put($('span', box), w(remote ? 'where.sent' : here ? 'where.here' : 'where.alone', values));
  attribute(box, 'title', w(remote ? 'where.title_remote' : can.llm ? 'where.title_model' : 'where.title', values));
  box.classList.toggle('open', Boolean(remote));
  $('svg', box).style.display = remote ? 'none' : '';
  box.hidden = false;
}
