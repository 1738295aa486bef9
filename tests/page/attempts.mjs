// attempts.mjs - a question again, two attempts side by side, notes, a goal, a report given to others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, test, work } from './harness.mjs';

const QUESTION = 'What did you change, and why <b>so</b>?';

export async function attempts({ open, quiet, axe, looksFinished, server, errors }) {
  const api = async (path, options) => { const r = await fetch(`${server.url}${path}`, options); return r.status === 204 ? null : r.json(); };
  const send = async (file, film = false) => {
    const form = new FormData();
    for (const [k, v] of [['question', QUESTION], ['kind', 'behavioural'], ['client', 'me'], ['language', 'en'], ['keep_media', 'true'], ['keep_video', String(film)]]) form.append(k, v);
    form.append('file', new Blob([readFileSync(resolve(root, 'tests/fixtures', file))]), file);
    const { id } = await api('v1/sessions', { method: 'POST', body: form });
    for (let i = 0; i < 300; i++) {
      if ((await api(`v1/sessions/${id}`)).state === 'done') return id;
      await new Promise((r) => setTimeout(r, 200));
    }
    throw new Error('the recording is not analysed after 60 s');
  };
  const focused = (page) => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.ariaLabel || document.activeElement?.tagName);
  const sizes = async (page, name) => {
    await looksFinished(page, name);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForTimeout(200);
    await looksFinished(page, `${name}-phone`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await axe(page);
    await looksFinished(page, `${name}-phone-dark`);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 860 });
  };
  let first, second;

  await test('attempts: two attempts stand side by side', async () => {
    first = await send('fillers_but_um.flac');
    second = await send('jfk.flac');
    const page = await open();
    await page.goto(`${server.url}#/report/${second}`);
    await page.click('.attempts a');
    await page.waitForSelector('.compare');
    assert.equal(await page.textContent('h1'), QUESTION);
    const rows = await page.$$eval('.compared tbody tr', (list) => list.map((tr) => [...tr.children].map((c) => c.textContent)));
    const [fillers] = rows.filter(([name]) => name.startsWith('Fillers'));
    assert.match(fillers[0], /target up to 5/);
    assert.match(fillers[3], /^▲ better: [\d.]+ less, now within the target$/, String(fillers));
    assert.ok(rows.every((r) => /^(▲ better|▼ worse|= |–|[\d.]+ (more|less))/.test(r[3])), JSON.stringify(rows));
    assert.deepEqual(await page.$$eval('.transcript', (list) => list.map((t) => t.querySelectorAll('.mark-filler').length > 0)), [true, false]);
    await axe(page);
    await sizes(page, 'compare');
    await page.locator('.compare header a').nth(1).click();
    await page.waitForSelector('audio');
    quiet();
    await page.context().close();
  });

  await test('attempts: a question is tried again with a click', async () => {
    const page = await open();
    await page.goto(`${server.url}#/report/${first}`);
    await page.click('text=Try this question again');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:01');
    assert.equal(await page.textContent('#asked'), QUESTION);
    await page.waitForTimeout(6000);
    await page.click('#finish');
    await page.waitForSelector('.attempts', { timeout: 60000 });
    assert.equal(await page.locator('.attempts li').count(), 2);
    const { sessions } = await api(`v1/sessions?question=${encodeURIComponent(QUESTION)}`);
    assert.deepEqual([sessions.length, sessions[0].meta.kind, sessions[0].meta.language, sessions[0].meta.client], [3, 'behavioural', 'en', 'me']);
    await api(`v1/sessions/${sessions[0].id}`, { method: 'DELETE' });
    quiet();
    await page.context().close();
    const blind = await open();
    await blind.addInitScript("navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }");
    await blind.goto(`${server.url}#/report/${first}`);
    await blind.click('text=Try this question again');
    await blind.waitForSelector('.notice[role=alert]');
    assert.match(await blind.textContent('.notice[role=alert]'), /may not use the camera and the microphone/);
    quiet();
    await blind.context().close();
  });

  await test('attempts: notes are written and deleted by keyboard, and a goal is followed', async () => {
    const page = await open();
    await page.goto(`${server.url}#/report/${second}`);
    await page.waitForSelector('.note-form');
    await page.evaluate(() => { document.querySelector('audio').currentTime = 4; });
    await page.waitForFunction(() => document.querySelector('audio').currentTime === 4);
    await page.keyboard.press('Alt+n');
    assert.equal(await page.inputValue('.note-form .at'), '0:04');
    await page.keyboard.type('<i>Well</i> said');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.notes li');
    await page.fill('.note-form .at', '0:09');
    await page.locator('.note-form .grow input').focus();
    await page.keyboard.press('Enter'); // a bookmark
    await page.waitForFunction(() => document.querySelectorAll('.notes li').length === 2);
    assert.deepEqual(await page.$$eval('.notes li p', (list) => list.map((p) => p.textContent)), ['<i>Well</i> said', 'Bookmark']);
    assert.deepEqual(await page.$$eval('.note-line', (list) => list.map((n) => n.textContent)), ['0:04 <i>Well</i> said', '0:09 Bookmark']);
    assert.equal(await page.locator('.lane[aria-label=Notes] button').count(), 2);
    await page.locator('.notes button.quiet').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.notes li').length === 1);
    assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Delete the note at 0:09');
    await axe(page);
    assert.deepEqual((await api(`v1/sessions/${second}/notes`)).notes.map((n) => [n.t, n.text]), [[9, '']]);

    await page.goto(`${server.url}#/`);
    await page.selectOption('#goal-measure', 'fillers');
    await page.waitForSelector('.goal-numbers input');
    await page.fill('.goal-numbers input', '3');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => document.querySelector('#announce').textContent === 'Your goal: Fillers: at most 3 a minute');
    await looksFinished(page, 'goal-before');
    for (const [id, told] of [[first, /✗\u00a0Not reached: [\d.]+, which is [\d.]+ too much/], [second, /✓\u00a0Reached: 0/]]) {
      await page.goto(`${server.url}#/report/${id}`);
      await page.waitForSelector('.goal-told');
      assert.match(await page.textContent('.goal-told'), told);
    }
    await page.goto(`${server.url}#/progress`);
    await page.waitForSelector('.tries li');
    assert.match(await page.textContent('#goal-progress'), /Reached in \d+ of your last \d+ answers/);
    assert.deepEqual(await page.$$eval('#compared optgroup', (list) => list.map((g) => g.label)), ['By question', 'By kind']);
    await axe(page);
    await sizes(page, 'progress-goal');
    quiet();
    await page.context().close();
  });

  await test('attempts: a report is given to somebody who comments, and the link is withdrawn', async () => {
    const page = await open();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${server.url}#/report/${second}`);
    await page.check('.share-form >> text=They may comment');
    await page.check('.share-form >> text=They may hear');
    await page.click('text=Make a link');
    await page.waitForSelector('.made input');
    const url = await page.inputValue('.made input');
    assert.match(url, /\/shared\/[0-9a-f]{32}$/);
    assert.equal(await focused(page), 'Copy');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('#announce').textContent === 'Copied.');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), url);
    await axe(page);
    await sizes(page, 'report-share');

    const mentor = await open();
    await mentor.goto(url);
    await mentor.waitForSelector('article.report');
    assert.match(await mentor.textContent('.notice'), /by a link that works until .*“you” is the person who practised\./);
    assert.match(await mentor.textContent('.summary'), /^\d+ seconds of speech/); // it is another's
    assert.equal(await mentor.locator('text=Compared with earlier practice').count(), 0);
    assert.equal(await mentor.locator('.notes li').count(), 0); // the owner's own are not theirs
    await mentor.waitForFunction(() => document.querySelector('audio').duration > 10);
    await mentor.keyboard.press('Alt+n');
    await mentor.keyboard.type('Slower here <script>alert(1)</script>');
    await mentor.fill('.note-form [autocomplete=name]', 'Zoë');
    await mentor.keyboard.press('Enter');
    await mentor.waitForSelector('.notes li');
    assert.equal(await mentor.textContent('.notes li p'), 'Zoë: Slower here <script>alert(1)</script>');
    await axe(mentor);
    await sizes(mentor, 'shared');
    assert.deepEqual(await mentor.context().cookies(), []);

    await page.reload();
    await page.waitForSelector('.notes li');
    assert.equal(await page.locator('.notes li').count(), 2);
    assert.match(await page.textContent('.notes'), /Zoë: Slower here/);
    await page.locator('.links button').focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !document.querySelector('.links li'));
    assert.equal(await focused(page), 'Make a link');
    quiet();
    await mentor.reload();
    assert.equal(await mentor.textContent('h1'), 'This link does not work');
    await looksFinished(mentor, 'shared-gone');
    await axe(mentor);
    errors.splice(0); // the 404 shows in the console
    await mentor.context().close();
    await page.context().close();
  });

  await test('attempts: a report is one file that plays its sound anywhere', async () => {
    const page = await open();
    await page.goto(`${server.url}#/report/${second}`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download as one file')]);
    const file = join(work, 'one.html');
    writeFileSync(file, readFileSync(await download.path()));
    const alone = await open({ offline: true });
    await alone.goto(pathToFileURL(file).href);
    await alone.waitForFunction(() => document.querySelector('audio')?.duration > 10);
    const at = await alone.evaluate(async () => {
      const player = document.querySelector('audio');
      player.currentTime = 7;
      await new Promise((done) => { player.onseeked = done; });
      return player.currentTime;
    });
    assert.ok(Math.abs(at - 7) < 0.1, `sought to ${at} s`);
    assert.match(await alone.textContent('.notes'), /Bookmark/);
    assert.equal(await alone.locator('.note-form').count(), 0);
    quiet();
    await alone.context().close();
    await page.context().close();
  });

  await test('attempts: a mentor sees the video, and one file has its sound where the video is too large for it', async () => {
    const snow = join(work, 'snow.mp4');
    execFileSync('ffmpeg', ['-loglevel', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '640x480', '-r', '20', '-i', '/dev/urandom',
      '-i', join(root, 'tests/fixtures/jfk_16k.wav'), '-t', '3', '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '4', '-c:a', 'aac', snow]);
    const film = await send(snow, true);
    const page = await open();
    await page.goto(`${server.url}#/report/${film}`);
    await page.check('.share-form >> text=They may see');
    await page.click('text=Make a link');
    await page.waitForSelector('.made input');
    const url = await page.inputValue('.made input');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=Download as one file')]);
    const file = join(work, 'film.html');
    writeFileSync(file, readFileSync(await download.path()));

    const mentor = await open();
    await mentor.goto(url);
    await mentor.waitForFunction(() => document.querySelector('video')?.duration > 2.5);
    assert.equal(await mentor.locator('audio, .note-form').count(), 0, 'no sound of its own, no comments');
    await mentor.evaluate(() => document.querySelector('video').play());
    await mentor.waitForFunction(() => document.querySelector('video').currentTime > 0.3);
    await mentor.evaluate(() => document.querySelector('video').pause());
    await mentor.locator('.transcript .word').last().click();
    await mentor.waitForFunction(() => document.querySelector('video').currentTime > 1);
    await mentor.waitForFunction(() => document.querySelector('video').paused); // it plays to its end
    await axe(mentor);
    await sizes(mentor, 'shared-video');
    await mentor.context().close();

    const alone = await open({ offline: true });
    await alone.goto(pathToFileURL(file).href);
    await alone.waitForFunction(() => document.querySelector('audio')?.duration > 2.5);
    assert.equal(await alone.locator('video').count(), 0);
    assert.match(await alone.textContent('main'), /The video is not in this file, its sound is: it has \d+ MB, and 24 MB fit\./);
    await looksFinished(alone, 'one-file-without-video');
    await alone.context().close();
    quiet();
    await page.context().close();
    await api(`v1/sessions/${film}`, { method: 'DELETE' });
    for (const id of [first, second]) await api(`v1/sessions/${id}`, { method: 'DELETE' });
    await api('v1/goal?client=me', { method: 'DELETE' });
  });
}
