// The time axis below a timeline.

import { svg } from './dom.js';
import { side } from './layout.js';
import { ticks } from './scale.js';
import { clock, date, shortDate } from './time.js';

export function axis(scale, rows) {
  const { step, all } = ticks(scale);
  const line = (at, kind) => svg('path', { class: kind, d: `M${scale.x(at)} ${rows.top - 2}V${rows.axis + 2}` });
  let shownDate = '';
  const lines = all.map((at) => {
    const isNewDay = date(at) !== shownDate;
    shownDate = date(at);
    return svg('g', {}, line(at, 'tick'),
      tickText('tick-label', clock(at, step), scale.x(at), rows.axis + 14, scale),
      isNewDay ? tickText('tick-date', shortDate(at), scale.x(at), rows.axis + 28, scale) : null);
  });
  return svg('g', { class: 'axis', 'aria-hidden': 'true' }, line(scale.from, 'end'), line(scale.to, 'end'), lines);
}

// tickText returns a label centered below its tick, but always within the drawing.
export function tickText(kind, words, x, y, scale) {
  const margin = halfWidth(words) - side;
  return svg('text', { class: kind, x: Math.min(Math.max(x, margin), scale.width - margin), y }, words);
}

// halfWidth returns a generous estimate of half a label's width, in pixels. It counts more for an
// ideograph than for a letter, because ideographs are wider.
const halfWidth = (words) => [...words].reduce((sum, letter) => sum + (/\p{Ideographic}/u.test(letter) ? 6 : 4), 0);
