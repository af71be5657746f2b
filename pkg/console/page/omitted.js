// What the report of a very busy device omits from its lists: the oldest entries of each.
// Its figures and verdicts include them.

import { el } from './dom.js';
import { icon } from './icons.js';
import { number, text } from './text.js';

const lists = ['connections', 'refusals', 'timeline'];

const omittedFrom = (report, list) => report.omitted?.[list] ?? 0;

// leavesOut reports whether a list is cut.
export const leavesOut = (report, list) => omittedFrom(report, list) > 0;

// connectionCount includes omitted connections.
export const connectionCount = (report) => report.connections.length + omittedFrom(report, 'connections');

// omittedNotice returns null if the report omits nothing.
export function omittedNotice(report) {
  const cut = lists.filter((list) => leavesOut(report, list));
  if (!cut.length) return null;
  const what = cut.map((list) => text(`omitted.${list}`, { count: number(omittedFrom(report, list)) })).join(text('omitted.and'));
  return el('section', { class: 'notice' }, icon('info'), el('div', {},
    el('strong', {}, text('omitted.title')),
    el('p', {}, text('omitted.meaning', { what }))));
}
