// setup.js - first view: question, camera and microphone check, dropped files.
import { $, announce, notice, request, settings, show } from './api.js';
import { Capture } from './capture.js';

const EVERY_MS = 700; // pictures looked at while the person sets up

// What a good answer has, by the kind of question.
const TIPS = {
  opening: 'Where you come from, what you do best, why you are here: one minute is enough.',
  motivation: 'Two reasons are better than five. Tie each to something you have done.',
  strengths: 'Name one, then tell the moment that shows it.',
  behavioural: 'Tell one story: situation and task in two sentences, what you did, what came of it.',
  situational: 'Say what you would find out first, then what you would do, and why in this order.',
  technical: 'Think aloud: what you assume, the choices there are, which one you take.',
  closing: 'Short and warm: what you take from this talk, and what you would like to know.',
};

export async function setup(shared, alive, onleave) {
  await request('v1/sessions?limit=1'); // may this browser practise here?
  const { questions } = await request('questions.json');
  if (!alive()) return;
  show('view-setup');
  chooseQuestion(questions, shared);
  rememberSettings();
  acceptFiles(alive);
  $('#start').addEventListener('click', () => {
    shared.question = { text: $('#own').value.trim() || shared.picked.text, kind: $('#own').value.trim() ? 'own' : shared.picked.kind };
    location.hash = '#/practice';
  });
  await checkDevices(shared, alive, onleave);
}

function chooseQuestion(questions, shared) {
  const unique = (key) => [...new Set(questions.map((q) => q[key]))];
  const fill = (select, values, saved) => {
    select.append(new Option('Any', ''), ...values.map((v) => new Option(v[0].toUpperCase() + v.slice(1), v)));
    if (values.includes(saved)) select.value = saved;
  };
  fill($('#role'), unique('role'), settings.role);
  fill($('#kind'), unique('kind'), settings.kind);
  const ask = () => {
    const own = $('#own').value.trim();
    $('#question').textContent = own || shared.picked.text;
    $('#tip').textContent = own ? 'Answer it as if somebody had asked: begin with the answer, then the reasons.' : TIPS[shared.picked.kind] || '';
  };
  const pick = (spoken) => {
    const fits = questions.filter((q) => (!$('#role').value || q.role === $('#role').value) && (!$('#kind').value || q.kind === $('#kind').value));
    const pool = fits.length ? fits : questions.filter((q) => !$('#role').value || q.role === $('#role').value);
    const others = pool.filter((q) => q.text !== shared.picked?.text);
    const from = others.length ? others : pool;
    shared.picked = from[Math.floor(Math.random() * from.length)];
    ask();
    if (spoken && !fits.length) announce('No question of that kind in this field; here is another of the field.');
  };
  for (const id of ['role', 'kind'])
    $(`#${id}`).addEventListener('change', () => { settings[id] = $(`#${id}`).value; pick(true); });
  $('#another').addEventListener('click', () => pick(true));
  $('#own').addEventListener('input', ask);
  if (shared.picked) ask();
  else pick(false);
}

function rememberSettings() {
  for (const id of ['client', 'language']) {
    const input = $(`#${id}`);
    if (settings[id] !== undefined) input.value = settings[id];
    input.addEventListener('change', () => { settings[id] = input.value.trim(); });
  }
  for (const id of ['keep', 'captions']) {
    const input = $(`#${id}`);
    input.checked = Boolean(settings[id]);
    input.addEventListener('change', () => { settings[id] = input.checked; });
  }
}

async function checkDevices(shared, alive, onleave) {
  const capture = shared.capture ??= new Capture();
  const preview = $('#preview'), switchOn = $('#enable'), start = $('#start');
  let timer = null;

  const refresh = async (errors) => {
    await listDevices(capture);
    if (!alive()) return;
    preview.srcObject = capture.hasVideo ? capture.stream : null;
    $('#no-camera').hidden = capture.hasVideo;
    const { usable } = capture;
    start.disabled = !usable;
    $('#start-hint').textContent = !usable ? 'Switch on the camera, the microphone, or both first. One of them is enough.'
      : capture.hasVideo && capture.hasAudio ? 'Take a breath. You can stop whenever you like.'
        : capture.hasAudio ? 'Sound only: you get everything but eye contact.' : 'Picture only: you get eye contact and head pose, but no transcript.';
    $('#framing').textContent = errors.length ? errors.join(' ') : capture.hasVideo ? 'Looking for your face…' : '';
    $('#framing').classList.toggle('problem', errors.length > 0);
    clearInterval(timer);
    timer = usable ? setInterval(() => look(capture, preview), EVERY_MS) : null;
  };

  const enable = async () => {
    switchOn.disabled = true;
    const errors = await capture.open({ camera: $('#camera').value, microphone: $('#microphone').value });
    if (!alive()) { // the person went elsewhere before the devices were open
      capture.close();
      return;
    }
    await refresh(errors);
    switchOn.disabled = false;
    switchOn.textContent = 'Try again';
    switchOn.hidden = !errors.length && capture.hasVideo && capture.hasAudio;
  };
  // The button goes or was disabled meanwhile: the keyboard goes on where the next step is.
  switchOn.addEventListener('click', async () => {
    await enable();
    if (alive()) (switchOn.hidden ? start : switchOn).focus();
  });
  for (const id of ['camera', 'microphone']) $(`#${id}`).addEventListener('change', enable);
  if (!navigator.mediaDevices?.getUserMedia) { // trying again would not help
    await refresh(await capture.open());
    switchOn.hidden = true;
  }
  const level = setInterval(() => {
    $('#level').value = capture.level;
    $('#level-hint').textContent = !capture.hasAudio ? '' : capture.clipped ? 'Too loud: move back a little' : capture.level < 0.02 ? 'Say something' : capture.level < 0.08 ? 'A bit quiet' : 'Good';
  }, 120);
  onleave(() => {
    clearInterval(timer);
    clearInterval(level);
    if (!location.hash.startsWith('#/practice')) capture.close();
  });
  if (capture.usable) await refresh([]); // already allowed
}

async function listDevices(capture) {
  const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
  const current = (kind) => capture.stream.getTracks().find((t) => t.kind === kind)?.getSettings().deviceId;
  for (const [id, kind, track] of [['camera', 'videoinput', 'video'], ['microphone', 'audioinput', 'audio']]) {
    const select = $(`#${id}`);
    if (!select) return;
    const found = devices.filter((d) => d.kind === kind && d.deviceId);
    select.replaceChildren(new Option('none', 'none'), ...found.map((d, i) => new Option(d.label || `${id} ${i + 1}`, d.deviceId)));
    select.value = current(track) || 'none';
  }
}

let looking = false;
async function look(capture, preview) {
  if (looking || !capture.hasVideo || !preview.isConnected) return;
  looking = true;
  try {
    const blob = await capture.picture(preview, 0.7);
    if (!blob) return;
    const frame = await new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(blob);
    });
    const face = await request('api/analyze-frame', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ frame }) });
    if (!preview.isConnected) return;
    const advice = framing(face);
    $('#framing').textContent = advice || 'You look good: whole face, well lit, in the middle.';
    preview.parentElement.classList.toggle('good', !advice);
  } catch (e) {
    if (preview.isConnected) $('#framing').textContent = e.message;
  } finally {
    looking = false;
  }
}

function framing(face) {
  if (!face.face_detected) return 'No face in the picture yet.';
  if (face.faces > 1) return 'More than one face: the nearest one counts.';
  if (face.brightness !== undefined && face.brightness < 0.2) return 'It is dark: more light on your face would help.';
  if (face.distance !== undefined && face.distance < 0.45) return 'Come a little closer.';
  if (face.distance !== undefined && face.distance > 2) return 'Move back a little.';
  if (face.centered !== undefined && face.centered < 0.5) return 'Move into the middle of the picture.';
  return '';
}

function acceptFiles(alive) {
  const drop = $('#drop');
  const over = (on) => (e) => { e.preventDefault(); drop.classList.toggle('over', on); };
  drop.addEventListener('dragover', over(true));
  drop.addEventListener('dragleave', over(false));
  drop.addEventListener('drop', (e) => { over(false)(e); if (e.dataTransfer.files[0]) analyse(e.dataTransfer.files[0], alive); });
  $('#file').addEventListener('change', () => $('#file').files[0] && analyse($('#file').files[0], alive));
}

async function analyse(file, alive) {
  const box = $('#upload'), bar = $('#upload-progress');
  const text = (s) => { $('#upload-text', box).textContent = s; };
  box.hidden = false;
  text(`Sending ${file.name}…`);
  try {
    const form = new FormData();
    for (const [k, v] of [['client', settings.client], ['language', settings.language ?? 'en'], ['question', $('#own').value.trim()], ['keep_media', settings.keep ? 'true' : '']]) if (v) form.append(k, v);
    form.append('file', file);
    const { id } = await request('v1/sessions', { method: 'POST', body: form });
    for (;;) {
      const s = await request(`v1/sessions/${encodeURIComponent(id)}`);
      if (s.state === 'done') break;
      if (s.state === 'failed') throw new Error(s.error || 'The recording could not be analysed.');
      if (!alive()) return; // the person went elsewhere; it is in the list when done
      bar.value = s.progress || 0;
      text(`${Math.round(100 * (s.progress || 0))} % analysed`);
      await new Promise((r) => setTimeout(r, 400));
    }
    if (alive()) location.hash = `#/report/${encodeURIComponent(id)}`;
  } catch (e) {
    if (!alive()) return;
    box.hidden = true;
    notice(e.message);
  }
}
