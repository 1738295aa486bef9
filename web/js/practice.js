// practice.js - the calm screen: self view, one cue at a time, a timer.
import { $, notice, settings, show } from './api.js';
import { wav } from './capture.js';
import { Live } from './live.js';

const PICTURES_PER_S = 10;
const CALIBRATE_MS = 3000;
const CUE_MS = 5000;

const newId = () => `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

export function practice(shared) {
  show('view-practice');
  const { capture, question } = shared;
  const id = newId();
  const self = $('#self');
  const recorded = [];
  let pictures = null, clock = null, cueTimer = null, left = false;

  $('#asked').textContent = question.text;
  self.srcObject = capture.stream;
  $('#no-self').hidden = capture.hasVideo;
  $('#caption').hidden = !settings.captions;

  const live = new Live(id, { question: question.text, kind: question.kind, client: settings.client || 'me',
    language: settings.language || 'en', keep_media: Boolean(settings.keep), face_hz: 4 });

  live.addEventListener('ready', () => {
    $('#link').textContent = '';
    if (clock) return;
    const began = performance.now();
    clock = setInterval(() => {
      const s = Math.floor((performance.now() - began) / 1000);
      $('#timer').textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
    }, 250);
    if (capture.hasVideo) {
      $('#ring').hidden = false;
      setTimeout(() => { live.calibrate(); const ring = $('#ring'); if (ring) ring.hidden = true; }, CALIBRATE_MS);
    }
    capture.onsound = (samples) => { recorded.push(samples); live.sound(samples); };
    pictures = setInterval(async () => live.picture(await capture.picture(self)), 1000 / PICTURES_PER_S);
  });
  live.addEventListener('broken', () => { $('#link').textContent = 'Connection lost. Go on: nothing you say is lost.'; });
  live.addEventListener('lost', () => failed('The connection to Rehearse did not come back. What was kept until then is under Progress.'));
  live.addEventListener('error', ({ detail }) => { $('#link').textContent = detail.detail || detail.error || ''; });
  live.addEventListener('lag', ({ detail }) => { $('#link').textContent = detail.seconds > 5 ? 'The analysis is behind; it will catch up.' : ''; });
  live.addEventListener('cue', ({ detail }) => {
    $('#cue').textContent = detail.text;
    clearTimeout(cueTimer);
    cueTimer = setTimeout(() => { if ($('#cue')) $('#cue').textContent = ''; }, CUE_MS);
  });
  let settled = '';
  live.addEventListener('transcript.final', ({ detail }) => { settled = `${settled} ${detail.text}`.trim().slice(-300); caption(settled, ''); });
  live.addEventListener('transcript.partial', ({ detail }) => caption(settled, detail.text));
  live.addEventListener('report', () => {
    shared.recording = recorded.length ? { id, url: URL.createObjectURL(wav(recorded)) } : null;
    location.hash = `#/report/${encodeURIComponent(id)}`;
  });

  $('#finish').addEventListener('click', () => {
    stopSending();
    live.finish();
    show('view-waiting');
  });
  $('#cancel').addEventListener('click', () => { live.discard(); location.hash = '#/'; });

  function stopSending() {
    capture.onsound = null;
    clearInterval(pictures);
    clearInterval(clock);
  }
  function failed(text) {
    stopSending();
    show('view-waiting').replaceChildren();
    notice(text, null);
  }
  return () => { // leaving the view
    if (left) return;
    left = true;
    stopSending();
    live.stop();
    capture.close();
    shared.capture = null;
  };
}

function caption(settled, tentative) {
  const box = $('#caption');
  if (!box) return;
  const soft = document.createElement('span');
  soft.className = 'tentative';
  soft.textContent = tentative;
  box.replaceChildren(settled + ' ', soft);
}
