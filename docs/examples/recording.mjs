// A recording's report from JavaScript: node recording.mjs interview.mp4   (Node 18 or newer, nothing to install)
import { readFile } from 'node:fs/promises';
const server = 'http://localhost:8000';
const form = new FormData();
form.append('file', new Blob([await readFile(process.argv[2])]), process.argv[2]);
let session = await (await fetch(`${server}/v1/sessions`, { method: 'POST', body: form })).json();
while (session.state === 'queued' || session.state === 'analysing') {
  await new Promise((again) => setTimeout(again, 500));
  session = await (await fetch(`${server}/v1/sessions/${session.id}`)).json();
}
if (session.state !== 'done') throw new Error(session.error ?? session.detail);
console.log(await (await fetch(`${server}/v1/sessions/${session.id}/report?format=md`)).text());
