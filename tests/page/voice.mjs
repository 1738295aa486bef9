// voice.mjs - the interviewer's voice as the microphone hears it, and a person who does not wait for its end. The browser's
// voices are stood in for by ones that sound in the microphone, or do not; with real ones: bench/voice.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root, test } from './harness.mjs';

const clip = (file, ...how) => execFileSync('ffmpeg', ['-loglevel', 'error', '-i', join(root, 'tests/fixtures', file), ...how,
  '-ac', '1', '-ar', '16000', '-f', 'wav', '-'], { maxBuffer: 1 << 24 }).toString('base64');
const ON_AND_ON = 'aresample=16000,atrim=0.3:1.1,volume=14dB,aloop=loop=12:size=12800'; // without a pause, as loud as the voice

// A room: the voice sounds for `seconds` and ends `late` ms later, or never as far as the browser tells; `echo` of it comes back.
function room({ voice, person, seconds, late, echo, tellsEnd }) {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let sound, mouth, current = null;
  const all = {};
  window.spoken = [];
  window.hushed = 0;
  const play = async (data, gain) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const node = new AudioBufferSourceNode(sound, { buffer: all[data] ??= await sound.decodeAudioData(bytes.buffer) });
    node.connect(new GainNode(sound, { gain })).connect(mouth);
    node.start();
    return node;
  };
  navigator.mediaDevices.getUserMedia = async ({ video }) => {
    const stream = video ? await real({ video }) : new MediaStream();
    sound = new AudioContext();
    mouth = sound.createMediaStreamDestination();
    stream.addTrack(mouth.stream.getAudioTracks()[0]);
    return stream;
  };
  window.answerNow = () => play(person, 0.7);
  const speak = async (u) => {
    if (!u.text.trim()) return;
    window.spoken.push(u.text);
    const mine = current = { u };
    setTimeout(() => u.dispatchEvent(new Event('start')), 20);
    mine.node = await play(voice, echo);
    window.sounds = true;
    mine.timer = setTimeout(() => {
      mine.node.stop();
      window.sounds = false;
      if (tellsEnd) setTimeout(() => { if (current === mine) u.dispatchEvent(new Event('end')); }, late);
    }, 1000 * (/^(Welcome|I have|Take your)/.test(u.text) ? 1.3 : seconds));
  };
  const cancel = () => {
    if (!current) return;
    window.hushed += 1;
    clearTimeout(current.timer);
    current.node?.stop();
    current = null;
    window.sounds = false;
  };
  // As on Linux: each voice in many characters, some time after the page.
  const voices = ['English (America)', 'Deutsch'].flatMap((name) => ['', '+Adam', '+Zoe'].map((kind) => ({ name: `${name}${kind} engine`,
    lang: name.startsWith('E') ? 'en-US' : 'de', voiceURI: `${name}${kind}`, localService: true })));
  const synth = Object.assign(new EventTarget(), { getVoices: () => (window.voicesCame ? voices : []), speak, cancel });
  setTimeout(() => { window.voicesCame = true; synth.dispatchEvent(new Event('voiceschanged')); }, 2000);
  Object.defineProperty(window, 'speechSynthesis', { value: synth });
  window.SpeechSynthesisUtterance = class extends EventTarget {
    constructor(text) { super(); this.text = text; for (const t of ['start', 'end', 'error']) this.addEventListener(t, (e) => this[`on${t}`]?.(e)); }
  };
}

export async function voices({ open, quiet, server }) {
  const voice = clip('1688-142285-0002.flac'), person = clip('367-130732-0003.ogg'), cough = clip('367-130732-0003.ogg', '-t', '1.1'), onAndOn = clip('367-130732-0003.ogg', '-af', ON_AND_ON);

  const begin = async (page, how) => {
    await page.addInitScript(room, { voice, person, seconds: 2, late: 300, tellsEnd: true, ...how });
    await page.route(/v1\/interviews$/, (route) => (route.request().method() !== 'POST' ? route.continue()
      : route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), seed: 1 }) })));
    await page.goto(server.url);
    await page.waitForSelector('#question:not(:empty)');
    await page.check('[name=mode][value=interview]');
    await page.click('summary:has-text("voice")');
    await page.waitForFunction(() => document.querySelectorAll('#voice option').length === 2);
    assert.equal(await page.textContent('#voice option:checked'), 'English (America) engine (en-US)');
    assert.ok(await page.isEnabled('#voice') && await page.isChecked('#aloud'));
    await page.click('#enable');
    await page.waitForSelector('#start:not([disabled])');
    await page.click('#start');
  };
  const first = (page) => page.waitForFunction(() => /Question 1/.test(document.querySelector('#asked-as')?.textContent) && window.sounds, null, { polling: 50 });
  const phase = (page, name) => page.waitForFunction((p) => document.querySelector('.interview')?.dataset.phase === p, name, { timeout: 60000, polling: 50 });
  const captions = (page, words) => page.waitForFunction((w) => new RegExp(w, 'i').test(document.querySelector('#caption').textContent), words, { timeout: 60000 })
    .catch(async (e) => { throw new Error(`heard "${await page.textContent('#caption').catch(String)}": ${e.message}`); });
  const leave = async (page) => {
    page.on('dialog', (d) => d.accept());
    quiet();
    await page.context().close();
  };

  await test('a voice that comes back and whose end is not told ends all the same, and is no part of the answer', async () => {
    const page = await open();
    await page.addInitScript(() => { // nothing of the page is heard before this
      const Real = window.WebSocket;
      window.heard = [];
      window.WebSocket = class extends Real {
        constructor(...a) { super(...a); this.addEventListener('message', ({ data }) => window.heard.push(JSON.parse(data))); }
      };
    });
    await begin(page, { echo: 0.7, tellsEnd: false });
    await first(page);
    assert.equal(await page.textContent('#phase'), 'The interviewer speaks: you are heard from its end on');
    await phase(page, 'listening');
    await page.evaluate(() => window.answerNow());
    await captions(page, 'crayfish');
    const finals = await page.evaluate(() => window.heard.filter((m) => /^transcript/.test(m.type)).map((m) => m.text));
    for (const text of finals) assert.match(text, /^$|^the\b|pacific|crayfish/i, `the first words are the person's, not "${text}"`);
    assert.doesNotMatch(await page.textContent('#cue'), /not heard/);
    await leave(page);
  });

  await test('who speaks through the end of a question that comes back is told what was not heard', async () => {
    const page = await open();
    await begin(page, { echo: 0.7, person: onAndOn });
    await first(page);
    await page.evaluate(() => window.answerNow());
    await phase(page, 'listening');
    await page.waitForFunction(() => document.querySelector('#cue').textContent === 'What you said before the question was over was not heard: please begin again');
    await leave(page);
  });

  await test('with headphones who begins during the question stops it and is heard from the first word on', async () => {
    const page = await open();
    await begin(page, { echo: 0, seconds: 60 });
    await first(page);
    assert.equal(await page.textContent('#phase'), 'The interviewer speaks');
    const hushed = await page.evaluate(() => window.hushed);
    await page.evaluate(() => window.answerNow());
    await phase(page, 'listening');
    assert.ok(await page.evaluate(() => window.hushed) > hushed, 'the voice has stopped');
    await captions(page, '^(the )?(pacific|crayfish)');
    await leave(page);
  });

  await test('with headphones a noise stops the question for a moment only', async () => {
    const page = await open();
    await begin(page, { echo: 0, seconds: 60, person: cough });
    await first(page);
    await page.evaluate(() => window.answerNow());
    await page.waitForFunction(() => window.spoken.length > 1 && window.spoken.at(-1) === window.spoken.at(-2)); // said again
    assert.equal(await page.getAttribute('.interview', 'data-phase'), 'asking');
    await leave(page);
  });
}
