// practice.js - the calm screen: self view, one cue at a time, a timer.
import { $, notice, settings, show, spokenLanguage, tell } from './api.js';
import { Answer, captionOf } from './answer.js';
import { stayAwake } from './awake.js';
import { wav } from './capture.js';
import { pastedTexts } from './interview-setup.js';
import { clock as clockText } from './report.js';
import { awaitReport, unfinished } from './unfinished.js';
import { put, w } from './words.js';

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
  let clock = null, cueTimer = null, left = false;

  put($('#asked'), question.text);
  if (question.bank) $('#asked').lang = 'en';
  self.srcObject = capture.stream;
  const sleep = stayAwake(capture, self);
  $('#no-self').hidden = capture.hasVideo;
  captions.hidden = !settings.captions;

  const answer = new Answer({ capture, self, id, saved, heard: (samples) => recorded.push(samples),
    start: { question: question.text, kind: question.kind, client: settings.client || 'me', language: question.language || spokenLanguage(question.bank),
      keep_media: Boolean(settings.keep), keep_video: Boolean(settings.video), face_hz: 4, ...pastedTexts(shared) } });
  const { live } = answer;

  const save = (more = {}) => unfinished.set({ id, token: live.token, seq: live.seq, question, pictureUs: live.timeUs, part: answer.part, ...more });
  answer.on('ready', () => {
    tell(link, '');
    save({ finished: live.finishing });
    if (clock || live.finishing) return;
    clock = setInterval(() => {
      timer.textContent = clockText(answer.seconds);
      save();
    }, 250);
    if (capture.hasVideo && !saved) {
      ring.hidden = false;
      setTimeout(() => { live.calibrate(); ring.hidden = true; }, CALIBRATE_MS);
    }
  });
  answer.on('broken', () => { tell(link, w('practice.broken')); });
  answer.on('lost', () => failed(w('practice.lost')));
  answer.on('error', (m) => {
    tell(link, m.detail || m.error || '');
    if (saved && !answer.began && !left) over(); // nothing to go on with: it was finished meanwhile
  });
  answer.on('notice', (m) => { tell(link, m.detail || ''); });
  answer.on('lag', (m) => { tell(link, m.seconds > 5 ? w('practice.behind') : ''); });
  answer.on('cue', (m) => {
    tell(cue, m.text);
    clearTimeout(cueTimer);
    cueTimer = setTimeout(() => { tell(cue, ''); }, CUE_MS);
  });
  let settled = '';
  const caption = (tentative) => captions.replaceChildren(captionOf(settled, tentative));
  answer.on('transcript.final', (m) => { settled = `${settled} ${m.text}`.trim().slice(-300); caption(''); });
  answer.on('transcript.partial', (m) => caption(m.text));
  answer.on('report', () => {
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
    await answer.finish();
    // Who reloads now comes back to the report by what was saved, not by a page on its way out.
    window.addEventListener('beforeunload', () => { answer.stop(); setTimeout(() => { if (!left) over(); }, STAYED_MS); }, { once: true });
  });
  $('#cancel').addEventListener('click', () => { unfinished.clear(); answer.discard(); location.hash = '#/'; });

  // A reload or a closed tab in mid-practice is asked about first.
  const ask = (e) => e.preventDefault();
  window.addEventListener('beforeunload', ask);

  function stopSending() {
    sleep();
    clearInterval(clock);
    window.removeEventListener('beforeunload', ask);
  }
  function over() {
    stopSending();
    answer.stop();
    awaitReport(id, alive).catch((e) => { if (alive()) failed(e); });
  }
  function failed(what) {
    stopSending();
    answer.stop();
    unfinished.clear();
    show('view-waiting').replaceChildren();
    notice(what, null);
  }
  return () => { // leaving the view
    if (left) return;
    left = true;
    stopSending();
    unfinished.clear();
    answer.stop();
    capture.close();
    shared.capture = null;
  };
}
