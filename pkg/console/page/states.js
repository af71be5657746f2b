// A strip below the bars shows when the device was online. Hatching behind the bars marks the
// periods in which the state is unknown or connections are omitted.

import { svg } from './dom.js';
import { barHeight, stripHeight } from './layout.js';
import { leavesOut } from './omitted.js';
import { text } from './text.js';
import { hatchOf } from './textures.js';
import { ms } from './time.js';

// states draws one shape for all periods with the same state, because the report may contain
// thousands of periods.
export function states(report, scale, rows) {
  return ['offline', 'unknown', 'online'].map((state) => {
    const boxes = report.timeline.filter((one) => one.state === state).map(({ from, to }) => boxOf(scale.x(ms(from)), scale.x(ms(to))));
    if (!boxes.length) return null;
    const fill = hatchOf(state);
    return svg('g', { class: state },
      fill && svg('path', { class: 'ground', d: outlines(boxes, rows.bar, barHeight), fill }),
      svg('path', { class: 'strip', d: outlines(boxes, rows.strip, stripHeight), fill }),
      boxes.map((box) => stateLabel(state, box, rows)));
  });
}

// omittedTime draws hatching over the time for which the report omits connections or states. If a
// report omits entries, it omits the oldest ones, so the hatching starts at the left edge. For
// omitted connections, it covers the row of bars and ends at the oldest connection in the report.
// For omitted states, it covers the strip and ends at the oldest state in the report.
export function omittedTime(report, scale, rows) {
  const connections = leavesOut(report, 'connections') ? boxOf(0, scale.x(ms(firstInstant(report)))) : null;
  const timeline = leavesOut(report, 'timeline') ? boxOf(0, scale.x(ms(report.timeline[0]?.from ?? report.to))) : null;
  const fill = hatchOf('omitted');
  return (connections || timeline) && svg('g', { class: 'omitted' },
    connections && svg('rect', { class: 'ground', ...connections, y: rows.bar, height: barHeight, fill }),
    timeline && svg('rect', { class: 'strip', ...timeline, y: rows.strip, height: stripHeight, fill }),
    connections && stateLabel('omitted', connections, rows));
}

function firstInstant(report) {
  const [first] = report.connections;
  return first?.start ?? first?.end ?? report.to;
}

const boxOf = (x, end) => ({ x, width: end - x });

const outlines = (boxes, y, height) => boxes.map(({ x, width }) => `M${fine(x)} ${y}h${fine(width)}v${height}h${fine(-width)}z`).join('');

const fine = (x) => Math.round(x * 100) / 100;

const minLabelled = 150; // px; narrower states have no label

function stateLabel(state, { x, width }, rows) {
  if (state === 'online' || width < minLabelled) return null;
  return svg('text', { class: 'ground-label', x: x + width / 2, y: rows.bar + barHeight / 2 + 4 }, text(`timeline.${state}`));
}
