// The legend explains the colors and shapes of a timeline and shows how often each of them occurs.

import { el, svg } from './dom.js';
import { kindLabel, kindOf, laterEnd, tally, wordOf } from './kinds.js';
import { refusalSign } from './marks.js';
import { leavesOut } from './omitted.js';
import { number, text } from './text.js';
import { hatchOf, textureOf } from './textures.js';
import { unexplained } from './vocabulary.js';

// swatch returns a small bar in the color and pattern of the given kind of connection end.
export function swatch(kind) {
  const texture = textureOf(kind);
  return svg('svg', { class: `swatch kind-${kind}`, width: 18, height: 12, viewBox: '0 0 18 12', 'aria-hidden': 'true' },
    svg('rect', { class: 'body', width: 18, height: 12 }),
    texture && svg('rect', { width: 18, height: 12, fill: texture }),
    kind === 'open' ? null : svg('rect', { class: 'cap', x: 14, width: 4, height: 12 }));
}

// solidSwatch returns a small bar in the full color of the given kind, as in the stacked bars of a
// chart. refusedSwatch returns one in the color of refused logins.
export const solidSwatch = (kind) => solid(`swatch kind-${kind}`, 'part');
export const refusedSwatch = () => solid('swatch', 'refused');

const solid = (kind, part) => svg('svg', { class: kind, width: 12, height: 12, viewBox: '0 0 12 12', 'aria-hidden': 'true' }, svg('rect', { class: part, width: 12, height: 12 }));

// refusalSwatch returns the mark of a refused login.
export const refusalSwatch = () => svg('svg', { class: 'swatch mark', width: 14, height: 14, viewBox: '-7 -7 14 14', 'aria-hidden': 'true' }, refusalSign());

function stateSwatch(state) {
  const fill = hatchOf(state);
  return svg('svg', { class: `swatch ${state}`, width: 18, height: 12, viewBox: '0 0 18 12', 'aria-hidden': 'true' },
    svg('rect', { class: 'ground', width: 18, height: 12, fill }), svg('rect', { class: 'strip', y: 9, width: 18, height: 3, fill }));
}

// legend lists the kinds of connection end, the refused logins and the states in the report. The
// state "online" has no entry. If onFilter is given, the name of each kind that has end events
// is a button. A click on the button shows only these events in the table. If the report omits
// connections, each kind's count ends in "+", because the omitted connections are not counted.
export function legend(report, onFilter) {
  const more = leavesOut(report, 'connections') ? '+' : '';
  const shownStates = ['offline', 'unknown'].filter((state) => report.timeline.some((one) => one.state === state));
  if (more || leavesOut(report, 'timeline')) shownStates.push('omitted');
  return el('ul', { class: 'legend', 'aria-label': text('legend.label') },
    tally(report.connections).map(([kind, count]) => kindEntry(kind, kindLabel(kind, report), number(count) + more, onFilter && filterOf(kind, report), onFilter)),
    report.refusals.length ? entry(refusalSwatch(), text('legend.refusals'), number(report.summary.refusals)) : null,
    shownStates.map((state) => entry(stateSwatch(state), text(`timeline.${state}`))));
}

function kindEntry(kind, label, count, filter, onFilter) {
  return entry(swatch(kind), label, count, filter ? () => onFilter(filter) : null);
}

// filterOf returns the filter that selects the end events of a kind, or "" if the report contains
// no such event.
function filterOf(kind, report) {
  const isReported = report.connections.some((one) => kindOf(one) === kind && one.end_is === 'reported');
  return isReported ? wordOf(kind) || unexplained : '';
}

// laterEnds returns notes about how connections that were open at the end of the span ended later,
// or null if no such end is known.
export function laterEnds({ connections }) {
  const ends = connections.map((one) => laterEnd(one)).filter(Boolean);
  return ends.length ? el('div', { class: 'later-ends' }, ends.map((end) => el('p', {}, text('connection.openThen', { end })))) : null;
}

function entry(shape, label, count = null, onClick = null) {
  const parts = [shape, el('span', {}, label), count === null ? null : el('span', { class: 'count' }, count)];
  if (!onClick) return el('li', {}, el('span', { class: 'entry' }, parts));
  return el('li', {}, el('button', { type: 'button', class: 'entry', title: text('legend.filter', { info: label }), on: { click: onClick } }, parts));
}
