// where.js - where sound, picture and words go, as the server says; until it has said so, nothing is promised.
import { $, request } from './api.js';

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;
let told = false;

export async function tellWhere() {
  if (told) return;
  const can = await request('v1/capabilities').catch(() => null);
  if (!can) return; // a token is asked for first, or the server is away
  told = true;
  const box = $('#where'), remote = can.llm?.remote, here = HERE.test(location.hostname);
  const program = here ? 'this machine' : `the computer ${location.host}`;
  $('span', box).textContent = remote ? `What you say is sent to ${can.llm.host}` : here ? 'Nothing leaves this machine' : `Goes to ${program} alone`;
  box.title = `Sound and picture go from this browser to the Rehearse program on ${program}`
    + (remote ? `. The words of your answers go on to the language model ${can.llm.model} at ${can.llm.host}.`
      : can.llm ? `, and the words of your answers to the language model ${can.llm.model} there; no further.` : ', and no further.');
  box.classList.toggle('open', Boolean(remote));
  $('svg', box).style.display = remote ? 'none' : '';
  box.hidden = false;
}
