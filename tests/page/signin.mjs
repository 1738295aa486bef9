// signin.mjs - people who share a server: an account of an issuer (tests/server/issuer.py, a real one on loopback, with
// PKCE), and tokens with names and roles.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, helpers, root, Server, test, work } from './harness.mjs';

const stored = (page) => page.evaluate(() => ({ token: sessionStorage.getItem('rehearse_id_token'), local: JSON.stringify(localStorage), cookie: document.cookie }));

async function issuerFor(origin) {
  const port = await freePort();
  const issuer = spawn('python3', [join(root, 'tests/server/issuer.py'), String(port), origin], { stdio: ['pipe', 'pipe', 'inherit'] });
  helpers.add(issuer);
  await new Promise((done) => { issuer.stdout.once('data', done); });
  return { url: `http://127.0.0.1:${port}`, stop: () => { helpers.delete(issuer); issuer.kill(); } };
}

export async function signin({ open, axe, looksFinished, errors }) {
  const server = new Server(await freePort());
  server.data = join(work, 'people');
  const issuer = await issuerFor(server.url.slice(0, -1));
  server.env = { REHEARSE_OIDC_ISSUER: issuer.url, REHEARSE_OIDC_CLIENT_ID: 'rehearse-test', REHEARSE_TOKENS: 'carl:mentor:carls-secret,rita:owner:ritas-secret' };
  await server.up();
  for (let i = 0; i < 100 && !(await (await fetch(`${server.url}signin`)).json()).oidc; i++) await new Promise((r) => setTimeout(r, 100));
  const opens = (page, id) => page.evaluate((name) => new Promise((done) => {
    const socket = new WebSocket(new URL(`v1/session/${name}`, document.baseURI).href.replace('http', 'ws'));
    socket.onopen = () => { socket.close(); done(true); };
    socket.onerror = () => done(false);
  }), id);
  let report = null;

  await test('an account of an issuer signs in, is renewed and signs out', async () => {
    const page = await open();
    await page.goto(`${server.url}#/progress`);
    await page.waitForSelector('#sign-in:not([hidden])');
    assert.match(await page.textContent('#sign-in'), new RegExp(`Sign in with ${new URL(issuer.url).host}`));
    assert.equal(await opens(page, 's-stranger'), false);
    await looksFinished(page, 'sign-in');
    await axe(page);
    await page.click('#sign-in');
    await page.waitForSelector('#sessions .empty');
    assert.equal(await page.textContent('#person span'), 'anna');
    assert.equal(page.url(), `${server.url}#/progress`, 'code and state are not left in the address');
    const first = await stored(page);
    assert.equal(first.cookie, `rehearse_token=${first.token}`);
    assert.equal(first.local.includes(first.token), false);
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.expires, cookie.sameSite], [-1, 'Strict'], 'gone with the browser');
    assert.equal(await opens(page, 's-anna'), true);
    await axe(page);

    const form = new FormData();
    form.append('file', new Blob([readFileSync(join(root, 'tests/fixtures/jfk.flac'))]), 'jfk.flac');
    const headers = { authorization: `Bearer ${first.token}` };
    report = (await (await fetch(`${server.url}v1/sessions`, { method: 'POST', body: form, headers })).json()).id;

    await page.evaluate(() => { // as an hour later
      const [head, , signature] = sessionStorage.getItem('rehearse_id_token').split('.');
      sessionStorage.setItem('rehearse_id_token', [head, btoa('{"exp":1}'), signature].join('.'));
      sessionStorage.setItem('rehearse_signin_at', 0);
      location.hash = '#/';
    });
    await page.waitForSelector('#another');
    const renewed = await stored(page);
    assert.equal(JSON.parse(atob(renewed.token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub, 'anna');

    await page.click('#sign-out');
    await page.waitForSelector('#sign-in:not([hidden])');
    assert.deepEqual(await stored(page), { token: null, local: first.local, cookie: '' });
    assert.equal(await page.isVisible('#person'), false);
    errors.splice(0); // the 401s show in the console
    await page.context().close();
  });

  await test('a code that was not asked for signs nobody in', async () => {
    const page = await open();
    await page.goto(`${server.url}?code=stolen&state=guessed`);
    await page.waitForSelector('#token-wrong:not([hidden])');
    assert.match(await page.textContent('#token-wrong'), /did not work/);
    assert.equal((await stored(page)).token, null);
    assert.equal(page.url(), server.url);
    errors.splice(0);
    await page.context().close();
  });

  await test('a report is shared with a mentor, who reads it and changes nothing', async () => {
    const page = await open();
    await page.goto(server.url);
    await page.click('#sign-in');
    await page.waitForSelector('#another');
    for (let i = 0; i < 300 && await page.evaluate(async (id) => (await (await fetch(`v1/sessions/${id}`)).json()).state, report) !== 'done'; i++) await page.waitForTimeout(200);
    await page.evaluate((id) => { location.hash = `#/report/${id}`; }, report);
    await page.fill('.share-form input[type=text]', 'carl');
    await page.click('.share-form button');
    await page.waitForFunction(() => /for carl/.test(document.querySelector('.share .links').textContent));
    assert.match(await page.textContent('.share [role=status]'), /carl sees this report/);
    assert.equal(await page.locator('.share .made input').count(), 0, 'there is no link');
    await page.context().close();

    const mentor = await open();
    await mentor.goto(server.url);
    await mentor.fill('#token', 'carls-secret');
    await mentor.click('#token-form button');
    await mentor.waitForSelector('table.sessions a');
    assert.equal(await mentor.textContent('#person span'), 'carl');
    assert.equal(await mentor.isVisible('[data-nav=""]'), false);
    await mentor.click('table.sessions a');
    await mentor.waitForSelector('article.report');
    assert.match(await mentor.textContent('article .notice'), /^Somebody else practised here/);
    assert.equal(await mentor.locator('.share').count(), 0);
    await axe(mentor);
    await mentor.context().close();

    const owner = await open();
    await owner.goto(`${server.url}#/progress`);
    await owner.fill('#token', 'ritas-secret');
    await owner.click('#token-form button');
    await owner.waitForSelector('#sessions .empty'); // hers, not everybody's
    errors.splice(0);
    await owner.context().close();
  });

  await server.kill('SIGTERM');
  issuer.stop();
}
