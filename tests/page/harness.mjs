// harness.mjs - starts the real server and a real Chromium with a fake camera and
// microphone, runs named tests one after the other and counts.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = process.env.REHEARSE_CACHE || join(process.env.XDG_CACHE_HOME || join(process.env.HOME, '.cache'), 'rehearse');
export const modules = join(cache, 'node/node_modules');
const { chromium } = await import(pathToFileURL(join(modules, 'playwright-core/index.mjs')));

export const work = mkdtempSync(join(tmpdir(), 'rehearse-page-'));
export const shots = process.env.REHEARSE_SHOTS || join(work, 'shots');
mkdirSync(shots, { recursive: true });
export const axePath = join(modules, 'axe-core/axe.min.js');

export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

// A face that moves a little, and somebody who speaks: from the fixtures.
export function media({ speech = 'tests/fixtures/jfk.flac', silenceBefore = 1.5, silenceAfter = 30 } = {}) {
  const ffmpeg = (...args) => execFileSync('ffmpeg', ['-loglevel', 'error', '-y', ...args], { cwd: root });
  const video = join(work, 'face.mjpeg');
  const audio = join(work, 'speech.wav');
  ffmpeg('-loop', '1', '-i', 'tests/fixtures/astronaut.jpg', '-t', '8', '-r', '15', '-vf',
    "scale=720:720,crop=640:480:x='20+16*sin(n/9)':y='8*cos(n/13)',format=yuvj420p", '-q:v', '4', video);
  ffmpeg('-f', 'lavfi', '-t', String(silenceBefore), '-i', 'anullsrc=r=48000:cl=mono', '-i', speech, '-f', 'lavfi', '-t', String(silenceAfter), '-i', 'anullsrc=r=48000:cl=mono',
    '-filter_complex', '[1:a]aresample=48000,aformat=channel_layouts=mono[s];[0:a][s][2:a]concat=n=3:v=0:a=1', audio);
  return { video, audio };
}

export const freePort = () => new Promise((done) => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

// Nothing waits without an end: a test and the whole have a limit, and nothing is left running.
const TEST_MS = 180_000;
const WHOLE_MS = 20 * 60_000;
const servers = new Set();
export const helpers = new Set(); // other programs that a test has started
const shortly = (ms) => new Promise((done) => { setTimeout(done, ms).unref(); });
const logs = () => [...servers].map((s) => `log of the server at port ${s.port}:\n${s.log.slice(-3000)}`).join('\n');

let now = 'the start';
process.on('exit', () => { for (const p of [...helpers, ...[...servers].map((s) => s.process)]) p.kill('SIGKILL'); });
const end = (why, code) => {
  console.log(`\nFAIL  ${why} in ${now}\n${logs()}`);
  process.exit(code);
};
setTimeout(end, WHOLE_MS, `more than ${WHOLE_MS / 1000} s`, 1).unref();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => end(signal, 143));

export class Server {
  constructor(port) { this.port = port; this.data = join(work, 'data'); this.log = ''; this.env = {}; }

  static async start() {
    const s = new Server(await freePort());
    await s.up();
    return s;
  }

  get url() { return `http://127.0.0.1:${this.port}/`; }

  async up() {
    const binary = process.env.REHEARSE_BIN || join(root, 'build/rehearse');
    this.process = spawn(binary, ['serve', '--port', String(this.port)], { cwd: work, env: { ...process.env, REHEARSE_DATA_DIR: this.data, ...this.env } });
    servers.add(this);
    this.process.stderr.on('data', (d) => { this.log += d; });
    this.process.stdout.on('data', (d) => { this.log += d; });
    this.expected = false;
    this.process.on('exit', (code, signal) => {
      if (this.expected) return;
      failed++;
      console.log(`FAIL  the server ended by itself: ${code ?? signal}\n${this.log.slice(-2000)}`);
    });
    for (let i = 0; i < 1200; i++) {
      if (this.process.exitCode !== null) throw new Error(`the server ended: ${this.log}`);
      const ok = await fetch(`${this.url}health`).then((r) => r.ok, () => false);
      if (ok) return;
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`the server is not ready after 120 s: ${this.log}`);
  }

  async kill(signal = 'SIGKILL') {
    servers.delete(this);
    if (this.process.exitCode !== null || this.process.signalCode) return;
    this.expected = true;
    const ended = new Promise((done) => { this.process.once('exit', () => done(true)); });
    this.process.kill(signal);
    if (await Promise.race([ended, shortly(60_000)])) return;
    this.process.kill('SIGKILL');
    throw new Error(`the server does not end after ${signal}\n${this.log.slice(-3000)}`);
  }
}

const browsers = [];
export const errors = []; // what pages wrote to their consoles
export async function browser({ video, audio }, more = []) {
  if (!chromiumPath) throw new Error('no Chromium: install the package chromium');
  const it = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`, `--use-file-for-fake-audio-capture=${audio}%noloop`, ...more] });
  browsers.push(it);
  return it;
}

let passed = 0, failed = 0, again = 0;
// A test that failed, as real time makes them on a machine with other work, is run once more, which is said; not more than these.
const MOST_AGAIN = 3;
const only = process.argv.slice(2).join(' '); // part of a name: run just these
const parts = process.env.REHEARSE_PAGE_PARTS?.split(','); // of the suite; not set: all
let here = true;
export function part(name) {
  here = !parts || parts.includes(name);
  return here;
}
export async function test(name, fn) {
  if (!here || !name.includes(only)) return;
  for (;;) {
    const began = Date.now(), before = browsers.flatMap((b) => b.contexts());
    now = name;
    process.stdout.write(`${name} ... `);
    try {
      const late = shortly(TEST_MS).then(() => { throw new Error(`more than ${TEST_MS / 1000} s\n${logs()}`); });
      await Promise.race([fn(), late]);
      passed++;
      console.log(`ok  ${((Date.now() - began) / 1000).toFixed(1)} s`);
    } catch (e) {
      console.log(`FAIL\n      ${String(e.stack || e).split('\n').slice(0, 60).join('\n      ')}`);
      // Nothing of it disturbs what follows.
      for (const b of browsers) for (const context of b.contexts()) if (!before.includes(context)) await context.close().catch(() => {});
      errors.length = 0;
      if (began + TEST_MS > Date.now() && again++ < MOST_AGAIN) {
        console.log('once more');
        continue;
      }
      failed++;
    }
    break;
  }
  now = `what follows "${name}"`;
}

export function finish() {
  if (!process.env.REHEARSE_KEEP) rmSync(work, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
