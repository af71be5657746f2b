// Draws timelines for the page and for reports.

import { axis } from './axis.js';
import { barItems } from './drawbars.js';
import { svg } from './dom.js';
import { rowsOf, side } from './layout.js';
import { markItems } from './marks.js';
import { timeScale } from './scale.js';
import { omittedTime, states } from './states.js';
import { textures } from './textures.js';
import { ms } from './time.js';

// draw returns { node, plot, items, scale, rows }. Each item is either a bar,
// { node, x, connections }, or a mark, { node, x, refusals }.
export function draw(report, width) {
  const scale = timeScale(ms(report.from), ms(report.to), Math.max(width - 2 * side, 100));
  const rows = rowsOf(report);
  const items = [...barItems(report, scale, rows), ...markItems(report, scale)].sort((a, b) => a.x - b.x);
  const plot = svg('g', { transform: `translate(${side} 0)` },
    axis(scale, rows), states(report, scale, rows), omittedTime(report, scale, rows), items.map((item) => item.node));
  const node = svg('svg', { class: 'timeline', width, height: rows.height, viewBox: `0 0 ${width} ${rows.height}` }, textures(), plot);
  return { node, plot, items, scale, rows };
}
