// interview.mjs - a whole interview on the page: asked aloud, answered by real recordings that
// the microphone plays, followed up, and never a click between question and answer.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root, shots, test } from './harness.mjs';

const LANDSCAPE = { width: 844, height: 390 };
const ZOOMED = { width: 640, height: 430 }; // a desktop window at 200 %

const clip = (file) => execFileSync('ffmpeg', ['-loglevel', 'error', '-i', join(root, 'tests/fixtures', file), '-ac', '1', '-ar', '16000', '-f', 'wav', '-'], { maxBuffer: 1 << 24 }).toString('base64');

// A microphone that says the next recording whenever the page listens, and a voice that is quick.
function stand({ clips, voice }) {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.asked = [];
  window.spoken = [];
  window.phases = [];
  let sound, mouth, playing;
  navigator.mediaDevices.getUserMedia = async ({ video, audio }) => {
    const stream = video ? await real({ video }) : new MediaStream();
    if (audio) {
      window.asked.push(audio);
      sound = new AudioContext();
      mouth = sound.createMediaStreamDestination();
      stream.addTrack(mouth.stream.getAudioTracks()[0]);
    }
    return stream;
  };
  const answer = async () => {
    const next = window.clips.shift();
    if (!next) return;
    const bytes = Uint8Array.from(atob(next), (c) => c.charCodeAt(0));
    playing = new AudioBufferSourceNode(sound, { buffer: await sound.decodeAudioData(bytes.buffer) });
    playing.connect(mouth);
    playing.start();
  };
  window.clips = clips;
  new MutationObserver(() => {
    const phase = document.querySelector('.interview')?.dataset.phase;
    if (!phase || phase === window.phases.at(-1)) return;
    window.phases.push(phase);
    try { playing?.stop(); } catch { /* it had ended */ }
    if (phase === 'listening') answer();
  }).observe(document, { subtree: true, attributes: true, childList: true, attributeFilter: ['data-phase'] });
  if (!voice) return;
  const said = (u) => { window.spoken.push(u.text); window.speed = u.rate; setTimeout(() => u.dispatchEvent(new Event('start')), 20); setTimeout(() => u.dispatchEvent(new Event('end')), 250); };
  Object.defineProperty(window, 'speechSynthesis', { value: { getVoices: () => [{ name: 'Test', lang: 'en-GB', voiceURI: 'test', localService: true }], speak: said, cancel() {} } });
  window.SpeechSynthesisUtterance = class extends EventTarget {
    constructor(text) { super(); this.text = text; for (const t of ['start', 'end', 'error']) this.addEventListener(t, (e) => this[`on${t}`]?.(e)); }
  };
}

export async function interviews({ open, quiet, axe, looksFinished, server, errors }) {
  const files = { jfk: clip('jfk.flac'), crayfish: clip('367-130732-0003.ogg'), short: clip('1688-142285-0002.flac') };
  const api = async (path) => (await fetch(`${server.url}v1/${path}`)).json();

  const begin = async (page, { clips, voice = true, video = false, length = '3', job = '', cv = '' }) => {
    await page.addInitScript(stand, { clips, voice });
    await page.route(/v1\/interviews$/, (route) => { // the same plan each time
      if (route.request().method() !== 'POST') return route.continue();
      return route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), seed: 1 }) });
    });
    await page.goto(server.url);
    await page.waitForSelector('#question:not(:empty)');
    await page.check('[name=mode][value=interview]');
    await page.selectOption('#interview-role', 'sales');
    await page.selectOption('#interview-length', length);
    if (voice) {
      await page.click('summary:has-text("voice")');
      assert.equal(await page.textContent('#voice'), 'Test (en-GB)');
      await page.selectOption('#rate', '1.15');
    }
    if (video) {
      await page.click('summary:has-text("More settings")');
      await page.check('#video');
    }
    if (job) {
      await page.click('summary:has-text("Fit it to a job")');
      await page.fill('#job-ad', job);
      await page.fill('#cv', cv);
    }
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
  };
  const phase = (page, name) => page.waitForFunction((p) => document.querySelector('.interview')?.dataset.phase === p, name, { timeout: 30000 });

  await test('an interview of three questions from the first visit to its report, without a click in between', async () => {
    const page = await open();
    await begin(page, { clips: [files.crayfish, files.short, files.jfk, files.short], video: true, job: 'You have experience with Salesforce and HubSpot.\nYou sell Pacific crayfish, river trout and smoked salmon.', cv: 'I cooked crayfish with Escoffier in Paris.' });
    await looksFinished(page, 'interview-setup');
    await axe(page);
    await page.click('#start');
    await phase(page, 'asking');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'finish');
    await phase(page, 'listening');
    assert.match(await page.textContent('#asked-as'), /Sales · Question 1 of 3/);
    assert.match(await page.textContent('#where'), /Nothing leaves this machine/); // the header's
    await axe(page);
    await page.waitForTimeout(1500);
    for (const [name, size] of [['zoomed', ZOOMED], ['landscape', LANDSCAPE], ['phone', { width: 390, height: 844 }], ['desktop', { width: 1280, height: 860 }]]) {
      await page.setViewportSize(size);
      await page.waitForTimeout(150);
      const box = await page.locator('#finish').boundingBox();
      assert.ok(box.y >= 0 && box.y + box.height <= size.height, `${name}: #finish from ${box.y} to ${box.y + box.height} of ${size.height}`);
      await looksFinished(page, `interview-${name}`);
    }
    await page.waitForSelector('.interview-report', { timeout: 120000 }); // nobody clicks or types meanwhile
    const [kept] = (await api('interviews')).interviews;
    const { plan } = await api(`interviews/${kept.id}`);
    assert.deepEqual(plan.map((q) => q.sessions.map((s) => [s.state, s.follow_up])), [[['done', 0], ['done', 1]], [['done', 0]], [['done', 0]]]);
    const next = plan[0].sessions[1].question;
    const first = await api(`sessions/${plan[0].sessions[0].id}/report`), said = first.transcript.map((t) => t.text).join(' ');
    const telling = said.match(/\p{L}{6,}/gu).filter((w) => next.includes(w));
    assert.ok(telling.length, `a follow-up with a word of the answer: ${next}`);
    assert.match(plan[1].text, /Salesforce|HubSpot/);
    const spoken = await page.evaluate(() => window.spoken.join(' ').trim());
    for (const q of [plan[0].text, next, plan[1].text, plan[2].text]) assert.ok(spoken.includes(q), `asked aloud: ${q}`);
    assert.ok(spoken.indexOf('hank you') > 0 && spoken.startsWith('Welcome.'));
    assert.equal(await page.evaluate(() => window.speed), 1.15);
    assert.equal((await page.evaluate(() => window.asked)).at(-1).echoCancellation, true);
    assert.deepEqual([...new Set(await page.evaluate(() => window.phases))], ['asking', 'listening', 'thinking']);
    // What was heard is the answer, from its first word on, without the interviewer.
    assert.match(said, /^The Pacific crayfish/i);
    assert.equal(first.interview, kept.id);
    assert.equal(first.videos.length, 1, 'its video is kept');
    assert.match(await page.textContent('.summary'), /answered 3 of 3 questions and 1 follow-up/);
    assert.equal(await page.locator('.interview-report a[href^="#/report/"]:has-text("whole report")').count(), 4);
    assert.ok(await page.locator('.figures .tile').count() >= 3);
    assert.equal(await page.isVisible('.model blockquote'), false);
    assert.ok(await page.locator('.asked .about').count() >= 2);
    await looksFinished(page, 'interview-report');
    await axe(page);
    await page.click('a:has-text("whole report") >> nth=1');
    await page.waitForFunction((text) => document.querySelector('article.report h1')?.textContent === text, next);
    await page.click('a:has-text("The whole interview")');
    await page.click('.interview-report a:has-text("whole report") >> nth=0');
    await page.waitForSelector('.terms');
    const { terms } = first.job_terms;
    assert.deepEqual(terms.filter((t) => t.times).map((t) => t.text), ['Pacific crayfish', 'crayfish']);
    assert.equal(await page.textContent('.terms dt >> nth=0'), `In this answer: 2 of ${terms.length}`);
    assert.match(await page.textContent('.terms .missing'), /Job ad: .*Salesforce, HubSpot.*CV: .*Escoffier/s);
    assert.match(await page.textContent('.terms .moments'), /0:00 Pacific crayfish/);
    await looksFinished(page, 'report-terms');
    await page.setViewportSize({ width: 390, height: 844 });
    await looksFinished(page, 'report-terms-phone');
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.click('a:has-text("The whole interview")');
    await page.waitForSelector('.interview-report');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await looksFinished(page, 'interview-report-dark-phone');
    await axe(page);
    await page.goto(`${server.url}#/progress`);
    await page.waitForSelector('.interviews li');
    assert.match(await page.textContent('.interviews li'), /Interview: Sales.*3 of 3 answered · overall \d+/);
    await looksFinished(page, 'interview-progress');
    await axe(page);
    page.on('dialog', (d) => d.accept());
    await page.click('.interviews button');
    await page.waitForFunction(() => !document.querySelector('.interviews li'));
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY');
    assert.deepEqual((await api('interviews')).interviews, []);
    for (const q of plan) for (const s of q.sessions) assert.equal((await fetch(`${server.url}v1/sessions/${s.id}`)).status, 404);
    quiet();
    await page.context().close();
  });

  await test('an interview goes on after a reload, a closed tab and a killed server, by the keyboard, and ends early', async () => {
    let page = await open({ colorScheme: 'dark' });
    await page.addInitScript(() => localStorage.setItem('rehearse', JSON.stringify({ ...JSON.parse(localStorage.getItem('rehearse') || '{}'), goal: '2' })));
    await begin(page, { clips: [files.jfk], voice: false });
    const asked = [];
    page.on('dialog', async (d) => { asked.push(d.type()); await d.accept(); });
    await page.focus('#start');
    await page.keyboard.press('Enter');
    await phase(page, 'asking');
    await page.waitForTimeout(700);
    await page.keyboard.press('Space'); // the welcome
    await page.waitForFunction(() => /Question 1/.test(document.querySelector('#asked-as').textContent));
    await page.waitForTimeout(700);
    await page.locator('.stage').click(); // the focus is nowhere
    await page.keyboard.press('Space'); // "Answer now"
    await phase(page, 'listening');
    await page.waitForFunction(() => document.querySelector('#timer').textContent >= '0:03');
    assert.equal(await page.textContent('#cue'), 'Time to wrap up');
    const question = await page.textContent('#asked');
    await page.reload();
    await page.waitForSelector('#go-on');
    assert.deepEqual(asked, ['beforeunload']);
    assert.match(await page.textContent('main'), /in the middle of an interview/);
    assert.equal(await page.textContent('#asked-before'), question);
    await looksFinished(page, 'interview-unfinished');
    await axe(page);
    const other = await page.context().newPage();
    await page.close();
    page = other;
    page.on('dialog', (d) => d.accept());
    await page.addInitScript(stand, { clips: [], voice: false });
    await page.addInitScript(() => {
      const Real = window.WebSocket;
      window.WebSocket = class extends Real { constructor(...a) { super(...a); window.lastSocket = this; } };
    });
    await page.waitForTimeout(2500); // it might be another tab that goes on
    await page.goto(server.url);
    await page.click('text=Go back to it');
    await page.waitForSelector('#go-on');
    assert.equal(await page.textContent('#asked-before'), question);
    await page.click('#go-on');
    await phase(page, 'listening');
    assert.equal(await page.textContent('#asked'), question);
    await page.waitForFunction(() => document.querySelector('#timer').textContent >= '0:04');
    await server.kill('SIGKILL');
    await page.waitForFunction(() => document.querySelector('#link').textContent.includes('Connection lost'));
    await server.up();
    await page.waitForFunction(() => document.querySelector('#link').textContent === '', null, { timeout: 15000 });
    await page.click('#again'); // asked once more within the answer: while that is said, no time of the person's passes
    assert.equal(await page.evaluate(() => document.activeElement.id), 'finish');
    const told = () => page.evaluate(() => ['#cue', '#timer', '#phase'].map((s) => document.querySelector(s).textContent));
    const [cue, time, asking] = await told();
    assert.equal(cue, '', 'nothing is told to the person meanwhile');
    assert.equal(asking, 'The interviewer speaks');
    const turnEnds = () => page.evaluate(() => window.lastSocket.dispatchEvent(new MessageEvent('message',
      { data: JSON.stringify({ type: 'turn.ended', t: 1, reason: 'finished', probability: 0.95, silence_s: 0.7 }) })));
    await turnEnds(); // it was on its way when the person asked: they go on
    await page.waitForTimeout(1300);
    assert.deepEqual(await told(), [cue, time, asking]);
    await page.screenshot({ path: join(shots, 'interview-dark.png') });
    await page.waitForFunction(() => document.querySelector('#cue').textContent === 'Time to wrap up'); // again
    const [, later] = await told();
    assert.ok(later.replace(':', '') - time.replace(':', '') <= 2, `${time}, then ${later}`);
    assert.equal(await page.getAttribute('.interview', 'data-phase'), 'listening');
    await turnEnds(); // the interviewer is silent: now it counts
    await phase(page, 'thinking');
    assert.equal(await page.textContent('#cue'), '');
    await phase(page, 'asking');
    await page.waitForFunction(() => /Question 2|follow-up/.test(document.querySelector('#asked-as').textContent));
    if (/follow-up/.test(await page.textContent('#asked-as'))) await page.click('#skip');
    await page.waitForFunction(() => /Question 2/.test(document.querySelector('#asked-as').textContent));
    await page.click('#skip');
    await page.waitForFunction(() => /Question 3/.test(document.querySelector('#asked-as').textContent));
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), 'BODY');
    await page.click('#end');
    await page.waitForSelector('.interview-report');
    assert.match(await page.textContent('.summary'), /answered 1 of 3 questions/);
    const [kept] = (await api('interviews')).interviews;
    const { plan } = await api(`interviews/${kept.id}`);
    assert.deepEqual(plan.map((q) => q.sessions.map((s) => s.state)), [['done'], [], []]);
    assert.ok(plan[0].sessions[0].duration_s > 3);
    errors.splice(0); // the browser reports the refused connections
    await page.context().close();
  });
}
