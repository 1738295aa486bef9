// voice.mjs - an interview as it sounds: a real voice from a loudspeaker, a microphone that hears it, and a person.
//
//   node bench/voice.mjs [PART OF A SCENE'S NAME]
//
// Chromium asks through speech-dispatcher and espeak-ng; its loudspeaker and microphone are PulseAudio's, without sound
// hardware: what the loudspeaker plays comes back through the microphone after some 40 ms, weaker or not at all, and a
// recording of the fixtures is the person in front of it. Printed for each scene: what the loudspeaker said, how long after
// its last sound the page listened, and what was taken for the answer.
// Needs: chromium pulseaudio pulseaudio-utils speech-dispatcher speech-dispatcher-espeak-ng (apt). Without: 77.
// Nothing of the machine's own sound is touched: the sound server and the voices live in a folder of their own.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromiumPath, modules, root, Server, work } from '../tests/page/harness.mjs';

const { chromium } = await import(pathToFileURL(join(modules, 'playwright-core/index.mjs')));
const only = process.argv.slice(2).join(' ');
const RATE = 16000;
const CANDIDATE = { file: 'jfk.flac', begins: /^and so my fellow americans ask not/, ends: /what you can do for your country$/ };
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}' ]+/gu, ' ').replace(/\s+/g, ' ').trim();

// ---- the room ----

const runtime = join(work, 'sound');
mkdirSync(runtime, { mode: 0o700 });
const env = { ...process.env, XDG_RUNTIME_DIR: runtime, PULSE_RUNTIME_PATH: join(runtime, 'pulse'), PULSE_SERVER: `unix:${runtime}/pulse/native`, HOME: process.env.HOME };
const command = (...words) => execFileSync(words[0], words.slice(1), { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
try {
  for (const name of ['pulseaudio', 'pactl', 'paplay', 'parec', 'spd-say', 'espeak-ng']) command('which', name);
} catch {
  console.error('skipped: needs pulseaudio, pulseaudio-utils, speech-dispatcher and speech-dispatcher-espeak-ng');
  process.exit(77);
}
command('pulseaudio', '--daemonize=yes', '--exit-idle-time=-1', '-n', '-L', 'module-native-protocol-unix',
  '-L', 'module-null-sink sink_name=loudspeaker rate=48000', '-L', 'module-null-sink sink_name=air rate=48000',
  '-L', 'module-remap-source source_name=microphone master=air.monitor', '-L', 'module-null-sink sink_name=nowhere');
command('pactl', 'set-default-sink', 'loudspeaker');
command('pactl', 'set-default-source', 'microphone');
process.on('exit', () => {
  for (const line of command('ps', '-eo', 'pid,args').split('\n')) // its own voices only
    if (line.includes(runtime)) try { process.kill(Number(line.trim().split(' ')[0])); } catch { /* it has gone */ }
  try { command('pulseaudio', '--kill'); } catch { /* it has gone */ }
});

let back = null; // what brings the voice to the microphone
function echoOf(percent) {
  if (back) command('pactl', 'unload-module', back);
  back = percent ? command('pactl', 'load-module', 'module-loopback', 'source=loudspeaker.monitor', 'sink=air', 'latency_msec=40') : null;
  if (!percent) return;
  const inputs = command('pactl', 'list', 'short', 'sink-inputs').split('\n').map((l) => l.split('\t'));
  command('pactl', 'set-sink-input-volume', inputs.at(-1)[0], `${percent}%`);
}

// What the loudspeaker plays, with the time of its last sound.
const speaker = { pcm: [], heardAt: 0, began: 0 };
const listening = spawn('parec', ['--device=loudspeaker.monitor', '--format=s16le', `--rate=${RATE}`, '--channels=1', '--latency-msec=20'], { env });
listening.stdout.on('data', (bytes) => {
  speaker.pcm.push(bytes);
  for (let i = 0; i + 1 < bytes.length; i += 32) {
    if (Math.abs(bytes.readInt16LE(i)) < 200) continue;
    const now = performance.now();
    if (now - speaker.heardAt > 250) speaker.began = now;
    speaker.heardAt = now;
    break;
  }
});
const candidateFile = join(work, 'candidate.wav');
execFileSync('ffmpeg', ['-loglevel', 'error', '-i', join(root, 'tests/fixtures', CANDIDATE.file), '-ac', '1', '-ar', '48000', candidateFile]);
const candidateSays = () => { const p = spawn('paplay', ['--device=air', '--latency-msec=30', candidateFile], { env }); return new Promise((done) => p.on('exit', done)); };
const heardBy = (pcm) => { // what the recogniser makes of it
  const file = join(work, 'heard.wav');
  execFileSync('ffmpeg', ['-loglevel', 'error', '-y', '-f', 's16le', '-ar', String(RATE), '-ac', '1', '-i', '-', file], { input: Buffer.concat(pcm) });
  return execFileSync(process.env.REHEARSE_BIN || join(root, 'build/rehearse'), ['transcribe', '--language', 'en', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
};

// ---- the page ----

const server = await Server.start();
const browser = await chromium.launch({ executablePath: chromiumPath, env, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--enable-speech-dispatcher',
  '--autoplay-policy=no-user-gesture-required', '--use-fake-ui-for-media-stream'] });

async function begin({ rate = '1' } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, permissions: ['microphone'] });
  const page = await context.newPage(), told = [];
  page.on('pageerror', (e) => console.log('  page:', e.message));
  page.on('websocket', (ws) => ws.on('framereceived', ({ payload }) => {
    if (typeof payload !== 'string') return;
    const m = JSON.parse(payload);
    if (/^turn|^transcript|^report|^cue/.test(m.type)) told.push({ ...m, at: performance.now() });
  }));
  await page.route(/v1\/interviews$/, (route) => (route.request().method() !== 'POST' ? route.continue()
    : route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), seed: 1 }) })));
  await page.goto(server.url);
  await page.waitForSelector('#question:not(:empty)');
  await page.check('[name=mode][value=interview]');
  await page.selectOption('#interview-role', 'sales');
  await page.click('summary:has-text("voice")');
  await page.waitForFunction(() => document.querySelectorAll('#voice option').length > 1, null, { timeout: 20000 });
  const voices = await page.locator('#voice option').count(), voice = await page.textContent('#voice option:checked');
  await page.selectOption('#rate', rate);
  await page.click('#enable');
  await page.waitForSelector('#start:not([disabled])');
  await page.click('#start');
  return { page, told, voices, voice };
}
const question = async (page, n) => {
  await page.waitForFunction((n) => new RegExp(`Question ${n}`).test(document.querySelector('#asked-as')?.textContent), n, { timeout: 60000 });
  return page.textContent('#asked');
};
const phase = (page, name) => page.waitForFunction((p) => document.querySelector('.interview')?.dataset.phase === p, name, { timeout: 90000, polling: 20 });
const cue = (page) => page.textContent('#cue');

// Words of the question in the answer that the candidate did not say: three in a row.
function leaked(asked, answer) {
  const own = plain(answer).split(' '), words = plain(asked).split(' ');
  for (let i = 0; i + 3 <= words.length; i++) if (own.join(' ').includes(words.slice(i, i + 3).join(' '))) return words.slice(i, i + 3).join(' ');
  return null;
}

async function scene(name, { echo, speaks, rate }) {
  if (!name.includes(only)) return;
  console.log(name);
  echoOf(echo);
  speaker.pcm = [];
  const { page, told, voices, voice } = await begin({ rate });
  const asked = await question(page, 1);
  const askedAt = performance.now();
  for (let i = 0; speaker.began < askedAt - 100; i++) { // it is being said
    await wait(10);
    if (i > 1500) throw new Error(`the loudspeaker is silent; phase ${await page.getAttribute('.interview', 'data-phase')}, ${voices} voices, ${voice}`);
  }
  const sentences = (asked.match(/[.!?](\s|$)/g) ?? ['']).length;
  const begins = speaker.began;
  let candidate = null, candidateAt = 0;
  const start = () => { candidateAt = performance.now(); candidate = candidateSays(); };
  if (speaks === 'into it') setTimeout(start, Math.max(0, begins + 1000 - performance.now()));
  if (speaks === 'at once') {
    (async () => { // when the voice has been silent for 150 ms and longer than between sentences it never comes back: known by the text
      const least = begins + 300 * asked.split(' ').length * 0.75;
      while (performance.now() < least || performance.now() - speaker.heardAt < 150) await wait(5);
      start();
    })();
  }
  await phase(page, 'listening');
  const listensAt = performance.now(), silentAt = speaker.heardAt;
  if (speaks === 'after') setTimeout(start, 500);
  await wait(900);
  const shown = await cue(page);
  if (speaks) await Promise.race([phase(page, 'thinking'), wait(40000)]);
  else await wait(9000);
  const phaseNow = await page.getAttribute('.interview', 'data-phase');
  await wait(300);
  const answer = told.filter((m) => m.type === 'transcript.final').map((m) => m.text).join(' ');
  const turns = told.filter((m) => m.type.startsWith('turn')).map((m) => `${m.type.slice(5)} ${m.t}${m.reason ? ` (${m.reason}, ${m.silence_s} s)` : ''}`);
  const said = heardBy(speaker.pcm);
  console.log(`  voices offered ${voices}, chosen ${voice}; sentences ${sentences}`);
  console.log(`  asked:   ${asked}\n  sounded: ${said}`);
  console.log(`  the voice took ${((silentAt - begins) / 1000).toFixed(2)} s; listening ${Math.round(listensAt - silentAt)} ms after its last sound`
    + (candidateAt ? `; the person began ${Math.round(candidateAt - silentAt)} ms after it` : ''));
  console.log(`  answer:  ${answer || '(none)'}\n  turns:   ${turns.join(', ') || 'none'}; cue: ${shown || '-'}; phase ${phaseNow}`);
  const p = plain(answer);
  console.log(`  first words ${!speaks ? '-' : CANDIDATE.begins.test(p) ? 'kept' : 'LOST'}, last ${!speaks ? '-' : CANDIDATE.ends.test(p) ? 'kept' : 'LOST'}; of the question: ${leaked(asked, answer) ?? 'nothing'}`);
  await candidate;
  page.on('dialog', (d) => d.accept());
  await page.context().close();
}

await scene('loudspeaker, nobody answers', { echo: 60 });
await scene('loudspeaker, answered after half a second', { echo: 60, speaks: 'after' });
await scene('loudspeaker, answered at once', { echo: 60, speaks: 'at once' });
await scene('loudspeaker as loud as the person, spoken into the question', { echo: 100, speaks: 'into it' });
await scene('headphones, answered at once', { echo: 0, speaks: 'at once' });
await scene('headphones, spoken into the question', { echo: 0, speaks: 'into it' });
await scene('headphones, brisk voice', { echo: 0, speaks: 'after', rate: '1.15' });
// One sentence of half a minute, which some browsers break off after 15 s.
const LONG = `Tell me ${'how you planned it and then what you did and what came of it and '.repeat(8)}what you learned.`;
if ('a sentence of half a minute'.includes(only)) {
  console.log('a sentence of half a minute');
  echoOf(0);
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => window.speechSynthesis.getVoices().length > 0, null, { polling: 200, timeout: 60000 });
  await page.click('main');
  speaker.pcm = [];
  const from = performance.now();
  const how = await page.evaluate(async (text) => {
    const { speak } = await import(new URL('js/speak.js', document.baseURI));
    return speak(text, { voice: 'English (America) espeak-ng' });
  }, LONG);
  console.log(`  made ${how}; ended after ${((performance.now() - from) / 1000).toFixed(1)} s, ${Math.round(performance.now() - speaker.heardAt)} ms after its last sound\n  sounded: ${heardBy(speaker.pcm)}`);
  await page.close();
}
await browser.close();
await server.kill('SIGTERM');
listening.kill();
process.exit(0);
