// Draws timelines for the page and for reports.

import { axis } from './axis.js';
import { barItems } from './drawbars.js';
import { svg } from './dom.js';
import { instantLine } from './instant.js';
import { rowsOf, side } from './layout.js';
import { markItems } from './marks.js';
import { timeScale } from './scale.js';
import { omittedTime, states } from './states.js';
import { textures } from './textures.js';
import { ms } from './time.js';

// draw returns { node, plot, items, scale, rows }. Each item is either a bar, { node, x,
// connections }, or a mark, { node, x, refusals }. at is the instant to mark, or null. If it is
// outside the report's span, draw does not mark it.
export function draw(report, at, width) {
  const scale = timeScale(ms(report.from), ms(report.to), Math.max(width - 2 * side, 100));
  const isMarked = at !== null && at >= scale.from && at <= scale.to;
  const rows = rowsOf(report, isMarked);
  const items = [...barItems(report, scale, rows), ...markItems(report, scale, rows)].sort((a, b) => a.x - b.x);
  const plot = svg('g', { transform: `translate(${side} 0)` },
    axis(scale, rows), states(report, scale, rows), omittedTime(report, scale, rows), items.map((item) => item.node),
    isMarked ? instantLine(at, scale, rows) : null);
  const node = svg('svg', { class: 'timeline', width, height: rows.height, viewBox: `0 0 ${width} ${rows.height}` }, textures(), plot);
  return { node, plot, items, scale, rows };
}
