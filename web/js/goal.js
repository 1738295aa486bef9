// goal.js - what somebody wants to reach, kept by the program for their name: chosen before
// practice and under Progress, told in each report.
import { announce, request, tell } from './api.js';
import { el, number, t, w } from './words.js';

// measure: [low, high] to begin with; a null is not asked for.
const MEASURES = {
  fillers: [null, 4],
  pace: [120, 160],
  pace_characters: [200, 320],
  eye_contact: [60, null],
  pauses: [null, 3],
  pitch_range: [5, null],
};
const OFFERED = ['fillers', 'pace', 'eye_contact', 'pauses', 'pitch_range'];
const isNumber = (v) => typeof v === 'number';
const plain = (v) => String(Math.round(10 * v) / 10);
const shown = (v) => number(v, Number.isInteger(Math.round(10 * v) / 10) ? 0 : 1);
const path = (client) => `v1/goal?client=${encodeURIComponent(client)}`;

export const loadGoal = async (client) => (await request(path(client))).goal;

export function describe({ measure, low, high }) {
  const range = isNumber(low) && isNumber(high) ? 'goal.range' : isNumber(low) ? 'goal.least' : 'goal.most';
  return w('goal.told', { name: w(`goal.${measure}`), unit: w(`goal.${measure}.unit`), range: w(range, { low: () => shown(low), high: () => shown(high) }) });
}

// {reached, words}; null where the answer has no such figure.
export function judge(goal, value) {
  if (!isNumber(value)) return null;
  const under = isNumber(goal.low) && value < goal.low, over = isNumber(goal.high) && value > goal.high;
  const far = under ? goal.low - value : over ? value - goal.high : 0;
  return { reached: !far, words: w(!far ? 'goal.reached' : under ? 'goal.too_little' : 'goal.too_much', { value: () => shown(value), far: () => shown(Math.max(far, 0.1)) }) };
}

// As the store names the measures of a report.
const valueIn = (report, measure) => report.measures?.find((m) => {
  const key = m.name.toLowerCase().replaceAll(' ', '_');
  return (m.unit.startsWith('characters') ? `${key}_characters` : key) === measure;
})?.value;

export function goalInReport(goal, report) {
  const told = goal && judge(goal, valueIn(report, goal.measure));
  return told ? el('p', { class: `goal-told ${told.reached ? 'reached' : 'missed'}` }, el('b', {}, w('goal.title')), ' ', describe(goal), '. ', el('span', {}, `${told.reached ? '✓' : '✗'}\u00a0`, told.words, '.')) : null;
}

// The choice, into `box`; `changed` is called with the goal now and whenever it is another.
export function goalPicker(box, client, goal, changed = () => {}) {
  const measure = el('select', { id: 'goal-measure' }, el('option', { value: '' }, w('goal.none')), ...OFFERED.map((key) => el('option', { value: key }, w(`goal.${key}`))));
  if (goal && !OFFERED.includes(goal.measure)) measure.append(el('option', { value: goal.measure }, () => `${t(`goal.${goal.measure}`)}, ${t(`goal.${goal.measure}.unit`)}`));
  const numbers = el('span', { class: 'goal-numbers' });
  const problem = el('span', { class: 'hint', role: 'alert' });
  const draw = () => {
    measure.value = goal?.measure ?? '';
    if (!goal) return numbers.replaceChildren();
    const field = (end) => el('input', { type: 'number', min: 0, step: 'any', value: plain(goal[end]), 'data-end': end, 'aria-label': w(end === 'low' ? 'goal.field_least' : 'goal.field_most', { unit: w(`goal.${goal.measure}.unit`) }), on: { change: (e) => save({ ...goal, [end]: e.target.valueAsNumber }) } });
    const both = isNumber(goal.low) && isNumber(goal.high);
    numbers.replaceChildren(...el('span', {}, ...(isNumber(goal.low) ? [w(both ? 'goal.from' : 'goal.at_least'), ' ', field('low'), ' '] : []), ...(isNumber(goal.high) ? [w(both ? 'goal.to' : 'goal.at_most'), ' ', field('high'), ' '] : []), w(`goal.${goal.measure}.unit`)).childNodes);
  };
  async function save(wanted) {
    const wish = wanted && Object.fromEntries(['measure', 'low', 'high'].filter((k) => typeof wanted[k] === 'string' || Number.isFinite(wanted[k])).map((k) => [k, wanted[k]]));
    problem.textContent = '';
    try {
      goal = wish ? (await request(path(client), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) })).goal : await request(path(client), { method: 'DELETE' });
      announce(goal ? w('goal.announce', { goal: describe(goal) }) : w('goal.no_goal'));
      const place = document.activeElement?.dataset.end; // the field goes on under the keyboard
      draw();
      if (place && !document.activeElement?.dataset.end) numbers.querySelector(`[data-end=${place}]`)?.focus();
      changed(goal);
    } catch (e) { tell(problem, e); }
  }
  measure.addEventListener('change', () => {
    const [low, high] = MEASURES[measure.value] ?? [];
    save(measure.value ? { measure: measure.value, low: low ?? undefined, high: high ?? undefined } : null);
  });
  draw();
  box.replaceChildren(el('label', {}, w('goal.title'), ' ', measure), numbers, problem);
  changed(goal);
}
