// model.mjs - a language model beside the report: its part comes later and stands apart, and where words go is told.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { root, test } from './harness.mjs';

const QUOTE = 'ask what you can do for your country';
const mark = (score, quote = QUOTE) => ({ score, quote, reason: 'A <b>clear</b> call.' });
const SAID = { rubric: { answered_question: mark(4), structure: mark(5, 'I led a team of forty people'), impact: mark(3) },
  relevance: { quote: 'And so my fellow Americans', text: 'It speaks to everybody.' },
  follow_ups: [{ quote: QUOTE, text: 'What did you do yourself?' }], rewrite: { quote: QUOTE, text: 'Ask how you can help.' } };

export async function model({ open, quiet, axe, looksFinished, server }) {
  const answer = JSON.stringify({ choices: [{ message: { role: 'assistant', content: JSON.stringify(SAID) } }] });
  const restart = async (env) => { await server.kill('SIGTERM'); server.env = env; await server.up(); };

  await test('a language model adds its part to a report that is there already', async () => {
    let go = null;
    const stub = createServer((request, response) => { request.resume(); go = () => response.end(answer); }).listen(0, '127.0.0.1');
    await new Promise((done) => { stub.once('listening', done); });
    await restart({ REHEARSE_LLM_URL: `http://127.0.0.1:${stub.address().port}`, REHEARSE_LLM_MODEL: 'small-one' });
    const page = await open();
    await page.goto(server.url);
    await page.waitForSelector('#where:not([hidden])');
    assert.match(await page.textContent('#where'), /Nothing leaves this machine/);
    await page.setInputFiles('#file', join(root, 'tests/fixtures/jfk.flac'));
    await page.waitForSelector('article.report', { timeout: 60000 });
    assert.match(await page.textContent('.llm'), /What small-one says.*reading your answer/);
    assert.equal(await page.getAttribute('.llm', 'aria-busy'), 'true');
    while (!go) await page.waitForTimeout(50);
    go();
    await page.waitForSelector('.llm:not([aria-busy])', { timeout: 20000 });
    const text = await page.textContent('.llm');
    assert.match(text, /Answers the question: 4 of 5\. A <b>clear<\/b> call\./); // text, not markup
    assert.match(text, /What did you do yourself\?.*“ask what you can do for your country\W?”/);
    assert.doesNotMatch(text, /forty|Structure/); // invented
    assert.equal(await page.locator('.llm b').count(), 0);
    assert.match(await page.textContent('#announce'), /small-one has added/);
    await page.click('.llm .moment');
    assert.ok(await page.locator('.word.playing').count() > 3, 'the quote is shown in the transcript');
    await looksFinished(page, 'language-model');
    await axe(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await looksFinished(page, 'language-model-phone');
    quiet();
    await page.context().close();
    stub.close();
  });

  await test('words that go to another machine are never called private', async () => {
    await restart({ REHEARSE_LLM_URL: 'http://192.0.2.7:8080', REHEARSE_LLM_MODEL: 'far-one', REHEARSE_LLM_ALLOW_REMOTE: 'on' });
    const page = await open();
    await page.goto(server.url);
    await page.waitForSelector('#where:not([hidden])');
    assert.equal((await page.textContent('#where')).trim(), 'What you say is sent to 192.0.2.7:8080');
    assert.doesNotMatch(await page.textContent('body'), /Nothing leaves this machine/);
    await looksFinished(page, 'far-model');
    quiet();
    await page.context().close();
    await restart({});
  });
}
