// page.mjs - the practice page in a real browser, from the first visit to the report.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempts } from './attempts.mjs';
import { corners } from './corners.mjs';
import { interviews } from './interview.mjs';
import { languages } from './languages.mjs';
import { model } from './model.mjs';
import { proxied } from './proxied.mjs';
import { questions } from './questions.mjs';
import { signin } from './signin.mjs';
import { voices } from './voice.mjs';
import { axePath, browser, errors, finish, media, part, root, Server, shots, test } from './harness.mjs';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 860 };
const JFK = /ask not what your country can do for you[,.]? ask what you can do for your country/i;

const server = await Server.start();
const chrome = await browser(media());

async function open(options = {}) {
  const context = await chrome.newContext({ viewport: DESKTOP, permissions: ['camera', 'microphone'], ...options });
  const page = await context.newPage();
  page.on('console', (m) => { if (m.type() === 'error') errors.push(m.text()); });
  page.on('pageerror', (e) => errors.push(e.message));
  return page;
}

const quiet = () => { const seen = errors.splice(0); assert.deepEqual(seen, [], 'console errors'); };

async function axe(page) {
  await page.evaluate(readFileSync(axePath, 'utf8'));
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`), []);
}

async function looksFinished(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  const width = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(width <= 1, `${name}: the page is ${width} px wider than the window`);
  assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /=> |\[object |undefined|NaN/, name);
}

async function practise(page, { speakFor = 11500, meanwhile, ad } = {}) {
  await page.goto(server.url);
  if (ad) {
    await page.click('summary:has-text("Fit it to a job")');
    await page.fill('#job-ad', ad);
  }
  await page.click('#enable');
  await page.waitForSelector('#start:not([disabled])');
  await page.click('#start');
  await page.waitForSelector('#timer');
  await page.waitForFunction(() => document.querySelector('#timer')?.textContent !== '0:00');
  if (!meanwhile) {
    await page.waitForTimeout(4000); // the look at the camera is over
    await page.screenshot({ path: join(shots, 'practice.png') });
  } else await meanwhile();
  await page.waitForTimeout(speakFor);
  await page.click('#finish');
  await page.waitForSelector('article.report', { timeout: 60000 });
}

part('visits');
await test('first visit explains itself and shows a question', async () => {
  const page = await open();
  await page.goto(server.url);
  await page.waitForSelector('#question:not(:empty)');
  assert.match(await page.textContent('main'), /Answer a question out loud/);
  await page.waitForSelector('#where:not([hidden])');
  assert.match(await page.textContent('header'), /Nothing leaves this machine/);
  assert.equal(await page.isDisabled('#start'), true);
  const before = await page.textContent('#question');
  await page.click('#another');
  assert.notEqual(await page.textContent('#question'), before);
  await page.selectOption('#role', 'software');
  await page.fill('#own', 'How would you lead this team?');
  assert.equal(await page.textContent('#question'), 'How would you lead this team?');
  await looksFinished(page, 'first-visit');
  await axe(page);
  quiet();
  await page.context().close();
});

await test('camera and microphone are checked with framing help and a level', async () => {
  const page = await open();
  await page.goto(server.url);
  await page.click('#enable');
  await page.waitForFunction(() => /You look good|Come|Move|light/.test(document.querySelector('#framing').textContent), null, { timeout: 15000 });
  await page.waitForFunction(() => document.querySelector('#level').value > 0.05, null, { timeout: 15000 });
  await looksFinished(page, 'devices');
  await axe(page);
  quiet();
  await page.context().close();
});

await test('practice leads to a report with the right transcript', async () => {
  const page = await open();
  await practise(page, { ad: 'You serve your country.\n- Kubernetes' });
  assert.match(await page.textContent('article'), /Kubernetes/, 'what of the advertisement was not said');
  const said = (await page.textContent('.transcript')).replace(/\d+:\d\d|\d+\.\d s/g, ' ').replace(/\s+/g, ' ');
  assert.match(said, JFK);
  const top = await page.$$eval('.figures .tile', (list) => list.map((t) => [t.querySelector('span').textContent, t.querySelector('.note').textContent, !!t.querySelector('.gauge')]));
  assert.deepEqual(top.map(([name]) => name), ['Pace', 'Eye contact', 'Fillers']);
  for (const [name, note, gauge] of top) assert.ok(gauge && /target (up to )?\d+( or more)?/.test(note), `${name}: ${note}`);
  assert.match(top[0][1], /target 115 to 170/);
  assert.equal(await page.isVisible('text=Melody and rhythm'), false, 'the scores are behind');
  await page.click('summary:has-text("All scores")');
  assert.ok(await page.locator('details[open] .tiles:not(.measures) .tile').count() >= 4, 'scores');
  assert.equal(await page.isVisible('text=Melody and rhythm'), true);
  await page.click('summary:has-text("All scores")');
  assert.doesNotMatch(await page.textContent('article'), /nothing stood out|No fault stood out/i);
  assert.ok(await page.locator('.chart canvas').count() >= 2, 'charts');
  assert.ok(await page.locator('.points li').count() >= 2, 'advice');
  assert.equal(await page.locator('.next .follow-ups li').count(), 2, 'what might be asked next');
  assert.equal(await page.locator('h2:has-text("ask next")').count(), 1, 'in one place');
  await page.locator('.moment, .transcript .word').first().click();
  await looksFinished(page, 'report');
  await axe(page);
  await page.setViewportSize(PHONE);
  await page.waitForTimeout(300);
  await looksFinished(page, 'report-phone');
  quiet();
  await page.context().close();
});

await test('a report is readable in the dark, on paper and as a file', async () => {
  const page = await open({ colorScheme: 'dark' });
  await page.goto(`${server.url}#/progress`);
  await page.click('table.sessions tbody a');
  await page.waitForSelector('article.report');
  await page.click('details summary');
  await looksFinished(page, 'report-dark');
  await axe(page);
  await page.goto(`${server.url}#/progress`);
  await page.waitForSelector('table.sessions');
  await looksFinished(page, 'progress-dark');
  await axe(page);
  const id = (await (await fetch(`${server.url}v1/sessions`)).json()).sessions.find((s) => s.state === 'done').id;
  await page.emulateMedia({ colorScheme: 'light', media: 'print' });
  await page.goto(`${server.url}v1/sessions/${id}/report?format=html`);
  await page.waitForSelector('article.report');
  await looksFinished(page, 'report-print');
  await axe(page);
  quiet();
  await page.context().close();
});

await test('dark and phone look finished', async () => {
  const page = await open({ viewport: PHONE, colorScheme: 'dark' });
  await page.goto(server.url);
  await page.waitForSelector('#question:not(:empty)');
  await looksFinished(page, 'phone-dark');
  await axe(page);
  quiet();
  await page.context().close();
});

await test('everything can be reached by keyboard', async () => {
  const page = await open();
  await page.goto(server.url);
  await page.waitForSelector('#question:not(:empty)');
  const reached = new Set();
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName));
  }
  for (const id of ['another', 'role', 'kind', 'own', 'enable', 'file']) assert.ok(reached.has(id), `${id} by keyboard; reached ${[...reached]}`);
  await page.focus('#enable');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#start:not([disabled])');
  await page.focus('#start');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#finish');
  quiet();
  await page.context().close();
});

await test('a killed server is found again and nothing is lost', async () => {
  const page = await open();
  await page.addInitScript(() => {
    const Real = window.WebSocket;
    window.told = [];
    window.starts = [];
    window.WebSocket = class extends Real {
      constructor(...a) {
        super(...a);
        this.addEventListener('message', ({ data }) => window.told.push(JSON.parse(data)));
      }

      send(m) {
        if (typeof m === 'string' && JSON.parse(m).type === 'start') window.starts.push(JSON.parse(m));
        super.send(m);
      }
    };
  });
  await practise(page, { speakFor: 12000, meanwhile: async () => {
    await page.waitForTimeout(4000);
    await server.kill('SIGKILL');
    await page.waitForFunction(() => document.querySelector('#link').textContent.includes('Connection lost'));
    await server.up();
    await page.waitForFunction(() => document.querySelector('#link').textContent === '', null, { timeout: 15000 });
  } });
  assert.match((await page.textContent('.transcript')).replace(/\d+:\d\d|\d+\.\d s/g, ' ').replace(/\s+/g, ' '), JFK);
  const { told, starts } = await page.evaluate(() => ({ told: window.told, starts: window.starts }));
  const numbers = told.filter((m) => m.seq && !['ready', 'ack'].includes(m.type)).map((m) => m.seq);
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1), 'each event once and in order');
  assert.ok(told.filter((m) => m.type === 'ack').at(-1).audio_us > 10e6, 'its sound is acknowledged');
  assert.equal(starts[0].acks, true);
  assert.deepEqual([typeof starts.at(-1).resume, typeof starts.at(-1).last_seq], ['string', 'number']);
  errors.splice(0); // the browser reports the refused connections
  await page.context().close();
});

await test('microphone alone is enough', async () => {
  const page = await open();
  await page.goto(server.url);
  await page.click('#enable');
  await page.waitForSelector('#start:not([disabled])');
  await page.selectOption('#camera', 'none');
  await page.waitForFunction(() => /Sound only/.test(document.querySelector('#start-hint').textContent));
  await page.click('#start');
  await page.waitForTimeout(9000);
  await page.click('#finish');
  await page.waitForSelector('article.report', { timeout: 60000 });
  assert.doesNotMatch(await page.textContent('.tiles'), /Eye contact/);
  quiet();
  await page.context().close();
});

await test('a camera alone is enough, and refusals say what to do', async () => {
  const refused = (which) => `navigator.mediaDevices.getUserMedia = (get => async (o) => { if (${which}) throw new DOMException('no', 'NotAllowedError'); return get.call(navigator.mediaDevices, o); })(navigator.mediaDevices.getUserMedia)`;
  const page = await open();
  await page.addInitScript(refused('o.audio'));
  await page.goto(server.url);
  await page.click('#enable');
  await page.waitForSelector('#start:not([disabled])');
  assert.match(await page.textContent('#framing'), /may not use the microphone.*address bar/);
  await page.click('#start');
  await page.waitForTimeout(8000);
  await page.click('#finish');
  await page.waitForSelector('article.report', { timeout: 60000 });
  await looksFinished(page, 'report-camera-only');
  await axe(page);
  await page.context().close();
  const blind = await open();
  await blind.addInitScript(refused('true'));
  await blind.goto(server.url);
  await blind.click('#enable');
  await blind.waitForFunction(() => /may not use the camera/.test(document.querySelector('#framing').textContent));
  assert.equal(await blind.isDisabled('#start'), true);
  await looksFinished(blind, 'refused');
  await axe(blind);
  quiet();
  await blind.context().close();
});

await test('leaving without a report keeps nothing', async () => {
  const ids = async () => (await (await fetch(`${server.url}v1/sessions`)).json()).sessions.map((s) => s.id);
  const page = await open();
  const before = await ids(); // one of an earlier test may still end
  const added = async () => (await ids()).filter((id) => !before.includes(id));
  await page.goto(server.url);
  await page.click('#enable');
  await page.waitForSelector('#start:not([disabled])');
  await page.click('#start');
  await page.waitForFunction(() => document.querySelector('#timer')?.textContent > '0:02');
  await page.click('#cancel');
  await page.waitForSelector('#another');
  for (let i = 0; i < 50 && (await added()).length; i++) await page.waitForTimeout(100);
  assert.deepEqual(await added(), []);
  quiet();
  await page.context().close();
});

await test('nothing practised yet, and no such report, are told in words', async () => {
  const page = await open();
  await page.addInitScript(() => localStorage.setItem('rehearse', JSON.stringify({ client: 'nobody' })));
  await page.goto(`${server.url}#/progress`);
  await page.waitForSelector('.empty');
  await looksFinished(page, 'progress-empty');
  await axe(page);
  await page.goto(`${server.url}#/report/unknown`);
  await page.waitForSelector('.notice');
  assert.match(await page.textContent('.notice'), /no session/i);
  await looksFinished(page, 'no-report');
  await axe(page);
  errors.splice(0); // the 404 shows in the console
  await page.context().close();
});

await test('a dropped recording is analysed with progress', async () => {
  const page = await open();
  await page.goto(server.url);
  await page.setInputFiles('#file', join(root, 'tests/fixtures/jfk.flac'));
  await page.waitForSelector('article.report', { timeout: 60000 });
  assert.match((await page.textContent('.transcript')).replace(/\d+:\d\d|\d+\.\d s/g, ' ').replace(/\s+/g, ' '), JFK);
  assert.equal(await page.textContent('h1'), 'jfk.flac');
  await page.goto(`${server.url}#/progress`);
  await page.waitForSelector('table.sessions');
  assert.equal(await page.textContent('table.sessions tbody a'), 'jfk.flac', 'the newest is first');
  quiet();
  await page.context().close();
});

await test('dates are written as the reader writes them, also in an exported report', async () => {
  const { id } = (await (await fetch(`${server.url}v1/sessions`)).json()).sessions.find((s) => s.state === 'done');
  for (const locale of ['de-DE', 'en-US']) {
    const page = await open({ locale });
    for (const [url, at] of [[`${server.url}#/report/${id}`, '.report .meta time'], [`${server.url}v1/sessions/${id}/report?format=html`, '.report .meta time'], [`${server.url}#/progress`, 'table.sessions time']]) {
      await page.goto(url);
      await page.waitForSelector(at);
      const [shown, meant] = await page.$eval(at, (t, l) => [t.textContent, new Date(t.dateTime).toLocaleDateString(l, { dateStyle: t.closest('table') ? 'medium' : 'long' })], locale);
      assert.ok(shown.startsWith(meant), `${shown}, not ${meant}`);
    }
    await page.context().close();
  }
  assert.match(await (await fetch(`${server.url}v1/sessions/${id}/report?format=md`)).text(), /\n\d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d UTC; \d+ s\n/);
  quiet();
});

await test('a file that is no recording gets a clear answer', async () => {
  const page = await open();
  await page.goto(server.url);
  await page.setInputFiles('#file', { name: 'letter.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('not a sound at all') });
  await page.waitForSelector('.notice');
  assert.match(await page.textContent('.notice'), /audio|sound|recording/i);
  await looksFinished(page, 'wrong-file');
  await axe(page);
  errors.splice(0); // the refused request shows in the console
  await page.context().close();
});

await test('progress lists the practices and deletes them for good', async () => {
  const page = await open();
  await page.goto(`${server.url}#/progress`);
  await page.waitForSelector('table.sessions tbody tr');
  const rows = await page.locator('table.sessions tbody tr').count();
  assert.ok(rows >= 3, `${rows} practices`);
  await looksFinished(page, 'progress');
  await axe(page);
  page.on('dialog', (d) => d.accept());
  await page.locator('table.sessions tbody tr button').first().click();
  await page.waitForFunction((n) => document.querySelectorAll('table.sessions tbody tr').length === n - 1, rows);
  await page.reload();
  await page.waitForSelector('table.sessions tbody tr');
  assert.equal(await page.locator('table.sessions tbody tr').count(), rows - 1);
  quiet();
  await page.context().close();
});

if (part('questions')) await questions({ open, quiet, axe, looksFinished, server, errors });
if (part('attempts')) await attempts({ open, quiet, axe, looksFinished, server, errors });
if (part('interviews')) await interviews({ open, quiet, axe, looksFinished, server, errors });
if (part('voice')) await voices({ open, quiet, server });
if (part('corners')) await corners({ open, quiet, axe, looksFinished, server, errors });
if (part('languages')) await languages({ open, quiet, axe, looksFinished, server });
if (part('model')) await model({ open, quiet, axe, looksFinished, server });
if (part('proxied')) await proxied({ open, errors });
if (part('signin')) await signin({ open, axe, looksFinished, errors });

await chrome.close();
await server.kill('SIGTERM');
finish();
