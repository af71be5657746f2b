// What the report of a very busy device leaves out of its lists: the oldest of each.
// Its figures and verdicts count them all the same.

import { el } from './dom.js';
import { icon } from './icons.js';
import { number, text } from './text.js';

const lists = ['connections', 'refusals', 'timeline'];

const countOf = (report, list) => report.omitted?.[list] ?? 0;

// leavesOut reports whether a list is cut.
export const leavesOut = (report, list) => countOf(report, list) > 0;

// connectionCount is how many there are, shown or not.
export const connectionCount = (report) => report.connections.length + countOf(report, 'connections');

// omitted says what is left out, or is null.
export function omitted(report) {
  const cut = lists.filter((list) => leavesOut(report, list));
  if (!cut.length) return null;
  const what = cut.map((list) => text(`omitted.${list}`, { count: number(countOf(report, list)) })).join(text('omitted.and'));
  return el('section', { class: 'notice' }, icon('info'), el('div', {},
    el('strong', {}, text('omitted.title')),
    el('p', {}, text('omitted.meaning', { what }))));
}
