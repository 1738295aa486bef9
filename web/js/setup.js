// setup.js - first view: question, camera and microphone check, dropped files.
import { $, fault, notice, request, settings, show, spokenLanguage, tell } from './api.js';
import { loadBank } from './bank.js';
import { Capture, together } from './capture.js';
import { offerClosedTab } from './unfinished.js';
import { choose, chosen } from './choose.js';
import { goalPicker, loadGoal } from './goal.js';
import { chooseInterview, chooseMode, isInterview, planInterview, voiceSettings } from './interview-setup.js';
import { send } from './send.js';
import { el, language, languageName, put, w } from './words.js';

const SPOKEN = ['en', 'auto', 'de', 'es', 'fr', 'it', 'nl', 'pl', 'pt', 'hi', 'ja', 'zh'];

let starting = false;
const EVERY_MS = 700; // pictures looked at while the person sets up

export async function setup(shared, alive, onleave) {
  await request('v1/sessions?limit=1'); // may this browser practise here?
  const bank = await loadBank();
  if (!alive()) return;
  show('view-setup');
  offerClosedTab($('.intro'));
  choose(bank, shared);
  const nameLanguage = rememberSettings();
  acceptFiles(alive);
  const showGoal = async () => {
    const client = settings.client || 'me', goal = await loadGoal(client).catch(() => undefined);
    if (goal !== undefined && alive()) goalPicker($('#my-goal'), client, goal); // practice does without
  };
  $('#client').addEventListener('change', showGoal);
  showGoal();
  chooseInterview(bank, shared);
  const start = $('#start');
  chooseMode(() => { nameLanguage(); put(start, w(isInterview() ? 'setup.start.interview' : 'setup.start')); });
  start.addEventListener('click', async () => {
    if (isInterview()) return beginInterview(shared, alive);
    shared.question = chosen(shared);
    location.hash = '#/practice';
  });
  await checkDevices(shared, alive, onleave);
}

// The interviewer's voice must not come back as the answer: the browser is asked to take it out.
async function beginInterview(shared, alive) {
  const { capture } = shared, start = $('#start');
  if (starting) return;
  starting = true;
  try {
    const plan = await planInterview(shared);
    if (capture.hasAudio && voiceSettings().aloud && !capture.echo) await capture.open({ ...capture, echo: true });
    if (!alive()) return;
    shared.interview = plan;
    location.hash = `#/interview/${encodeURIComponent(plan.id)}`;
  } catch (e) {
    if (!alive()) return;
    notice(e);
    start.focus();
  } finally {
    starting = false;
  }
}

function rememberSettings() {
  const spoken = $('#language');
  const asked = el('option', { value: '' });
  const name = () => put(asked, w('settings.language.asked', { language: () => languageName(isInterview() || !$('#own').value.trim() ? 'en' : language()) }));
  spoken.append(asked, ...SPOKEN.map((code) => el('option', { value: code }, code === 'auto' ? w('settings.language.auto') : () => languageName(code))));
  $('#own').addEventListener('input', name);
  $('#pick').addEventListener('change', name); // which empties the other
  for (const id of ['client', 'language']) {
    const input = $(`#${id}`);
    if (settings[id] !== undefined) input.value = settings[id];
    input.addEventListener('change', () => { settings[id] = input.value.trim(); });
  }
  for (const id of ['keep', 'video', 'captions']) {
    const input = $(`#${id}`);
    input.checked = Boolean(settings[id]);
    input.addEventListener('change', () => { settings[id] = input.checked; });
  }
  return name;
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
    put($('#start-hint'), w(!usable ? 'setup.start.none' : capture.hasVideo && capture.hasAudio ? 'setup.start.both' : capture.hasAudio ? 'setup.start.sound' : 'setup.start.picture'));
    tell($('#framing'), errors.length ? together(errors) : capture.hasVideo ? w('framing.looking') : '');
    $('#framing').classList.toggle('problem', errors.length > 0);
    clearInterval(timer);
    timer = usable ? setInterval(() => look(capture, preview), EVERY_MS) : null;
  };

  const enable = async () => {
    switchOn.disabled = true;
    const errors = await capture.open({ camera: $('#camera').value, microphone: $('#microphone').value, echo: isInterview() });
    if (!alive()) { // the person went elsewhere before the devices were open
      capture.close();
      return;
    }
    await refresh(errors);
    switchOn.disabled = false;
    put(switchOn, w('devices.again'));
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
    put($('#level-hint'), !capture.hasAudio ? '' : w(capture.clipped ? 'level.loud' : capture.level < 0.02 ? 'level.silent' : capture.level < 0.08 ? 'level.quiet' : 'level.good'));
  }, 120);
  onleave(() => {
    clearInterval(timer);
    clearInterval(level);
    if (!/^#\/(practice|interview\/)/.test(location.hash)) capture.close();
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
    select.replaceChildren(el('option', { value: 'none' }, w('devices.none')), ...found.map((d, i) => el('option', { value: d.deviceId }, d.label || w(`devices.${id}_n`, { n: i + 1 }))));
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
    tell($('#framing'), w(advice || 'framing.good'));
    preview.parentElement.classList.toggle('good', !advice);
  } catch (e) {
    if (preview.isConnected) tell($('#framing'), e);
  } finally {
    looking = false;
  }
}

function framing(face) {
  if (!face.face_detected) return 'framing.none';
  if (face.faces > 1) return 'framing.several';
  if (face.brightness !== undefined && face.brightness < 0.2) return 'framing.dark';
  if (face.distance !== undefined && face.distance < 0.45) return 'framing.far';
  if (face.distance !== undefined && face.distance > 2) return 'framing.near';
  if (face.centered !== undefined && face.centered < 0.5) return 'framing.aside';
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
  const text = (words) => put($('#upload-text', box), words);
  box.hidden = false;
  text(w('upload.sent', { file: file.name, percent: 0 }));
  try {
    const wanted = [['client', settings.client], ['language', spokenLanguage(false)], ['question', $('#own').value.trim()], ['keep_media', settings.keep ? 'true' : ''], ['keep_video', settings.video ? 'true' : ''], ['job_ad', $('#job-ad').value], ['cv', $('#cv').value]];
    const id = await send(file, Object.fromEntries(wanted.filter(([, v]) => v)), (part, away) => {
      bar.value = part;
      text(away ? w('upload.away') : w('upload.sent', { file: file.name, percent: Math.round(100 * part) }));
    });
    for (;;) {
      const s = await request(`v1/sessions/${encodeURIComponent(id)}`);
      if (s.state === 'done') break;
      if (s.state === 'failed') throw s.error ? new Error(s.error) : fault('upload.failed');
      if (!alive()) return; // the person went elsewhere; it is in the list when done
      bar.value = s.progress || 0;
      text(w('upload.analysed', { percent: Math.round(100 * (s.progress || 0)) }));
      await new Promise((r) => setTimeout(r, 400));
    }
    if (alive()) location.hash = `#/report/${encodeURIComponent(id)}`;
  } catch (e) {
    if (!alive()) return;
    box.hidden = true;
    notice(e);
  }
}
