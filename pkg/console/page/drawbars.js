// The bars of a timeline.

import { bars } from './bars.js';
import { svg } from './dom.js';
import { kindLabel, kindOf, tally } from './kinds.js';
import { lengthOf } from './label.js';
import { barHeight, perLetter } from './layout.js';
import { textureOf } from './textures.js';
import { duration, ms } from './time.js';

export function barItems(report, scale, rows) {
  return bars(report.connections, scale).map(({ x, width, connections }) => {
    const node = connections.length === 1 ? single(connections[0], report, x, width, scale, rows) : shared(connections, x, width, rows);
    node.append(svg('rect', { class: 'outline', x: x - 1, y: rows.bar - 2, width: width + 2, height: barHeight + 4, rx: 2 }));
    return { node, x, connections };
  });
}

const capWidth = 4; // px; the cap of a narrow bar takes only a third of the bar

// single draws the bar of one connection: a pale body that ends in a cap in full color.
function single(connection, report, x, width, scale, rows) {
  const kind = kindOf(connection);
  const box = { x, y: rows.bar, height: barHeight };
  const texture = textureOf(kind);
  const isOpen = connection.end === null || ms(connection.end) > scale.to;
  const startsHere = connection.start !== null && ms(connection.start) >= scale.from;
  const cap = Math.min(capWidth, width / 3);
  return svg('g', { class: `bar kind-${kind}` },
    svg('rect', { class: 'body', ...box, width }),
    texture && svg('rect', { ...box, width, fill: texture }),
    startsHere && width > 2 * capWidth ? svg('rect', { class: 'edge', ...box, width: 1.5 }) : null,
    isOpen ? null : svg('rect', { class: 'cap', ...box, x: x + width - cap, width: cap }),
    isOpen && width > 20 ? svg('path', { class: 'onward', d: `M${x + width - 13} ${rows.bar + barHeight / 2 - 6}l6 6-6 6` }) : null,
    barLabel(connection, kindLabel(kind, report), x, width, scale, rows));
}

const labelMargin = 18; // px

function barLabel(connection, label, x, width, scale, rows) {
  const fits = (words) => width > words.length * perLetter + labelMargin;
  if (!fits(label)) return null;
  const length = lengthOf(connection, scale.to);
  const second = length === null ? '' : duration(length);
  return [
    svg('text', { class: 'bar-label', x: x + 9, y: rows.bar + 18 }, label),
    fits(second) ? svg('text', { class: 'bar-length', x: x + 9, y: rows.bar + 34 }, second) : null,
  ];
}

// shared draws one bar for several connections. The bar has one part for each kind of connection
// end, in the order of the legend. The parts have no patterns, because they are too thin.
function shared(connections, x, width, rows) {
  let y = rows.bar;
  const parts = tally(connections).map(([kind, count]) => {
    const share = (barHeight * count) / connections.length;
    const box = { x, width: Math.max(width - 0.75, 1), y, height: Math.max(share - 0.75, 0.5) };
    y += share;
    return svg('rect', { class: `part kind-${kind}`, ...box });
  });
  return svg('g', { class: 'bar shared' }, parts);
}
