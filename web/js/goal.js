// goal.js - what somebody wants to reach, kept by the program for their name: chosen before
// practice and under Progress, told in each report.
import { announce, request } from './api.js';
import { el } from './report.js';

// measure: name, unit, [low, high] to begin with; a null is not asked for.
const MEASURES = {
  fillers: ['Fillers', 'a minute', [null, 4]],
  pace: ['Pace', 'words a minute', [120, 160]],
  pace_characters: ['Pace', 'characters a minute', [200, 320]],
  eye_contact: ['Eye contact', '% of the time', [60, null]],
  pauses: ['Pauses', 'inside clauses', [null, 3]],
  pitch_range: ['Pitch range', 'semitones', [5, null]],
};
const OFFERED = ['fillers', 'pace', 'eye_contact', 'pauses', 'pitch_range'];
const isNumber = (v) => typeof v === 'number';
const plain = (v) => String(Math.round(10 * v) / 10);
const path = (client) => `v1/goal?client=${encodeURIComponent(client)}`;

export const loadGoal = async (client) => (await request(path(client))).goal;

export function describe(goal) {
  const [name, unit] = MEASURES[goal.measure];
  const range = isNumber(goal.low) && isNumber(goal.high) ? `${plain(goal.low)} to ${plain(goal.high)}` : isNumber(goal.low) ? `at least ${plain(goal.low)}` : `at most ${plain(goal.high)}`;
  return `${name}: ${range} ${unit}`;
}

// {reached, text}; null where the answer has no such figure.
export function judge(goal, value) {
  if (!isNumber(value)) return null;
  const under = isNumber(goal.low) && value < goal.low, over = isNumber(goal.high) && value > goal.high;
  const far = under ? goal.low - value : over ? value - goal.high : 0;
  return { reached: !far, text: far ? `Not reached: ${plain(value)}, which is ${plain(Math.max(far, 0.1))} too ${under ? 'little' : 'much'}` : `Reached: ${plain(value)}` };
}

// As the store names the measures of a report.
const valueIn = (report, measure) => report.measures?.find((m) => {
  const key = m.name.toLowerCase().replaceAll(' ', '_');
  return (m.unit.startsWith('characters') ? `${key}_characters` : key) === measure;
})?.value;

export function goalInReport(goal, report) {
  const told = goal && judge(goal, valueIn(report, goal.measure));
  return told ? el('p', { class: `goal-told ${told.reached ? 'reached' : 'missed'}` }, el('b', {}, 'Your goal'), ` ${describe(goal)}. `, el('span', {}, `${told.reached ? '✓' : '✗'}\u00a0${told.text}.`)) : null;
}

// The choice, into `box`; `changed` is called with the goal now and whenever it is another.
export function goalPicker(box, client, goal, changed = () => {}) {
  const measure = el('select', { id: 'goal-measure' }, el('option', { value: '' }, 'none'), ...OFFERED.map((key) => el('option', { value: key }, MEASURES[key][0])));
  if (goal && !OFFERED.includes(goal.measure)) measure.append(el('option', { value: goal.measure }, `${MEASURES[goal.measure][0]}, ${MEASURES[goal.measure][1]}`));
  const numbers = el('span', { class: 'goal-numbers' });
  const problem = el('span', { class: 'hint', role: 'alert' });
  const draw = () => {
    measure.value = goal?.measure ?? '';
    if (!goal) return numbers.replaceChildren();
    const field = (end) => el('input', { type: 'number', min: 0, step: 'any', value: plain(goal[end]), 'aria-label': `${end === 'low' ? 'At least' : 'At most'}, ${MEASURES[goal.measure][1]}`, on: { change: (e) => save({ ...goal, [end]: e.target.valueAsNumber }) } });
    const both = isNumber(goal.low) && isNumber(goal.high);
    numbers.replaceChildren(...(isNumber(goal.low) ? [both ? 'from ' : 'at least ', field('low')] : []), ...(isNumber(goal.high) ? [both ? ' to ' : 'at most ', field('high')] : []), ` ${MEASURES[goal.measure][1]}`);
  };
  async function save(wanted) {
    const wish = wanted && Object.fromEntries(['measure', 'low', 'high'].filter((k) => typeof wanted[k] === 'string' || Number.isFinite(wanted[k])).map((k) => [k, wanted[k]]));
    problem.textContent = '';
    try {
      goal = wish ? (await request(path(client), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(wish) })).goal : await request(path(client), { method: 'DELETE' });
      announce(goal ? `Your goal: ${describe(goal)}` : 'No goal');
      const place = document.activeElement?.ariaLabel; // the field goes on under the keyboard
      draw();
      if (place && !document.activeElement?.ariaLabel) [...numbers.querySelectorAll('input')].find((i) => i.ariaLabel === place)?.focus();
      changed(goal);
    } catch (e) { problem.textContent = e.message; }
  }
  measure.addEventListener('change', () => {
    const [, , [low, high]] = MEASURES[measure.value] ?? [0, 0, []];
    save(measure.value ? { measure: measure.value, low: low ?? undefined, high: high ?? undefined } : null);
  });
  draw();
  box.replaceChildren(el('label', {}, 'Your goal ', measure), numbers, problem);
  changed(goal);
}
