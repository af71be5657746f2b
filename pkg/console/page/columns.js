// Combines the steps of a fleet into columns that are wide enough to see and to click.

import { kinds, kindOfWord } from './kinds.js';
import { ms } from './time.js';

const minWidth = 4; // px
const sizes = [1, 2, 3, 6, 12, 24, 72]; // numbers of steps in a column

// sizeFor returns how many steps each column must combine to be wide enough in the given scale.
// stepLength is in milliseconds.
export function sizeFor(stepLength, { from, to, width }) {
  const perStep = (stepLength / (to - from)) * width;
  return sizes.find((one) => one * perStep >= minWidth) ?? sizes.at(-1);
}

// columnsOf returns columns of size steps each, oldest first. A column is { from, to, connects,
// refusals, drops, disconnects, kinds }. kinds has [kind, count] for each kind of drop that occurs,
// in the order of the legend.
export function columnsOf(steps, stepLength, size) {
  const columns = [];
  for (let i = 0; i < steps.length; i += size) columns.push(columnOf(steps.slice(i, i + size), stepLength));
  return columns;
}

function columnOf(steps, stepLength) {
  const sum = (name) => steps.reduce((total, step) => total + step[name], 0);
  return {
    from: ms(steps[0].time), to: ms(steps.at(-1).time) + stepLength,
    connects: sum('connects'), refusals: sum('refusals'), drops: sum('drops'), disconnects: sum('ends') - sum('drops'),
    kinds: tallyDrops(steps.flatMap((step) => step.by_reason)),
  };
}

// tallyDrops adds up the drops among the given reasons. It returns [kind, count] for each kind that
// occurs, in the order of the legend.
export function tallyDrops(reasons) {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  for (const { action, action_info: info, events } of reasons) {
    if (action === 'close') counts.set(kindOfWord(info), counts.get(kindOfWord(info)) + events);
  }
  return [...counts].filter(([, count]) => count > 0);
}
