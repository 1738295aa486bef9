// speak.js - the interviewer's voice: the browser's speech synthesis, or time to read.
const WORD_MS = 330;      // to read
const LEAST_MS = 1200;
const BEGIN_MS = 2500;    // a voice that has not begun by then will not
const SPOKEN_MS = 900;    // a word at most, at normal speed
const PATIENCE_MS = 4000;
const HUSHED_MS = 500;    // a voice that is stopped is heard for so long at most,
const GOES_ON_MS = 600;   // and then whoever spoke over it goes on: so much of it is speech
const GOES_ON = 3;        // tenths of a second

const synth = () => window.speechSynthesis;
const words = (text) => text.split(/\s+/).length;
const sentences = (text) => text.match(/\S.*?(?:[.!?](?=\s)|$)/gs) ?? [text]; // long utterances break off in some browsers

// Voices may come, more of them or none, seconds after the page has: `changed` is called then.
export function whenVoicesChange(changed) {
  synth()?.addEventListener?.('voiceschanged', changed);
  return () => synth()?.removeEventListener?.('voiceschanged', changed);
}

// This machine's English voices first, for so are the questions, and plain ones (en-US) before others (en-US-NYC); they may take a moment to load. Some systems give each
// voice in a hundred characters, thirteen thousand in all: "English (America)+Adam espeak-ng". They are left out.
export async function voices() {
  if (!synth()) return [];
  for (let i = 0; i < 10 && !synth().getVoices().length; i++) await new Promise((r) => setTimeout(r, 100));
  const list = synth().getVoices(), names = new Set(list.map((v) => v.name));
  const english = (v) => v.lang.toLowerCase().startsWith('en');
  return list.filter(({ name }) => !name.includes('+') || !names.has(name.replace(/\+\S+/, '')))
    .sort((a, b) => b.localService - a.localService || english(b) - english(a) || a.lang.length - b.lang.length || a.name.localeCompare(b.name));
}

function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', () => { clearTimeout(timer); done(); }, { once: true });
  });
}

let speaking = null; // held: some browsers forget an utterance that nobody holds

// Resolves when it has been said: true; it can't be: false; the person spoke over it: "interrupted".
function utter(text, voice, rate, ear, signal) {
  return new Promise((done) => {
    const u = speaking = new SpeechSynthesisUtterance(text);
    const end = (how) => {
      clearTimeout(timer);
      ear?.utters(false);
      if (ear) ear.onspeech = ear.onsilence = null;
      done(how);
    };
    let timer = setTimeout(end, BEGIN_MS, false);
    if (voice) Object.assign(u, { voice, lang: voice.lang });
    u.rate = rate;
    u.onstart = () => {
      clearTimeout(timer);
      timer = setTimeout(end, PATIENCE_MS + words(text) * SPOKEN_MS / rate, true);
      if (!ear || speaking !== u) return;
      ear.utters(true);
      ear.onspeech = () => end('interrupted');
      ear.onsilence = () => end(true); // whose end was not told
    };
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

// Whether the person goes on when the voice has stopped.
async function goesOn(ear, signal) {
  hush();
  await pause(HUSHED_MS + GOES_ON_MS, signal);
  const sure = ear.loudOf(GOES_ON_MS / 100) >= GOES_ON;
  if (!sure) ear.mistaken();
  return sure;
}

// Time to read; over when the person begins to speak.
function read(text, ear, signal) {
  const begun = new AbortController(), over = () => begun.abort();
  signal?.addEventListener('abort', over, { once: true });
  if (ear) ear.onspeech = over;
  return pause(Math.max(LEAST_MS, words(text) * WORD_MS), begun.signal).then(() => { if (ear) ear.onspeech = null; });
}

// Resolves when it has been said: "here" or "online", where the voice was made; null: there was none, and time to
// read passed instead. `ear` (ear.js) hears meanwhile: with `open`
// who begins to speak ends it, where that can be told from the voice.
export async function speak(text, { aloud = true, voice = '', rate = 1, lang, ear, open = false, signal } = {}) {
  const list = aloud ? await voices() : [];
  const chosen = chooseVoice(list, voice, lang);
  const where = chosen?.localService ? 'here' : 'online';
  ear?.begins(Boolean(chosen), open);
  if (chosen) hush();
  for (const sentence of chosen ? sentences(text) : []) {
    let how;
    do how = !signal?.aborted && await utter(sentence.trim(), chosen, rate, ear, signal);
    while (how === 'interrupted' && !await goesOn(ear, signal) && !signal?.aborted);
    if (signal?.aborted || how === 'interrupted') {
      hush();
      for (let i = 0; ear?.stops() && (!i || !ear.quiet) && i < HUSHED_MS / 100; i++) await pause(100);
      return where;
    }
    if (!how) {
      hush();
      ear?.begins(false, open);
      await read(text, ear, signal);
      return null;
    }
  }
  if (!chosen && !signal?.aborted) await read(text, ear, signal);
  if (chosen && ear?.rest) await pause(ear.rest, signal);
  return chosen ? where : null;
}
