// interview-setup.js - the first card of the first view for an interview: for which job, how
// long, and how the interviewer speaks and waits.
import { $, request, settings } from './api.js';
import { COMMON } from './bank.js';
import { chooseVoice as voiceOf, clearThroat, hush, speak, voices } from './speak.js';

export const PATIENCE_S = { short: 1.2, normal: 1.8, long: 3.5 };
const DEFAULTS = { length: '3', patience: 'normal', goal: '120', rate: '1' };
const AT = { length: '#interview-length', patience: '#patience', goal: '#goal', rate: '#rate' };

export const isInterview = () => settings.mode === 'interview';
export const voiceSettings = () => ({ aloud: settings.aloud !== false, voice: settings.voice ?? '', rate: Number(settings.rate ?? DEFAULTS.rate) });
export const goalSeconds = () => Number(settings.goal ?? DEFAULTS.goal);
export const patience = () => PATIENCE_S[settings.patience] ?? PATIENCE_S[DEFAULTS.patience];

export function chooseMode(changed) {
  const choice = document.querySelectorAll('[name=mode]');
  const shown = () => {
    $('#h-question').textContent = isInterview() ? '1. Your interview' : '1. Your question';
    $('#one').hidden = isInterview();
    $('#several').hidden = !isInterview();
    changed();
  };
  for (const c of choice) {
    c.checked = c.value === (isInterview() ? 'interview' : 'one');
    c.addEventListener('change', () => { settings.mode = c.value; shown(); });
  }
  shown();
}

export function chooseInterview(bank, shared) {
  const role = $('#interview-role'), pasted = shared.pasted ??= { job_ad: '', cv: '' };
  role.append(...bank.roles.map((r) => new Option(r.name, r.id)));
  role.value = bank.roles.some((r) => r.id === settings.role) ? settings.role : COMMON;
  role.addEventListener('change', () => { settings.role = role.value; });
  for (const [name, at] of Object.entries(AT)) {
    const select = $(at);
    select.value = settings[name] ?? DEFAULTS[name];
    if (select.selectedIndex < 0) select.value = DEFAULTS[name];
    select.addEventListener('change', () => { settings[name] = select.value; });
  }
  for (const [key, at] of [['job_ad', '#job-ad'], ['cv', '#cv']]) {
    $(at).value = pasted[key];
    $(at).addEventListener('input', () => { pasted[key] = $(at).value; });
  }
  chooseVoice();
}

async function chooseVoice() {
  const aloud = $('#aloud'), select = $('#voice'), hear = $('#hear'), hint = $('#voice-hint');
  aloud.checked = settings.aloud !== false;
  aloud.addEventListener('change', () => { settings.aloud = aloud.checked; });
  let list = [];
  const tell = () => {
    const chosen = voiceOf(list, select.value);
    hint.textContent = !list.length ? 'This browser has no voices: you read the questions instead.'
      : chosen && !chosen.localService ? 'This voice is made on the internet: the browser sends the questions there, never your answers.' : '';
  };
  select.addEventListener('change', () => { settings.voice = select.value; tell(); });
  hear.addEventListener('click', async () => {
    const spoken = await speak('Tell me about a time you learnt something the hard way.', { ...voiceSettings(), aloud: true });
    if (!spoken && hint.isConnected) hint.textContent = 'No sound came. The questions are shown as text.';
  });
  list = await voices();
  if (!select.isConnected) return;
  const usual = voiceOf(list, settings.voice);
  if (!usual && list.length) select.append(new Option('none of this computer', ''));
  select.append(...list.map((v) => new Option(`${v.name} (${v.lang}${v.localService ? '' : ', online'})`, v.voiceURI)));
  select.value = usual?.voiceURI ?? '';
  for (const control of [aloud, select, hear]) control.disabled = !list.length;
  if (!list.length) {
    aloud.checked = false;
    select.append(new Option('none', ''));
  }
  tell();
}

// Plans it on the server. On a click.
export function planInterview(shared) {
  hush();
  if (voiceSettings().aloud) clearThroat();
  const { job_ad, cv } = shared.pasted;
  return request('v1/interviews', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({
    role: $('#interview-role').value, questions: Number($('#interview-length').value), job_ad, cv,
    client: settings.client || 'me', ...(settings.language && settings.language !== 'auto' ? { language: settings.language } : {}) }) });
}
