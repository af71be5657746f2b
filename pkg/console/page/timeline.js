// The interactive timeline; see figure.js. The effect of Enter or a click depends on the item:
//   - The bar of one connection: select the connection, or deselect it if it is selected.
//   - A bar that several connections share: zoom in.
//   - A mark: go to the event of the first refused login.
//
// Dragging the pointer across a range zooms into the range.

import { boundsOf } from './bars.js';
import { draw } from './draw.js';
import { figure } from './figure.js';
import { labelOf } from './label.js';
import { keyOf } from './matching.js';
import { text } from './text.js';
import { ms } from './time.js';

const minSpan = 2; // ms; the shortest span to zoom to

// timeline returns { node, select, redraw, focus }. select takes the key of the connection to
// select, or "" to select nothing. For redraw and focus, see figure.
//
// at is the instant to mark, or null. timeline calls onPick with a connection or null, onZoom with
// a span, and onTime with an instant.
export function timeline(report, at, { onPick, onZoom, onTime }) {
  let picked = '';

  function zoom({ from, to }, scale) {
    if (to - from < minSpan) return;
    onZoom({ from: Math.max(from, scale.from), to: Math.min(to, scale.to) });
  }

  function activate(item, scale) {
    if (item.refusals) onTime(ms(item.refusals[0].time));
    else if (item.connections.length === 1) onPick(keyOf(item.connections[0]) === picked ? null : item.connections[0]);
    else enter(item, scale);
  }

  // enter zooms into a bar that several connections share. If the bar is too short to zoom into,
  // enter selects the bar's first connection.
  function enter(item, scale) {
    const [from, to] = boundsOf(item.connections, scale);
    const margin = Math.ceil((to - from) / 20) + 1;
    if (to - from < minSpan) onPick(item.connections[0]);
    else zoom({ from: from - margin, to: to + margin }, scale);
  }

  const drawing = figure({
    label: text('timeline.label'),
    draw: (width) => draw(report, at, width),
    labelOf: (item, scale) => labelOf(item, report, scale),
    isPicked: (item) => picked !== '' && (item.connections ?? []).some((one) => keyOf(one) === picked),
    onItem: activate,
    onSpan: zoom,
    onEscape: () => onPick(null),
  });

  return {
    node: drawing.node,
    redraw: drawing.redraw,
    focus: drawing.focus,
    select(key) {
      picked = key;
      drawing.mark();
    },
  };
}
