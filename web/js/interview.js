// interview.js - an interview as it runs: a question is asked, the answer heard until it is
// over, followed up, and the next one asked. The interviewer is never in the answer's sound.
import { $, announce, notice, request, settings, show, spokenLanguage, tell as inform } from './api.js';
import { Answer, captionOf } from './answer.js';
import { stayAwake } from './awake.js';
import { nameOfRole } from './bank.js';
import { together } from './capture.js';
import { Ear } from './ear.js';
import { goalSeconds, patience, voiceSettings } from './interview-setup.js';
import { clock as clockText } from './report.js';
import { clearThroat, hush, speak } from './speak.js';
import { unfinished } from './unfinished.js';
import { language, put, setTitle, t, w } from './words.js';

const FOLLOW_UPS = 2;     // a question
const REPORT_MS = 15000;  // so long a follow-up is waited for
const SETTLE_MS = 500;    // two clicks at once are one
const CUE_MS = 5000;
const OVERLAP_MS = 400;    // into the answer
const ENGLISH = 'en';      // the questions and what follows on them
const QUIET_S = 20;       // nothing said so far: what there is to do
const THANKS = ['interview.thanks.1', 'interview.thanks.2', 'interview.thanks.3'];
const PHASES = { asking: w('interview.asking'), listening: w('interview.listening'), thinking: w('interview.thinking') };

const same = (a, b) => a.toLowerCase().replace(/\W+/g, ' ').trim() === b.toLowerCase().replace(/\W+/g, ' ').trim();

// What is asked: {index, step, text, kind}; step 0 is the question of the plan, then its follow-ups.
const planned = (plan, index) => (plan[index] ? { index, step: 0, text: plan[index].text, kind: plan[index].kind } : null);

// The next follow-up that this answer's report has and that was not asked, in words or kind.
function followUp(report, question, asked) {
  if (question.step >= FOLLOW_UPS) return null;
  const fits = (report?.follow_ups ?? []).find((f) => !asked.some((a) => same(a.text, f.text) || (a.index === question.index && a.rule === f.kind)));
  return fits ? { index: question.index, step: question.step + 1, text: fits.text, kind: 'follow-up', rule: fits.kind } : null;
}

// `saved` is what unfinished.js kept of an interview that a reload interrupted.
export function interview(shared, alive, { id, plan, role: roleId, role_name: roleName }, saved = null) {
  show('view-interview');
  const role = () => nameOfRole(roleId, roleName);
  const { capture } = shared, ear = new Ear(), hears = (samples) => ear.hear(samples);
  // Held, since events come after the view has gone too.
  const [root, self, where, title, phaseText, heard, cue, link, timer, captions, done, again] =
    ['.interview', '#self', '#asked-as', '#asked', '#phase', '#heard', '#cue', '#link', '#timer', '#caption', '#finish', '#again'].map((s) => $(s));
  const asked = saved?.asked ?? [];
  let phase = '', since = 0, answer = null, voice = null, question = saved?.question ?? null;
  let decide = null; // ends the listening
  let skipping = false;
  let left = false, ended = false;
  const going = () => !left && !ended;

  self.srcObject = capture.stream;
  const sleep = stayAwake(capture, self);
  $('#no-self').hidden = capture.hasVideo;
  captions.hidden = !settings.captions;
  if (!voiceSettings().aloud) title.ariaLive = 'polite';

  const enter = (name) => {
    phase = root.dataset.phase = name;
    since = performance.now();
    put(phaseText, name === 'asking' && ear.echo ? w('interview.asking_first') : PHASES[name]);
    put(done, w(name === 'asking' ? 'interview.answer_now' : 'practice.finish'));
    if (name !== 'listening' && document.activeElement === again) done.focus({ preventScroll: true });
    again.hidden = name !== 'listening';
  };
  const save = () => {
    if (going() && question) unfinished.set({ interview: id, question, asked, phase, id: phase === 'asking' ? null : answer?.id, token: answer?.live.token, seq: answer?.live.seq, part: answer?.part, othersMs: answer?.othersMs, pictureUs: answer?.live.timeUs });
  };
  const place = () => {
    const at = w('interview.question_of', { n: question.index + 1, total: plan.length }), step = question.step;
    put(where, () => `${role()} · ${at()}${step ? ` · ${t('interview.follow_up')}` : ''}`);
    put(title, question.text);
    title.lang = ENGLISH;
    timer.textContent = '0:00';
    timer.classList.remove('over');
    setTitle(at);
  };

  async function say(text, lang = ENGLISH, open = false) {
    const mine = voice = new AbortController();
    const { signal } = mine;
    root.dataset.voice = '';
    if (phase !== 'listening') capture.onsound = hears;
    const how = await speak(text, { ...voiceSettings(), lang, ear, open, signal });
    document.body.classList.toggle('online-voice', how === 'online');
    if (!how) title.ariaLive = 'polite'; // then a screen reader says it
    if (voice !== mine) return; // the next has begun
    voice = null;
    delete root.dataset.voice;
  }

  // Whose first words were lost in the interviewer's last is told.
  function overlapped(mine) {
    if (answer === mine && phase === 'listening' && !left && ear.ranOver(OVERLAP_MS / 100)) tell(w('interview.not_heard'), true);
  }

  async function thank() {
    const words = w(THANKS[asked.length % THANKS.length]);
    put(phaseText, words); // its caption
    await say(words(), language());
    put(phaseText, PHASES.thinking);
  }

  // One answer, until it is over; its report, or null.
  function listen(from) {
    const base = `${id}-${question.index}${question.step ? `-${question.step}` : ''}`;
    const mine = answer = new Answer({ capture, self, saved: from, before: from ? [] : ear.take(), heard: hears, id: from?.id ?? `${base}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`,
      start: { interview: id, question_index: question.index, follow_up: question.step, question: question.text, kind: question.kind,
        client: settings.client || 'me', language: spokenLanguage(true), keep_media: Boolean(settings.keep), keep_video: Boolean(settings.video), face_hz: 4, turns: true, patience_s: patience() } });
    enter('listening');
    if (!from) setTimeout(overlapped, OVERLAP_MS, mine);
    save();
    const over = new Promise((r) => { decide = r; });
    const report = new Promise((r) => { mine.on('report', (m) => r(m.report ?? m)); });
    const only = (fn) => (m) => { if (answer === mine && !left) fn(m); };
    mine.on('ready', only(() => { inform(link, ''); save(); }));
    mine.on('broken', only(() => { inform(link, w('practice.broken')); }));
    mine.on('lost', only(() => { // away for so long that the server has ended this answer
      if (mine.began) decide?.('gone');
      else failed(w('practice.lost'));
    }));
    mine.on('error', only((m) => {
      inform(link, m.detail || '');
      if (mine.began) return;
      if (from) decide?.('gone'); // it was finished meanwhile
      else failed(m.detail || w('interview.no_answer'));
    }));
    mine.on('notice', only((m) => { inform(link, m.detail || ''); }));
    mine.on('lag', only((m) => { inform(link, m.seconds > 5 ? w('practice.behind') : ''); }));
    mine.on('cue', only((m) => { if (phase === 'listening' && !voice) tell(m.text); }));
    mine.on('turn.ended', only(() => { if (!voice) decide?.('finished'); })); // who has the question repeated goes on
    let settled = '';
    mine.on('transcript.final', only((m) => { settled = `${settled} ${m.text}`.trim().slice(-300); caption(settled, ''); }));
    mine.on('transcript.partial', only((m) => caption(settled, m.text)));
    return over.then(async (how) => {
      decide = null;
      voice?.abort();
      tell('');
      if (how === 'skipped') mine.discard();
      if (how === 'skipped' || left) return mine.stop();
      enter('thinking');
      if (how === 'finished') mine.finish();
      save();
      const late = new Promise((r) => { setTimeout(r, REPORT_MS, null); });
      const [result] = await Promise.all([how === 'finished' ? Promise.race([report, late]) : null, ended ? null : thank()]);
      mine.stop();
      return result;
    });
  }

  async function run() {
    let from = null;
    if (saved) ({ question, from } = await comeBack());
    else {
      enter('asking');
      put(where, role);
      const welcome = w('interview.welcome', { n: plan.length });
      put(title, welcome);
      await say(welcome(), language());
      question = planned(plan, 0);
    }
    while (going() && question) {
      place();
      if (!from) {
        answer = null;
        enter('asking');
        save();
        asked.push({ index: question.index, text: question.text, rule: question.rule });
        await say(question.text, ENGLISH, true);
        if (!going()) break;
        if (skipping) {
          skipping = false;
          question = planned(plan, question.index + 1);
          continue;
        }
      }
      const report = await listen(from);
      from = null;
      caption('', '');
      if (!going()) break;
      question = followUp(report, question, asked) ?? planned(plan, question.index + 1);
    }
    if (!left) close();
  }

  // Where a reload interrupted: {question, from}, `from` where the session goes on.
  async function comeBack() {
    const s = saved.id && await request(`v1/sessions/${encodeURIComponent(saved.id)}`).catch((e) => { if (e.status === 404) return null; throw e; });
    if (s?.state === 'live' && saved.phase === 'listening') return { question, from: saved };
    return { question: s ? planned(plan, question.index + 1) : question, from: null };
  }

  function close() {
    ended = true;
    unfinished.clear();
    stopAll();
    capture.close();
    shared.capture = null;
    location.hash = `#/interviews/${encodeURIComponent(id)}`;
  }
  function failed(what) {
    ended = true;
    stopAll();
    unfinished.clear();
    show('view-waiting').replaceChildren();
    notice(what, null);
  }

  // ---- what the person does ----

  const finish = () => {
    if (performance.now() - since < SETTLE_MS) return;
    if (phase === 'asking') voice?.abort();
    else decide?.('finished');
  };
  done.addEventListener('click', finish);
  again.addEventListener('click', async () => {
    if (phase !== 'listening' || voice) return;
    done.focus({ preventScroll: true });
    const mine = answer;
    mine.interrupted(true);
    put(phaseText, PHASES.asking);
    tell('');
    timer.classList.remove('over'); // told again after it
    await say(question.text, ENGLISH, true);
    mine.interrupted(false, ear.theirs);
    if (phase === 'listening') setTimeout(overlapped, OVERLAP_MS, mine);
    if (phase === 'listening') put(phaseText, PHASES.listening);
  });
  $('#skip').addEventListener('click', () => {
    voice?.abort();
    if (decide) decide('skipped');
    else skipping = phase === 'asking' && Boolean(question);
    announce(w('interview.skipped'));
  });
  $('#end').addEventListener('click', () => {
    if (!confirm(t('confirm.end_interview'))) return;
    ended = true;
    voice?.abort();
    decide?.(answer.said ? 'finished' : 'skipped');
  });
  const keys = (e) => {
    if (e.code !== 'Space' || e.target.closest('button, a, input, select, textarea, summary')) return;
    e.preventDefault();
    if (!e.repeat) finish();
  };
  document.addEventListener('keydown', keys);
  // A reload or a closed tab in the middle is asked about first.
  const ask = (e) => e.preventDefault();
  window.addEventListener('beforeunload', ask);

  // ---- what is seen ----

  let cueTimer = null;
  function tell(text, stays = false) {
    clearTimeout(cueTimer);
    inform(cue, text);
    if (text && !stays) cueTimer = setTimeout(() => { inform(cue, ''); }, CUE_MS);
  }
  const caption = (settled, tentative) => captions.replaceChildren(captionOf(settled, tentative));
  const level = setInterval(() => { heard.style.setProperty('--level', phase === 'listening' && !voice ? Math.min(1, capture.level * 1.6).toFixed(2) : 0); }, 80);
  const clock = setInterval(() => {
    if (phase !== 'listening' || !answer) return;
    save();
    if (voice) return; // what passes now is not the person's
    const s = Math.floor(answer.ownSeconds), goal = goalSeconds();
    timer.textContent = clockText(s);
    if (goal && s >= goal && !timer.classList.contains('over')) {
      timer.classList.add('over');
      tell(w('interview.wrap_up'), true);
    }
    if (s === QUIET_S && !answer.said) tell(w('interview.quiet'), true);
  }, 250);

  function stopAll() {
    sleep();
    clearInterval(level);
    clearInterval(clock);
    clearTimeout(cueTimer);
    document.removeEventListener('keydown', keys);
    window.removeEventListener('beforeunload', ask);
    voice?.abort();
    hush();
    answer?.stop();
  }

  run().catch((e) => { if (alive()) failed(e); });
  done.focus({ preventScroll: true });
  return () => { // leaving the view
    if (left) return;
    left = true;
    if (!ended) unfinished.clear();
    stopAll();
    document.body.classList.remove('online-voice');
    decide?.('left');
    capture.close();
    shared.capture = null;
  };
}

// After a reload in the middle: asks how to go on.
export async function offerInterview(saved, shared, alive, goOn) {
  const plan = await request(`v1/interviews/${encodeURIComponent(saved.interview)}`).catch((e) => { if (e.status === 404) return null; throw e; });
  if (!alive()) return;
  if (!plan) {
    unfinished.clear();
    location.hash = '#/';
    return;
  }
  const main = show('view-unfinished');
  const button = $('#go-on', main), stop = $('#leave', main), problem = $('#unfinished-problem', main);
  put($('#middle', main), w('unfinished.interview'));
  $('#asked-before', main).textContent = saved.question.text;
  put($('#kept', main), w('unfinished.kept_interview'));
  put(button, w('unfinished.go_on_interview'));
  put(stop, w('unfinished.end'));
  button.addEventListener('click', async () => {
    button.disabled = true;
    if (voiceSettings().aloud) clearThroat();
    const errors = await shared.capture.open({ echo: true });
    if (!alive()) return shared.capture.close();
    if (shared.capture.usable) return goOn(plan);
    inform(problem, together(errors));
    button.disabled = false;
    button.focus();
  });
  stop.addEventListener('click', () => {
    unfinished.clear();
    location.hash = `#/interviews/${encodeURIComponent(saved.interview)}`;
  });
}
