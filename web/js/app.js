// app.js - which view is shown: #/ (set-up), #/practice, #/report/<id>, #/compare/<id>/<id>,
// #/interview/<id> (as it runs), #/interviews/<id> (its report), #/progress.
import { aboutQuestion, askedNext } from './about.js';
import { $, announce, notice, request, settings, show } from './api.js';
import { attemptsSection, loadAttempts, tryAgain } from './attempts.js';
import { find, loadBank } from './bank.js';
import { Capture } from './capture.js';
import { compare } from './compare.js';
import { goalInReport, loadGoal } from './goal.js';
import { tellWhere } from './where.js';
import { setup } from './setup.js';
import { practice } from './practice.js';
import { progress } from './progress.js';
import { interview, offerInterview } from './interview.js';
import { interviewReport } from './interview-report.js';
import { renderReport } from './report.js';
import { shareSection } from './share.js';
import { askWho, comeFromIssuer, isMentor, renewed, whoIsThere } from './signin.js';
import { offer, unfinished } from './unfinished.js';
import { el, language, LANGUAGES, pickLanguage, put, setLanguage, setTitle, t, w } from './words.js';

const MODEL_ASK_MS = 2000;

let leave = null; // what the current view wants done before it goes

// Things one view hands to the next: devices in use, the recording just made.
const shared = { capture: null, picked: null, own: '', question: null, recording: null };

async function report(id, alive) {
  const main = $('#main');
  main.replaceChildren();
  const [data, bank] = await Promise.all([request(`v1/sessions/${encodeURIComponent(id)}/report`), loadBank().catch(() => null)]); // the report does without the bank
  const { own, others } = await loadAttempts(id, data.question).catch(() => ({ own: null, others: [] })); // nor do these matter more than the report
  const client = own?.meta?.client || settings.client || 'me';
  const [goal, share] = await Promise.all([loadGoal(client).catch(() => null), shareSection(id, Boolean(data.media), Boolean(data.videos?.length)).catch(() => null)]);
  if (!alive()) return;
  const question = bank && find(bank, data.question);
  const about = question && aboutQuestion(question);
  const asked = question && askedNext(question, (text) => {
    shared.own = text;
    location.hash = '#/';
  });
  const audio = shared.recording?.id === id ? shared.recording.url : data.media ? `v1/sessions/${encodeURIComponent(id)}/media` : null;
  const link = (words, href, download) => el('a', { class: 'button secondary', href, download }, words);
  const button = (words, fn, cls = 'secondary') => el('button', { type: 'button', class: cls, on: { click: fn } }, words);
  const base = `v1/sessions/${encodeURIComponent(id)}`;
  const again = isMentor() ? null : data.question ? button(w('report.again'), () => tryAgain(shared, bank, data, own?.meta?.language, alive), 'primary') : button(w('report.practise_again'), () => { location.hash = '#/'; }, 'primary');
  const other = data.question ? [button(w('choose.another'), () => { location.hash = '#/'; })] : [];
  const notes = { add: (note) => request(`${base}/notes`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(note) }),
    remove: (note) => request(`${base}/notes/${note.id}`, { method: 'DELETE' }) };
  const remove = button(w('report.delete'), async () => {
    if (!confirm(t('confirm.delete_practice'))) return;
    try {
      await request(base, { method: 'DELETE' });
      announce(w('progress.deleted'));
      location.hash = '#/progress';
    } catch (e) {
      notice(e);
    }
  });
  const whole = data.interview ? [link(w('report.whole_interview'), `#/interviews/${encodeURIComponent(data.interview)}`)] : [];
  const videos = data.videos?.map((v) => ({ ...v, url: `${base}/video?part=${v.part}` }));
  const shown = renderReport(main, data, { audio, videos, about, english: Boolean(question), asked, notes, share, shared: isMentor() && w('report.of_another'), goal: goalInReport(goal, data), attempts: attemptsSection(id, others), actions: [...whole, ...(again ? [again, ...other] : []), button(w('report.print'), () => window.print()),
    link(() => 'Markdown', `${base}/report?format=md`, `rehearse-${id}.md`),
    link(w('report.subtitles'), `${base}/transcript?format=srt`, `rehearse-${id}.srt`), link(() => 'JSON', `${base}/report?format=json`, `rehearse-${id}.json`), ...(isMentor() ? [] : [remove])] });
  setTitle(w('report.title'));
  if (data.llm?.state === 'asked') waitForModel(base, shown, alive);
}

// A language model may take a minute or two; the report is there meanwhile.
async function waitForModel(base, shown, alive) {
  for (;;) {
    await new Promise((r) => setTimeout(r, MODEL_ASK_MS));
    if (!alive()) return;
    const later = await request(`${base}/report`).catch((e) => (e.status ? { llm: null } : null)); // deleted: no more to wait for
    if (!alive()) return;
    if (!later || later.llm?.state === 'asked') continue;
    shown.tellModel(later);
    if (later.llm?.state === 'done') announce(w('llm.added', { model: later.llm.model }));
    return;
  }
}

// After a reload in mid-practice: the session is still held, the devices are not.
async function comeBack(alive) {
  const saved = unfinished.get();
  shared.capture ??= new Capture();
  await offer(saved, shared, alive, () => {
    shared.question = saved.question;
    leave = practice(shared, alive, saved);
  });
}

async function comeBackToInterview(alive) {
  const saved = unfinished.get();
  shared.capture ??= new Capture();
  await offerInterview(saved, shared, alive, (plan) => { leave = interview(shared, alive, plan, saved); });
}

// One that was planned just now runs, one that was interrupted goes on; of others there is the report.
async function routeInterview(id, alive) {
  const planned = shared.interview?.id === id ? shared.interview : null;
  shared.interview = null;
  if (planned && shared.capture?.usable) leave = interview(shared, alive, planned);
  else if (unfinished.get()?.interview === id) await comeBackToInterview(alive);
  else location.hash = `#/interviews/${encodeURIComponent(id)}`;
}

let turns = 0; // a view that waited for the server knows whether it is still wanted

async function route() {
  const turn = ++turns;
  const alive = () => turn === turns;
  const [view = '', id, other] = location.hash.replace(/^#\//, '').split('/');
  leave?.();
  leave = null;
  for (const a of document.querySelectorAll('[data-nav]'))
    a.dataset.nav === view ? a.setAttribute('aria-current', 'page') : a.removeAttribute('aria-current');
  setTitle(null);
  tellWhere();
  try {
    if (!['practice', 'interview'].includes(view) && await renewed()) return;
    await whoIsThere().catch((e) => { if (e.status || !unfinished.get()) throw e; }); // what was interrupted is offered all the same
    if (!alive()) return;
    if (isMentor() && !['report', 'progress'].includes(view)) return location.replace('#/progress');
    if (view === 'practice' && shared.question && shared.capture?.usable) leave = practice(shared, alive);
    else if (view === 'practice' && unfinished.get() && !unfinished.get().interview) await comeBack(alive);
    else if (view === 'interview' && id) await routeInterview(decodeURIComponent(id), alive);
    else if (view === 'interviews' && id) await interviewReport(decodeURIComponent(id), alive);
    else if (view === 'report' && id) await report(decodeURIComponent(id), alive);
    else if (view === 'compare' && id && other) await compare(decodeURIComponent(id), decodeURIComponent(other), alive);
    else if (view === 'progress') await progress(alive);
    else await setup(shared, alive, (stop) => { leave = stop; });
  } catch (e) {
    if (!alive()) return;
    if (e.status === 401) await askWho(route);
    else {
      show('view-waiting').replaceChildren();
      notice(e, null);
    }
  }
  if (alive() && !$('#main').contains(document.activeElement)) $('#main').focus({ preventScroll: true });
}

// Another language changes the words alone: what is shown, typed, played or spoken goes on.
function chooseLanguage() {
  const choice = $('#tongue');
  choice.append(...Object.entries(LANGUAGES).map(([code, name]) => el('option', { value: code, lang: code }, name)));
  choice.value = language();
  choice.addEventListener('change', async () => {
    try {
      await setLanguage(choice.value);
      settings.page_language = choice.value;
    } catch {
      choice.value = language();
      notice(w('error.no_answer'));
    }
  });
}

async function begin() {
  try {
    await setLanguage(pickLanguage(settings.page_language));
  } catch {
    $('#no-words').hidden = false; // without words only this is told, in each language
    return;
  }
  chooseLanguage();
  window.addEventListener('hashchange', route);
  const problem = await comeFromIssuer().catch((e) => e);
  if (problem) return askWho(route, problem);
  route();
}
begin();
