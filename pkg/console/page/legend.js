import { el, svg } from './dom.js';
import { kindLabel, tally, wordOf } from './kinds.js';
import { leavesOut } from './omitted.js';
import { number, text } from './text.js';
import { textureOf } from './textures.js';

// swatch is a bar in small.
export function swatch(kind) {
  const texture = textureOf(kind);
  return svg('svg', { class: `swatch kind-${kind}`, width: 18, height: 12, viewBox: '0 0 18 12', 'aria-hidden': 'true' },
    svg('rect', { class: 'body', width: 18, height: 12 }),
    texture && svg('rect', { width: 18, height: 12, fill: texture }),
    kind === 'open' ? null : svg('rect', { class: 'cap', x: 14, width: 4, height: 12 }));
}

const shapes = {
  refusals: () => svg('svg', { class: 'swatch mark', width: 14, height: 14, viewBox: '-7 -7 14 14', 'aria-hidden': 'true' },
    svg('circle', { class: 'shield', r: 7 }), svg('path', { class: 'sign', d: 'm-2.6-2.6 5.2 5.2m0-5.2-5.2 5.2' })),
  offline: () => state('offline', null),
  unknown: () => state('unknown', 'url(#hatch)'),
  omitted: () => state('omitted', 'url(#left-out)'),
};

function state(name, fill) {
  return svg('svg', { class: `swatch ${name}`, width: 18, height: 12, viewBox: '0 0 18 12', 'aria-hidden': 'true' },
    svg('rect', { class: 'ground', width: 18, height: 12, fill }), svg('rect', { class: 'strip', y: 9, width: 18, height: 3, fill }));
}

// legend explains what a timeline shows, and counts it. Where a kind is a word of the
// table, it is a button that filters by it. Of what is left out nobody knows the kind.
export function legend(report, onFilter) {
  const more = leavesOut(report, 'connections') ? '+' : '';
  const ends = tally(report.connections).map(([kind, count]) => entry(swatch(kind), kindLabel(kind), number(count) + more, wordOf(kind) && onFilter ? () => onFilter(wordOf(kind)) : null));
  const states = ['offline', 'unknown'].filter((name) => report.timeline.some((one) => one.state === name));
  if (more || leavesOut(report, 'timeline')) states.push('omitted');
  return el('ul', { class: 'legend', 'aria-label': text('legend.label') },
    ends,
    report.refusals.length ? entry(shapes.refusals(), text('legend.refusals'), number(report.summary.refusals), null) : null,
    states.map((name) => entry(shapes[name](), text(`timeline.${name}`), null, null)));
}

function entry(shape, label, count, onClick) {
  const parts = [shape, el('span', {}, label), count === null ? null : el('span', { class: 'count' }, count)];
  if (!onClick) return el('li', {}, el('span', { class: 'entry' }, parts));
  return el('li', {}, el('button', { type: 'button', class: 'entry', title: text('legend.filter', { info: label }), on: { click: onClick } }, parts));
}
