// questions.mjs - the bank on the page: a question is chosen, what a good answer shows can
// be seen before, follow-ups and the answer of somebody else only after an attempt.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, test } from './harness.mjs';

const read = (file) => JSON.parse(readFileSync(join(root, 'web', file), 'utf8'));

export async function questions({ open, quiet, axe, looksFinished, server, errors }) {
  const { roles } = read('questions.json');
  const bank = roles.flatMap((r) => read(r.file).questions);
  const choices = (page) => page.$$eval('#pick option', (list) => list.map((o) => o.value));
  const ids = (...fits) => bank.filter((q) => fits.every((f) => f(q))).map((q) => q.id);
  const ready = (page) => page.waitForSelector('#question:not(:empty)');
  const same = (a, b, what) => assert.deepEqual([...a].sort(), [...b].sort(), what);

  const send = async (question) => {
    const form = new FormData();
    form.append('question', question);
    form.append('file', new Blob([readFileSync(join(root, 'tests/fixtures/jfk.flac'))]), 'jfk.flac');
    const { id } = await (await fetch(`${server.url}v1/sessions`, { method: 'POST', body: form })).json();
    for (let i = 0; i < 300; i++) {
      if ((await (await fetch(`${server.url}v1/sessions/${id}`)).json()).state === 'done') return id;
      await new Promise((r) => setTimeout(r, 200));
    }
    throw new Error('the recording is not analysed after 60 s');
  };

  await test('a question is chosen by field, kind and text', async () => {
    const page = await open();
    await page.goto(server.url);
    await ready(page);
    same(await choices(page), bank.map((q) => q.id), 'all of them');
    await page.selectOption('#role', 'nursing');
    same(await choices(page), ids((q) => ['nursing', 'general'].includes(q.role)), "a field's own and the common ones");
    const texts = new Map(bank.map((q) => [q.text, q]));
    for (const kind of ['behavioural', 'situational', 'role']) {
      await page.selectOption('#kind', kind);
      for (let i = 0; i < 8; i++) {
        const q = texts.get(await page.textContent('#question'));
        assert.deepEqual([q.role, q.kind], ['nursing', kind]);
        assert.equal(await page.inputValue('#pick'), q.id);
        await page.click('#another');
        assert.notEqual(await page.textContent('#question'), q.text);
      }
    }
    await page.selectOption('#kind', 'closing'); // the field has none of its own
    assert.equal(texts.get(await page.textContent('#question')).role, 'general');
    same(await choices(page), ids((q) => q.kind === 'closing' && ['nursing', 'general'].includes(q.role)));
    await page.selectOption('#kind', 'role');
    const wanted = bank.find((q) => q.id === 'nursing-handover');
    await page.fill('#own', 'How would you lead this team?');
    assert.equal(await page.isVisible('#shows'), false);
    await page.selectOption('#pick', wanted.id);
    assert.equal(await page.textContent('#question'), wanted.text);
    assert.equal(await page.inputValue('#own'), '');
    assert.equal(await page.isVisible('#good'), false);
    await page.focus('#shows');
    await page.keyboard.press('Enter');
    assert.deepEqual(await page.$$eval('#good li', (list) => list.map((li) => li.textContent)), wanted.shows);
    assert.equal(await page.getAttribute('#shows', 'aria-expanded'), 'true');
    const whole = await page.content();
    for (const later of [wanted.model, ...wanted.follow_ups]) assert.ok(!whole.includes(later), `before the attempt: ${later}`);
    await looksFinished(page, 'question-chosen');
    await axe(page);
    await page.reload(); // field and kind are remembered
    await ready(page);
    const again = texts.get(await page.textContent('#question'));
    assert.deepEqual([again.role, again.kind], ['nursing', 'role']);
    quiet();
    await page.context().close();
  });

  await test('after the attempt come follow-ups and the answer of somebody else', async () => {
    const page = await open();
    const asked = bank.find((q) => q.id === 'software-hardest-bug');
    await page.goto(`${server.url}#/report/${await send(asked.text)}`);
    await page.waitForSelector('.about');
    assert.deepEqual(await page.$$eval('.about > ul:not(.follow-ups) li', (list) => list.map((li) => li.textContent)), asked.shows);
    assert.deepEqual(await page.$$eval('.follow-ups p', (list) => list.map((p) => p.textContent)), asked.follow_ups);
    assert.equal(await page.isVisible('.model blockquote'), false);
    await page.click('.model summary');
    assert.equal(await page.isVisible('.model blockquote'), true);
    assert.equal(await page.textContent('.model blockquote'), asked.model);
    await looksFinished(page, 'question-after');
    await axe(page);
    await page.locator('.follow-ups button').nth(1).click();
    await page.waitForFunction((text) => document.querySelector('#question')?.textContent === text, asked.follow_ups[1]);
    assert.equal(await page.inputValue('#own'), asked.follow_ups[1]);
    quiet();
    await page.context().close();
  });

  await test('a question that the bank does not have is no trouble', async () => {
    const page = await open();
    const id = await send('What makes you lose track of time, and why <b>that</b>?');
    await page.goto(`${server.url}#/report/${id}`);
    await page.waitForSelector('article.report');
    assert.equal(await page.textContent('h1'), 'What makes you lose track of time, and why <b>that</b>?');
    assert.equal(await page.locator('.about').count(), 0);
    await page.addInitScript(() => localStorage.setItem('rehearse', JSON.stringify({ role: 'marketing and sales', kind: 'technical' }))); // of an earlier version
    await page.goto(`${server.url}#/`);
    await page.reload();
    await ready(page);
    assert.deepEqual([await page.inputValue('#role'), await page.inputValue('#kind')], ['', '']);
    quiet();
    await page.route(/questions\/hr\.json/, (route) => route.abort());
    await page.goto(`${server.url}#/report/${id}`);
    await page.reload();
    await page.waitForSelector('article.report'); // the report needs no bank
    errors.splice(0); // the refused file shows in the console
    await page.context().close();
  });
}
