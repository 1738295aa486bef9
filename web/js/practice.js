// practice.js - the calm screen: self view, one cue at a time, a timer.
import { $, notice, settings, show, spokenLanguage, tell } from './api.js';
import { stayAwake } from './awake.js';
import { wav } from './capture.js';
import { pastedTexts } from './interview-setup.js';
import { Live } from './live.js';
import { canRecord, Recorder } from './recorder.js';
import { awaitReport, unfinished } from './unfinished.js';
import { put, w } from './words.js';

const PICTURES_PER_S = 10;
const CALIBRATE_MS = 3000;
const CUE_MS = 5000;
const STAYED_MS = 3000; // still here so long after it was to be left: the page stays

const newId = () => `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

// `saved` is what unfinished.js kept of a practice that goes on after a reload.
export function practice(shared, alive, saved = null) {
  show('view-practice');
  const { capture, question } = shared;
  const id = saved?.id || newId();
  // Held, since events come after the view has gone too.
  const [self, ring, link, cue, timer, captions] = ['#self', '#ring', '#link', '#cue', '#timer', '#caption'].map((s) => $(s));
  const recorded = [];
  let pictures = null, clock = null, cueTimer = null, left = false;

  put($('#asked'), question.text);
  if (question.bank) $('#asked').lang = 'en';
  self.srcObject = capture.stream;
  const sleep = stayAwake(capture, self);
  $('#no-self').hidden = capture.hasVideo;
  captions.hidden = !settings.captions;

  const live = new Live(id, { question: question.text, kind: question.kind, client: settings.client || 'me',
    language: question.language || spokenLanguage(question.bank), keep_media: Boolean(settings.keep), keep_video: Boolean(settings.video), face_hz: 4,
    ...pastedTexts(shared) }, saved);
  let recorder = null;
  const part = (saved?.part || 0) + 1; // of the video

  const save = (more = {}) => unfinished.set({ id, token: live.token, seq: live.seq, question, pictureUs: live.timeUs, part: recorder ? part : saved?.part, ...more });
  live.addEventListener('ready', () => {
    tell(link, '');
    save({ finished: live.finishing });
    if (clock || live.finishing) return;
    clock = setInterval(() => {
      const s = Math.floor(live.timeUs / 1e6);
      timer.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
      save();
    }, 250);
    if (capture.hasVideo && !saved) {
      ring.hidden = false;
      setTimeout(() => { live.calibrate(); ring.hidden = true; }, CALIBRATE_MS);
    }
    capture.onsound = (samples) => { recorded.push(samples); live.sound(samples); };
    if (settings.video && capture.hasVideo && canRecord()) record();
    pictures = setInterval(async () => live.picture(await capture.picture(self)), 1000 / PICTURES_PER_S);
  });
  function record() {
    recorder = new Recorder(id, capture.stream, { part, start: live.timeUs / 1e6 });
    recorder.addEventListener('failed', ({ detail }) => tell(link, detail));
  }
  live.addEventListener('broken', () => { tell(link, w('practice.broken')); });
  live.addEventListener('lost', () => failed(w('practice.lost')));
  live.addEventListener('error', ({ detail }) => {
    tell(link, detail.detail || detail.error || '');
    if (saved && !clock && !left) over(); // nothing to go on with: it was finished meanwhile
  });
  live.addEventListener('notice', ({ detail }) => { tell(link, detail.detail || ''); });
  live.addEventListener('lag', ({ detail }) => { tell(link, detail.seconds > 5 ? w('practice.behind') : ''); });
  live.addEventListener('cue', ({ detail }) => {
    tell(cue, detail.text);
    clearTimeout(cueTimer);
    cueTimer = setTimeout(() => { tell(cue, ''); }, CUE_MS);
  });
  let settled = '';
  live.addEventListener('transcript.final', ({ detail }) => { settled = `${settled} ${detail.text}`.trim().slice(-300); caption(captions, settled, ''); });
  live.addEventListener('transcript.partial', ({ detail }) => caption(captions, settled, detail.text));
  live.addEventListener('report', () => {
    unfinished.clear();
    window.removeEventListener('beforeunload', ask);
    if (!alive()) return;
    // After a reload only the end was heard here, and the report's times would not fit it.
    shared.recording = recorded.length && !saved ? { id, url: URL.createObjectURL(wav(recorded)) } : null;
    location.hash = `#/report/${encodeURIComponent(id)}`;
  });

  $('#finish').addEventListener('click', async () => {
    stopSending();
    save({ finished: true });
    show('view-waiting');
    if (recorder) await recorder.finish();
    live.finish();
    // Who reloads now comes back to the report by what was saved, not by a page on its way out.
    window.addEventListener('beforeunload', () => { live.stop(); setTimeout(() => { if (!left) over(); }, STAYED_MS); }, { once: true });
  });
  $('#cancel').addEventListener('click', () => { recorder?.stop(); unfinished.clear(); live.discard(); location.hash = '#/'; });

  // A reload or a closed tab in mid-practice is asked about first.
  const ask = (e) => e.preventDefault();
  window.addEventListener('beforeunload', ask);

  function stopSending() {
    sleep();
    capture.onsound = null;
    clearInterval(pictures);
    clearInterval(clock);
    window.removeEventListener('beforeunload', ask);
  }
  function over() {
    stopSending();
    live.stop();
    awaitReport(id, alive).catch((e) => { if (alive()) failed(e); });
  }
  function failed(what) {
    stopSending();
    unfinished.clear();
    show('view-waiting').replaceChildren();
    notice(what, null);
  }
  return () => { // leaving the view
    if (left) return;
    left = true;
    recorder?.stop();
    stopSending();
    unfinished.clear();
    live.stop();
    capture.close();
    shared.capture = null;
  };
}

function caption(box, settled, tentative) {
  const soft = document.createElement('span');
  soft.className = 'tentative';
  soft.textContent = tentative;
  box.replaceChildren(settled + ' ', soft);
}
