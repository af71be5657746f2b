// The line in a timeline that marks the instant of the status.

import { tickText } from './axis.js';
import { svg } from './dom.js';
import { text } from './text.js';
import { clock, second } from './time.js';

export function instantLine(at, scale, rows) {
  const x = scale.x(at);
  return svg('g', { class: 'instant' },
    svg('path', { d: `M${x} 14V${rows.axis + 2}` }),
    tickText('instant-label', text('timeline.instant', { time: clock(at, at % second ? 1 : second) }), x, 11, scale));
}
