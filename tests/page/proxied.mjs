// proxied.mjs - the page under a path of nginx (deploy/nginx.conf.example), where a token is asked for.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, helpers, root, Server, test, work } from './harness.mjs';

const PLACE = '/coach/';
const TOKEN = 'sesame-street';

async function nginx(to) {
  const port = await freePort();
  const folder = join(work, 'nginx');
  mkdirSync(folder, { recursive: true });
  const site = readFileSync(join(root, 'deploy/nginx.conf.example'), 'utf8').replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
    .replace(/ *ssl_certificate.*\n/g, '').replace('127.0.0.1:8000', `127.0.0.1:${to}`).replace('location / {', `location ${PLACE} {`);
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${kind};\n`).join('');
  writeFileSync(join(folder, 'config'), `daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n${places}${site}}\n`);
  const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
  if (!program) throw new Error('no nginx: tools/setup test installs it');
  const proxy = spawn(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'config')], { stdio: 'ignore' });
  helpers.add(proxy);
  const url = `http://127.0.0.1:${port}${PLACE}`;
  for (let i = 0; i < 100 && !await fetch(`${url}health`).then((r) => r.ok, () => false); i++) await new Promise((r) => setTimeout(r, 100));
  return { url, stop: () => { helpers.delete(proxy); proxy.kill(); } };
}

async function keepRecording(url) {
  const form = new FormData();
  form.append('file', new Blob([readFileSync(join(root, 'tests/fixtures/jfk.flac'))]), 'jfk.flac');
  form.append('keep_media', 'true');
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { id } = await (await fetch(`${url}v1/sessions`, { method: 'POST', body: form, headers })).json();
  for (let i = 0; i < 300; i++) {
    if ((await (await fetch(`${url}v1/sessions/${id}`, { headers })).json()).state === 'done') return id;
    await new Promise((r) => setTimeout(r, 200));
  }
  throw new Error('the recording is not analysed after 60 s');
}

export async function proxied({ open, errors }) {
  const server = new Server(await freePort());
  server.data = join(work, 'proxied');
  server.env = { REHEARSE_TOKENS: TOKEN };
  await server.up();
  const proxy = await nginx(server.port);
  const page = await open();
  const asked = [];
  page.on('request', (r) => asked.push(new URL(r.url())));
  page.on('websocket', (w) => asked.push(new URL(w.url())));

  await test('under a path of a proxy the page asks for the token and practises', async () => {
    await page.goto(proxy.url);
    await page.fill('#token', TOKEN);
    await page.click('#token-form button');
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:05');
    await page.click('#finish');
    await page.waitForSelector('article.report', { timeout: 60000 });
    const [cookie] = await page.context().cookies(proxy.url);
    assert.deepEqual([cookie.name, cookie.path, cookie.sameSite], ['rehearse_token', PLACE, 'Strict']);
    assert.ok(asked.some((u) => u.protocol === 'ws:' && u.pathname.startsWith(`${PLACE}v1/session/`)));
    const astray = asked.filter((u) => /^(http|ws)/.test(u.protocol) && !u.pathname.startsWith(PLACE));
    assert.deepEqual(astray.map(String), []);
  });

  await test('kept sound can be sought and plays on from there', async () => {
    const id = await keepRecording(proxy.url);
    const parts = [];
    page.on('response', (r) => { if (r.url().endsWith('/media')) parts.push(r.status()); });
    await page.goto(`${proxy.url}#/report/${id}`);
    await page.waitForSelector('article.report audio');
    const at = await page.evaluate(async () => {
      const player = document.querySelector('audio');
      const next = (event) => new Promise((done) => player.addEventListener(event, done, { once: true }));
      if (player.readyState < 1) await next('loadedmetadata');
      const sought = next('seeked');
      player.currentTime = 7;
      await sought;
      const began = player.currentTime;
      await player.play();
      await new Promise((done) => { player.ontimeupdate = () => { if (player.currentTime > began + 0.3) done(); }; });
      return { began, end: player.seekable.end(0), length: player.duration };
    });
    assert.ok(Math.abs(at.began - 7) < 0.1, `sought to ${at.began} s`);
    assert.ok(Math.abs(at.end - at.length) < 0.1 && Math.abs(at.length - 11) < 0.2, JSON.stringify(at));
    assert.ok(parts.length && parts.every((status) => status === 206), String(parts));
  });

  await test('the list of endpoints and an exported report work there too', async () => {
    errors.splice(0); // the requests before the token
    await page.goto(`${proxy.url}docs`);
    await page.waitForSelector('main details');
    const id = (await page.evaluate(async (url) => (await (await fetch(`${url}v1/sessions`)).json()).sessions, proxy.url))[0].id;
    await page.goto(`${proxy.url}v1/sessions/${id}/report?format=html`);
    await page.waitForSelector('article.report .tile');
    assert.deepEqual(errors.splice(0), [], 'console errors');
  });

  await page.context().close();
  proxy.stop();
  await server.kill('SIGTERM');
}
