// Draws the drops and the refused logins of a fleet as bars over time. Each of the two has its own
// row and scale, because a flood of refused logins would otherwise make drops too small to see.

import { axis } from './axis.js';
import { columnsOf, sizeFor } from './columns.js';
import { svg } from './dom.js';
import { side } from './layout.js';
import { timeScale } from './scale.js';
import { number, text } from './text.js';
import { duration } from './time.js';

const dropsHeight = 120;
const refusalsHeight = 44;
const labelHeight = 18;
const axisHeight = 34;

// drawChart returns { node, plot, items, scale, rows } for a figure. Each item is a column with
// drops or refusals, with its node.
export function drawChart({ span, answer }, stepLength, width) {
  const scale = timeScale(span.from, span.to, Math.max(width - 2 * side, 100));
  const size = sizeFor(stepLength, scale);
  const length = duration(size * stepLength);
  const columns = columnsOf(answer.steps, stepLength, size)
    .map((one) => ({ ...one, x: scale.x(one.from), width: scale.x(one.to) - scale.x(one.from) }));
  const rows = rowsOf(answer.totals.refusals > 0);
  const drops = heightScale(columns.map((one) => one.drops), dropsHeight);
  const refusals = heightScale(columns.map((one) => one.refusals), refusalsHeight);
  const items = columns.filter((one) => one.drops + one.refusals > 0)
    .map((column) => ({ ...column, node: bar(column, rows, drops, refusals) }));
  const plot = svg('g', { transform: `translate(${side} 0)` },
    axis(scale, rows),
    lane(text('chart.drops', { length }), drops.max, rows.drops, dropsHeight, scale),
    rows.refusals === null ? null : lane(text('chart.refusals', { length }), refusals.max, rows.refusals, refusalsHeight, scale),
    items.map((item) => item.node));
  const node = svg('svg', { class: 'timeline chart', width, height: rows.height, viewBox: `0 0 ${width} ${rows.height}` }, plot);
  return { node, plot, items, scale, rows };
}

// rowsOf returns the vertical positions of the two rows and of the axis. refusals is null if there
// are none.
function rowsOf(hasRefusals) {
  const drops = labelHeight;
  const refusals = hasRefusals ? drops + dropsHeight + labelHeight + 6 : null;
  const end = hasRefusals ? refusals + refusalsHeight : drops + dropsHeight;
  return { top: drops, bar: drops, drops, refusals, axis: end + 4, end, height: end + 4 + axisHeight };
}

// heightScale maps counts to heights. max is the count at full height, a round number.
function heightScale(counts, height) {
  const max = roundUp(Math.max(...counts, 1));
  return { max, of: (count) => (count ? Math.max((count / max) * height, 1.5) : 0) };
}

const roundSteps = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

// roundUp returns the smallest round number that is at least n.
function roundUp(n) {
  const power = 10 ** Math.floor(Math.log10(n));
  return Math.ceil(roundSteps.find((one) => one * power >= n) * power);
}

// lane draws the name of a row, its baseline, and a line at its full height, labeled with the count
// there.
function lane(label, max, y, height, scale) {
  const line = (at, kind) => svg('path', { class: kind, d: `M0 ${at}H${scale.width}` });
  return svg('g', { 'aria-hidden': 'true' }, line(y, 'tick'), line(y + height, 'end'),
    svg('text', { class: 'lane-label', x: 0, y: y - 5 }, label),
    svg('text', { class: 'lane-max', x: scale.width, y: y - 5 }, number(max)));
}

function bar(column, rows, drops, refusals) {
  const x = column.x + 0.5;
  const width = Math.max(column.width - 1, 1);
  return svg('g', { class: 'bar' },
    svg('rect', { class: 'reach', x: column.x, width: column.width, y: rows.top, height: rows.end - rows.top }),
    stack(column, x, width, rows.drops + dropsHeight, drops),
    column.refusals && rows.refusals !== null
      ? svg('rect', { class: 'refused', x, width, y: rows.refusals + refusalsHeight - refusals.of(column.refusals), height: refusals.of(column.refusals) }) : null,
    svg('rect', { class: 'outline', x: column.x - 2.5, width: column.width + 5, y: rows.top - 2, height: rows.end - rows.top + 4, rx: 3 }));
}

// stack draws the drops of a column, one part for each kind, from the base line up.
function stack(column, x, width, base, drops) {
  const height = drops.of(column.drops);
  let y = base;
  return column.kinds.map(([kind, count]) => {
    const share = (height * count) / column.drops;
    y -= share;
    return svg('rect', { class: `part kind-${kind}`, x, width, y, height: Math.max(share - (share > 3 ? 0.75 : 0), 0.5) });
  });
}
