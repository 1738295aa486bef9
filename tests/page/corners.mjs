// corners.mjs - what goes on beside the straight way: reloads, small windows, the
// keyboard, late events, tokens, plain http.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { browser, media, root, test } from './harness.mjs';

const ZOOMED = { width: 640, height: 430 };       // a desktop window at 200 %
const LANDSCAPE = { width: 844, height: 390 };    // a phone on its side
const LONG = 'Tell me about a time when you had to bring together people who did not agree with each other, what you did first, how you went on when it became difficult, and what you would do differently today if you were asked to lead the same group of people again in the same place.';

export async function corners({ open, quiet, axe, looksFinished, server, errors }) {
  const begin = async (page, question = 'How would you lead this team?') => {
    await page.goto(server.url);
    await page.fill('#own', question);
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
    await page.click('#start');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:01');
  };
  const sessions = async () => (await (await fetch(`${server.url}v1/sessions`)).json()).sessions;

  await test('plain http from another computer explains https', async () => {
    const port = server.port;
    await server.kill('SIGTERM');
    server.env = { REHEARSE_PUBLIC_ORIGINS: `http://rehearse.test:${port}` };
    await server.up();
    const phone = await browser(media(), ['--host-resolver-rules=MAP rehearse.test 127.0.0.1']);
    const page = await (await phone.newContext({ viewport: { width: 390, height: 844 } })).newPage();
    const bad = [];
    page.on('pageerror', (e) => bad.push(e.message));
    await page.goto(`http://rehearse.test:${port}/`);
    await page.waitForFunction(() => /https/.test(document.querySelector('#framing')?.textContent));
    assert.equal(await page.evaluate(() => window.isSecureContext), false);
    assert.match(await page.textContent('#framing'), /no camera and no microphone.*https:\/\/rehearse\.test.*localhost/);
    assert.equal(await page.isVisible('#enable'), false);
    assert.equal(await page.isDisabled('#start'), true);
    await looksFinished(page, 'plain-http');
    await page.setInputFiles('#file', join(root, 'tests/fixtures/jfk.flac')); // this works all the same
    await page.waitForSelector('article.report', { timeout: 60000 });
    assert.deepEqual(bad, []);
    await phone.close();
  });

  await test('finishing is in view at 200 %, on a phone on its side and with a long question', async () => {
    const page = await open({ viewport: ZOOMED });
    await begin(page, LONG);
    for (const [name, size] of [['zoomed', ZOOMED], ['landscape', LANDSCAPE], ['phone', { width: 390, height: 844 }], ['narrow', { width: 320, height: 480 }], ['desktop', { width: 1280, height: 860 }]]) {
      await page.setViewportSize(size);
      await page.evaluate(() => window.scrollTo(0, 0));
      await page.waitForTimeout(200);
      for (const id of ['finish', 'timer', 'self']) {
        const box = await page.locator(`#${id}`).boundingBox();
        assert.ok(box.y >= 0 && (id === 'self' ? box.y + 40 : box.y + box.height) <= size.height, `${name}: #${id} from ${box.y} to ${box.y + box.height} of ${size.height}`);
      }
      const hit = await page.evaluate(() => { const b = document.querySelector('#finish').getBoundingClientRect(); return document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)?.id; });
      assert.equal(hit, 'finish', `${name}: something lies over the button`);
      await looksFinished(page, `practice-${name}`);
    }
    await page.click('#cancel');
    await page.waitForSelector('#another');
    quiet();
    await page.context().close();
  });

  await test('a reload in mid-practice asks first and comes back to the session', async () => {
    const page = await open();
    const before = new Set((await sessions()).map((s) => s.id)); // one of them may go meanwhile
    await begin(page);
    await page.waitForTimeout(5000);
    const asked = [];
    let stay = true;
    page.on('dialog', async (d) => { asked.push(d.type()); await (stay ? d.dismiss() : d.accept()); });
    await page.reload({ timeout: 2000 }).catch(() => {});
    assert.deepEqual(asked, ['beforeunload']);
    assert.equal(await page.isVisible('#finish'), true); // still practising
    stay = false;
    await page.reload();
    await page.waitForSelector('#go-on');
    assert.equal(asked.length, 2);
    assert.equal(await page.textContent('#asked-before'), 'How would you lead this team?');
    await looksFinished(page, 'unfinished');
    await axe(page);
    await page.click('#go-on');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:06');
    assert.equal(await page.textContent('#asked'), 'How would you lead this team?');
    await page.waitForTimeout(9000);
    await page.click('#finish');
    await page.waitForSelector('article.report', { timeout: 60000 });
    const after = await sessions();
    assert.equal(after.filter((s) => !before.has(s.id)).length, 1, 'one session, not two');
    assert.ok(after[0].duration_s > 13, `${after[0].duration_s} s`);
    await page.reload(); // nothing is asked any more
    await page.waitForSelector('article.report');
    assert.equal(asked.length, 2);
    quiet();
    await page.context().close();
  });

  await test('a video that is kept is replayed, also what came before a reload', async () => {
    const page = await open();
    page.on('dialog', (d) => d.accept());
    await page.goto(server.url);
    await page.waitForSelector('#video', { state: 'attached' });
    await page.evaluate(() => { document.querySelector('#video').closest('details').open = true; });
    await page.check('#video');
    await begin(page);
    await page.waitForTimeout(4500);
    await page.reload();
    await page.click('#go-on');
    await page.waitForFunction(() => document.querySelector('#timer')?.textContent >= '0:05');
    await page.waitForTimeout(4000);
    await page.click('#finish');
    await page.waitForSelector('article.report video', { timeout: 60000 });
    const id = decodeURIComponent(page.url().split('/').at(-1));
    const { videos } = await (await fetch(`${server.url}v1/sessions/${id}/report`)).json();
    assert.equal(videos.length, 2);
    assert.ok(videos[0].start < 2 && videos[1].start > 3, JSON.stringify(videos));
    const watch = (where) => where.evaluate(async ({ start }) => {
      const video = document.querySelector('article.report video');
      const next = (event) => new Promise((done) => video.addEventListener(event, done, { once: true }));
      if (video.readyState < 1) await next('loadedmetadata');
      const first = { length: video.duration, width: video.videoWidth };
      const words = [...document.querySelectorAll('.word:not(del)')];
      const moved = next('loadedmetadata');
      words.at(-1).click(); // in the second part
      await moved;
      await next('timeupdate');
      return { ...first, at: start + video.currentTime, part: new URL(video.src).searchParams.get('part'), follows: Boolean(document.querySelector('.word.playing')) };
    }, videos[1]);
    const seen = await watch(page);
    assert.ok(Number.isFinite(seen.length) && seen.length > 2 && seen.width > 0, JSON.stringify(seen));
    assert.equal(seen.part, '2');
    assert.ok(seen.at > videos[1].start && seen.follows, JSON.stringify(seen));
    await axe(page);
    await looksFinished(page, 'video');

    // Others see it where its owner says so; the report as one file has it inside.
    assert.equal(await page.isChecked('.share-form >> text=They may see the video'), false);
    await page.check('.share-form >> text=They may see the video');
    await page.click('text=Make a link');
    await page.waitForSelector('.made input');
    assert.match(await page.textContent('.links li'), /with video/);
    assert.match(await page.textContent('.share'), /the video too/);
    for (const [name, url] of [['shared-video', await page.inputValue('.made input')], ['file-video', `${server.url}v1/sessions/${id}/report?format=html&sound=1&video=1`]]) {
      const other = await open();
      await other.goto(url);
      await other.waitForSelector('article.report video');
      const there = await watch(other);
      assert.ok(there.length > 2 && there.width > 0 && there.at > videos[1].start && there.follows, `${name}: ${JSON.stringify(there)}`);
      await axe(other);
      await looksFinished(other, name);
      await other.context().close();
    }
    await page.goto(server.url);
    await page.waitForSelector('#video', { state: 'attached' });
    await page.evaluate(() => { document.querySelector('#video').closest('details').open = true; });
    await page.uncheck('#video');
    quiet();
    await page.context().close();
  });

  await test('a reload while the report is prepared waits for it, and leaving after a reload keeps nothing', async () => {
    const page = await open();
    await begin(page);
    await page.waitForTimeout(3000);
    await page.evaluate(() => { document.querySelector('#finish').click(); location.reload(); });
    await page.waitForSelector('article.report', { timeout: 60000 });
    const before = (await sessions()).length;
    page.on('dialog', (d) => d.accept());
    await begin(page);
    await page.reload();
    await page.click('#leave');
    await page.waitForSelector('#another');
    for (let i = 0; i < 50 && (await sessions()).length !== before; i++) await page.waitForTimeout(100);
    assert.equal((await sessions()).length, before);
    quiet();
    await page.context().close();
  });

  await test('what arrives after a view has gone disturbs nothing', async () => {
    const page = await open();
    await page.addInitScript(() => {
      const Real = window.WebSocket;
      window.WebSocket = class extends Real { constructor(...a) { super(...a); window.lastSocket = this; } };
      window.late = () => {
        for (const m of [{ type: 'cue', text: 'Slower' }, { type: 'lag', seconds: 9 }, { type: 'error', detail: 'late' }, { type: 'transcript.partial', text: 'a' },
          { type: 'transcript.final', text: 'b' }]) window.lastSocket.onmessage(new MessageEvent('message', { data: JSON.stringify(m) }));
      };
    });
    await begin(page);
    await page.evaluate(() => { document.querySelector('#finish').click(); window.late(); });
    assert.equal(await page.isVisible('#working'), true);
    await page.waitForSelector('article.report', { timeout: 60000 });
    await page.evaluate(() => window.late());
    assert.equal(await page.isVisible('article.report'), true);
    await page.goto(`${server.url}#/progress`);
    await page.waitForSelector('#sessions');
    // Views that wait for the server give way to the one asked for last.
    await page.route(/v1\/sessions\?limit=200/, async (route) => { await new Promise((r) => setTimeout(r, 600)); await route.continue(); });
    await page.goto(`${server.url}#/`);
    await page.waitForSelector('#enable');
    await page.evaluate(() => { location.hash = '#/progress'; });
    await page.evaluate(() => { location.hash = '#/'; });
    await page.waitForTimeout(1000);
    assert.equal(await page.isVisible('#enable'), true);
    // Devices that open after the person went elsewhere are closed again.
    await page.evaluate(() => {
      const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (o) => { await new Promise((r) => setTimeout(r, 500)); window.opened = await get(o); return window.opened; };
      document.querySelector('#enable').click();
      location.hash = '#/progress';
    });
    await page.waitForFunction(() => window.opened?.getTracks().every((t) => t.readyState === 'ended'));
    await page.waitForSelector('table.sessions');
    // A recording is sent, and the person looks at something else meanwhile.
    await page.goto(`${server.url}#/`);
    await page.setInputFiles('#file', join(root, 'tests/fixtures/jfk.flac'));
    await page.waitForFunction(() => /analysed/.test(document.querySelector('#upload-text').textContent));
    await page.evaluate(() => { location.hash = '#/progress'; });
    await page.waitForSelector('table.sessions');
    await page.waitForTimeout(2500);
    assert.equal(await page.evaluate(() => location.hash), '#/progress');
    quiet();
    await page.context().close();
  });

  await test('the keyboard goes on where the next step is', async () => {
    const page = await open();
    for (let i = 0; i < 2; i++) {
      const form = new FormData();
      form.append('file', new Blob([readFileSync(join(root, 'tests/fixtures/jfk.flac'))]), 'jfk.flac');
      const { id } = await (await fetch(`${server.url}v1/sessions`, { method: 'POST', body: form })).json();
      while ((await (await fetch(`${server.url}v1/sessions/${id}`)).json()).state !== 'done') await page.waitForTimeout(200);
    }
    const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.ariaLabel || document.activeElement?.tagName);
    await page.goto(server.url);
    await page.focus('#enable');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#enable', { state: 'hidden' });
    assert.equal(await focused(), 'start');
    await page.goto(`${server.url}#/progress`);
    await page.waitForSelector('table.sessions tbody tr');
    page.on('dialog', (d) => d.accept());
    for (let left = await page.locator('table.sessions tbody tr').count() - 1; left >= 0; left--) {
      await page.locator('table.sessions tbody tr button').nth(left > 1 ? 1 : 0).focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction((n) => document.querySelectorAll('table.sessions tbody tr').length === n && /^(Delete|Practise now)/.test(document.activeElement.ariaLabel ?? document.activeElement.textContent), left);
      if (left) assert.match(await focused(), /^Delete /);
      else assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Practise now');
    }
    quiet();
    await page.context().close();
  });

  await test('an uploaded recording is kept where "Keep the sound" is chosen', async () => {
    for (const keep of [true, false]) {
      const page = await open();
      await page.goto(server.url);
      await page.click('summary:has-text("More settings")');
      await page.setChecked('#keep', keep);
      await page.setInputFiles('#file', join(root, 'tests/fixtures/jfk.flac'));
      await page.waitForSelector('article.report', { timeout: 60000 });
      const id = await page.evaluate(() => decodeURIComponent(location.hash.split('/')[2]));
      const media = await fetch(`${server.url}v1/sessions/${id}/media`);
      assert.equal(media.status, keep ? 200 : 404);
      await media.arrayBuffer();
      assert.equal(await page.locator('audio').count(), keep ? 1 : 0);
      quiet();
      await page.context().close();
    }
  });

  await test('a recording goes on being sent after a lost connection and a server that was killed', async () => {
    const page = await open(), pieces = [];
    const jfk = readFileSync(join(root, 'tests/fixtures/jfk_16k.wav')), silence = Buffer.alloc(5 << 20);
    const head = Buffer.from(jfk.subarray(0, 44));
    head.writeUInt32LE(36 + silence.length + jfk.length - 44, 4);
    head.writeUInt32LE(silence.length + jfk.length - 44, 40);
    let broken = 0;
    await page.route('**/v1/uploads/*', async (route) => {
      const r = route.request();
      if (r.method() === 'PATCH') pieces.push(Number(r.headers()['upload-offset']));
      if (r.method() !== 'PATCH' || broken === 2 || pieces.at(-1) === 0) return route.continue();
      if (broken++ === 0) return route.abort();
      await server.kill('SIGKILL');
      await route.abort();
      await server.up();
    });
    await page.goto(server.url);
    await page.setInputFiles('#file', { name: 'long.wav', mimeType: 'audio/wav', buffer: Buffer.concat([head, silence, jfk.subarray(44)]) });
    await page.waitForFunction(() => /Sending goes on/.test(document.querySelector('#upload-text').textContent));
    await page.waitForSelector('article.report', { timeout: 120000 });
    assert.match(await page.textContent('.transcript'), /your country/);
    assert.deepEqual(pieces, [0, 2 << 20, 2 << 20, 2 << 20, 4 << 20]);
    errors.splice(0); // lost requests show in the console
    await page.context().close();
  });

  await test('a wrong token says so, the right one opens', async () => {
    await server.kill('SIGTERM');
    server.env = { REHEARSE_TOKENS: 'open-sesame-1234567890' };
    await server.up();
    const page = await open();
    await page.goto(server.url);
    await page.waitForSelector('#token');
    assert.equal(await page.isVisible('#token-wrong'), false);
    await page.fill('#token', 'open-sesame-1234567891');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#token-wrong:not([hidden])');
    assert.match(await page.textContent('#token-wrong'), /not right/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'token');
    await looksFinished(page, 'token-wrong');
    await axe(page);
    await page.fill('#token', ' open-sesame-1234567890 ');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#another');
    errors.splice(0); // the 401 shows in the console
    await page.context().close();
    await server.kill('SIGTERM');
    server.env = {};
    await server.up();
  });
}
