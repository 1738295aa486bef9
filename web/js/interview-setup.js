// interview-setup.js - the first card of the first view for an interview: for which job, how
// long, and how the interviewer speaks and waits.
import { $, request, settings, spokenLanguage } from './api.js';
import { COMMON, nameOfRole } from './bank.js';
import { chooseVoice as voiceOf, clearThroat, hush, speak, voices, whenVoicesChange } from './speak.js';
import { el, put, w } from './words.js';

const SAMPLE = 'Tell me about a time you learnt something the hard way.'; // as the questions: in English
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
    put($('#h-question'), w(isInterview() ? 'setup.interview' : 'setup.question'));
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
  role.append(...bank.roles.map((r) => el('option', { value: r.id }, () => nameOfRole(r.id, r.name))));
  for (const option of $(AT.length).options) put(option, w('setup.interview.questions', { n: Number(option.value) }));
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
  aloud.addEventListener('change', () => { settings.aloud = aloud.checked; });
  let list = [];
  const tell = () => {
    const chosen = voiceOf(list, select.value, 'en');
    put(hint, !list.length ? w('voice.no_voices') : chosen && !chosen.localService ? w('voice.online_hint') : '');
  };
  select.addEventListener('change', () => { settings.voice = select.value; tell(); });
  hear.addEventListener('click', async () => {
    const spoken = await speak(SAMPLE, { ...voiceSettings(), lang: 'en', aloud: true });
    if (!spoken && hint.isConnected) put(hint, w('voice.no_sound'));
  });
  const fill = async () => {
    list = await voices();
    if (!select.isConnected) return;
    const usual = voiceOf(list, settings.voice, 'en');
    select.replaceChildren(...(!list.length ? [el('option', { value: '' }, w('voice.none'))] : usual ? [] : [el('option', { value: '' }, w('voice.none_here'))]),
      ...list.map((v) => el('option', { value: v.voiceURI }, v.localService ? `${v.name} (${v.lang})` : w('voice.online', { name: v.name, language: v.lang }))));
    select.value = usual?.voiceURI ?? '';
    for (const control of [aloud, select, hear]) control.disabled = !list.length;
    aloud.checked = list.length > 0 && settings.aloud !== false;
    tell();
  };
  const forget = whenVoicesChange(() => { if (select.isConnected) fill(); else forget(); });
  await fill();
}

// The texts of "Fit it to a job", as a session takes them.
export function pastedTexts(shared) {
  const { job_ad = '', cv = '' } = shared.pasted ?? {};
  return { ...(job_ad && { job_ad }), ...(cv && { cv }) };
}

// Plans it on the server. On a click.
export function planInterview(shared) {
  hush();
  if (voiceSettings().aloud) clearThroat();
  const { job_ad, cv } = shared.pasted;
  return request('v1/interviews', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({
    role: $('#interview-role').value, questions: Number($('#interview-length').value), job_ad, cv,
    client: settings.client || 'me', ...(spokenLanguage(true) !== 'auto' ? { language: spokenLanguage(true) } : {}) }) });
}
