// speak.js - the interviewer's voice: the browser's speech synthesis, or time to read.
const WORD_MS = 330;      // to read
const LEAST_MS = 1200;
const BEGIN_MS = 2500;    // a voice that has not begun by then will not
const SPOKEN_MS = 900;    // a word at most, at normal speed
const PATIENCE_MS = 4000;

const synth = () => window.speechSynthesis;
const words = (text) => text.split(/\s+/).length;
const sentences = (text) => text.match(/[^.!?]+[.!?]*\s*/g) ?? [text]; // long utterances break off in some browsers

// This machine's English voices first, for so are the questions; they may take a moment to load.
export async function voices() {
  if (!synth()) return [];
  for (let i = 0; i < 10 && !synth().getVoices().length; i++) await new Promise((r) => setTimeout(r, 100));
  const english = (v) => v.lang.toLowerCase().startsWith('en');
  return [...synth().getVoices()].sort((a, b) => b.localService - a.localService || english(b) - english(a) || a.name.localeCompare(b.name));
}

function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
  });
}

let speaking = null; // held: some browsers forget an utterance that nobody holds

function utter(text, voice, rate, signal) {
  return new Promise((done) => {
    const u = speaking = new SpeechSynthesisUtterance(text);
    const end = (spoken) => { clearTimeout(timer); done(spoken); };
    let timer = setTimeout(end, BEGIN_MS, false);
    if (voice) Object.assign(u, { voice, lang: voice.lang });
    u.rate = rate;
    u.onstart = () => { clearTimeout(timer); timer = setTimeout(end, PATIENCE_MS + words(text) * SPOKEN_MS / rate, true); };
    u.onend = () => end(true);
    u.onerror = () => end(false);
    signal?.addEventListener('abort', () => end(true), { once: true });
    synth().speak(u);
  });
}

// On a click: some browsers let only those speak later who spoke then.
export function clearThroat() {
  if (synth()) synth().speak(Object.assign(new SpeechSynthesisUtterance(' '), { volume: 0 }));
}

export function hush() { synth()?.cancel(); }

// Only who chose one gets a voice that is made elsewhere.
// One that speaks the language goes before one of another.
export function chooseVoice(list, voice, lang) {
  const speaks = (v) => !lang || v.lang.toLowerCase().startsWith(lang);
  const chosen = list.find((v) => v.voiceURI === voice);
  return (chosen && speaks(chosen) ? chosen : null) ?? list.find((v) => v.localService && speaks(v)) ?? chosen ?? list.find((v) => v.localService);
}

// Resolves when it has been said: "here" or "online", where the voice was made; null: there was none, and time to
// read passed instead.
export async function speak(text, { aloud = true, voice = '', rate = 1, lang, signal } = {}) {
  const list = aloud ? await voices() : [];
  const chosen = chooseVoice(list, voice, lang);
  let spoken = Boolean(chosen);
  if (spoken) hush();
  for (const sentence of spoken ? sentences(text) : []) {
    if (signal?.aborted) break;
    spoken = await utter(sentence.trim(), chosen, rate, signal);
    if (!spoken) break;
  }
  if (signal?.aborted || !spoken) hush();
  if (!spoken && !signal?.aborted) await pause(Math.max(LEAST_MS, words(text) * WORD_MS), signal);
  return !spoken ? null : chosen.localService ? 'here' : 'online';
}
