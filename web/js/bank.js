// bank.js - the bank of questions: questions.json names the roles, each with a file of
// its own. docs/questions.md says what a question has.
import { request } from './api.js';
import { has, t } from './words.js';

export const COMMON = 'general'; // the role whose questions fit every other
const FEW = 4;                   // of a kind: then those common to every role are asked too

// The server may know roles that the page's words do not.
export const nameOfRole = (id, name) => (has(`role.${id}`) ? t(`role.${id}`) : name);

let loading = null;

// {roles: [{id, name, questions}], questions}; read once, again after a failure.
export function loadBank() {
  loading ??= read().catch((e) => { loading = null; throw e; });
  return loading;
}

async function read() {
  const { roles } = await request('questions.json');
  const files = await Promise.all(roles.map((r) => request(r.file)));
  const parts = roles.map(({ id, name }, i) => ({ id, name, questions: files[i].questions }));
  return { roles: parts, questions: parts.flatMap((r) => r.questions) };
}

// A session keeps the text of its question; one's own and those of other versions are not here.
export const find = (bank, text) => bank.questions.find((q) => q.text === text) ?? null;

// The questions to draw one from, and whether they are what was asked for.
export function pool(bank, role, kind) {
  const of = (r) => bank.questions.filter((q) => (!r || q.role === r) && (!kind || q.kind === kind));
  const own = of(role);
  const fits = kind && role && own.length < FEW && role !== COMMON ? [...own, ...of(COMMON)] : own;
  return fits.length ? { fits: true, questions: fits } : { fits: false, questions: bank.questions.filter((q) => q.role === role) };
}
