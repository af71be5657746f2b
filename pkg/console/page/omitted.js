// The report of a very busy device omits the oldest entries of its lists. The figures and
// verdicts in the report still take these entries into account.

import { el } from './dom.js';
import { icon } from './icons.js';
import { number, phrase, text } from './text.js';
import { ms, secondStamp, time } from './time.js';

const lists = ['connections', 'refusals', 'timeline', 'evidence'];

const omittedFrom = (report, list) => report.omitted?.[list] ?? 0;

// leavesOut reports whether the report omits entries of the given list.
export const leavesOut = (report, list) => omittedFrom(report, list) > 0;

// connectionCount returns the number of connections, including omitted ones.
export const connectionCount = (report) => report.connections.length + omittedFrom(report, 'connections');

// omittedNotice returns a notice about the omitted entries, or null if the report omits none.
export function omittedNotice(report) {
  const cut = lists.filter((list) => leavesOut(report, list));
  if (!cut.length) return null;
  const what = cut.map((list) => text(`omitted.${list}`, { count: number(omittedFrom(report, list)) })).join(text('omitted.and'));
  return el('section', { class: 'notice' }, icon('info'), el('div', {},
    el('strong', {}, text('omitted.title')),
    el('p', {}, text('omitted.meaning', { what }))));
}

// cutNotice returns a notice that the report leaves out everything before an instant, because the
// span has too many events. It returns null if the report covers the whole span.
export function cutNotice({ cut_before: cut }) {
  if (!cut) return null;
  return el('section', { class: 'notice warning' }, icon('alert'), el('div', {}, el('p', {}, phrase('text.cut', { time: time(ms(cut), secondStamp) }))));
}
