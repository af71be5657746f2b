// The drawing of a timeline, for the page and for reports.

import { bars, marks } from './bars.js';
import { svg } from './dom.js';
import { kindLabel, kindOf, tally } from './kinds.js';
import { lengthOf } from './label.js';
import { leavesOut } from './omitted.js';
import { scale, ticks } from './scale.js';
import { number, text } from './text.js';
import { textureOf, textures } from './textures.js';
import { clock, date, duration, ms, shortDate } from './time.js';

const markSize = 14;
const barHeight = 44;
const stripHeight = 6;
const axisHeight = 34;
const side = 14; // px beside the first and last instant, for what is drawn at them

// draw makes { node, plot, items, scale, side, rows }. An item is a bar or a mark:
// { node, x, connections } or { node, x, refusals }.
export function draw(report, width) {
  const s = scale(ms(report.from), ms(report.to), Math.max(width - 2 * side, 100));
  const top = report.refusals.length ? markSize + 10 : 6;
  const rows = { top, bar: top, strip: top + barHeight + 6, axis: top + barHeight + stripHeight + 10 };
  const height = rows.axis + axisHeight;
  const items = [...barItems(report, s, rows), ...markItems(report, s)].sort((a, b) => a.x - b.x);
  const plot = svg('g', { transform: `translate(${side} 0)` },
    axis(report, s, rows), grounds(report, s, rows), leftOut(report, s, rows), items.map((item) => item.node));
  const node = svg('svg', { class: 'timeline', width, height, viewBox: `0 0 ${width} ${height}` }, textures(), plot);
  return { node, plot, items, scale: s, side, rows };
}

// grounds are what is known at all: a strip below the bars, and behind them where that is
// nothing. Each state is one shape, however often it changes.
function grounds(report, s, rows) {
  return ['offline', 'unknown', 'online'].map((state) => {
    const boxes = report.timeline.filter((one) => one.state === state).map(({ from, to }) => boxOf(s.x(ms(from)), s.x(ms(to))));
    if (!boxes.length) return null;
    const fill = state === 'unknown' ? 'url(#hatch)' : null;
    return svg('g', { class: state },
      fill && svg('path', { class: 'ground', d: outlines(boxes, rows.bar, barHeight), fill }),
      svg('path', { class: 'strip', d: outlines(boxes, rows.strip, stripHeight), fill }),
      boxes.map((box) => groundLabel(state, box, rows)));
  });
}

const boxOf = (x, end) => ({ x, width: end - x });

const outlines = (boxes, y, height) => boxes.map(({ x, width }) => `M${fine(x)} ${y}h${fine(width)}v${height}h${fine(-width)}z`).join('');

const fine = (x) => Math.round(x * 100) / 100;

// leftOut is over the time of connections, or of what is known, that the report leaves out.
function leftOut(report, s, rows) {
  const [first] = report.connections;
  const bars = leavesOut(report, 'connections') ? boxOf(0, s.x(ms(first?.start ?? first?.end ?? report.to))) : null;
  const strip = leavesOut(report, 'timeline') ? boxOf(0, s.x(ms(report.timeline[0]?.from ?? report.to))) : null;
  const fill = 'url(#left-out)';
  return (bars || strip) && svg('g', { class: 'omitted' },
    bars && svg('rect', { class: 'ground', ...bars, y: rows.bar, height: barHeight, fill }),
    strip && svg('rect', { class: 'strip', ...strip, y: rows.strip, height: stripHeight, fill }),
    bars && groundLabel('omitted', bars, rows));
}

const roomForLabel = 150; // px

function groundLabel(state, { x, width }, rows) {
  if (state === 'online' || width < roomForLabel) return null;
  return svg('text', { class: 'ground-label', x: x + width / 2, y: rows.bar + barHeight / 2 + 4 }, text(`timeline.${state}`));
}

function barItems(report, s, rows) {
  return bars(report.connections, s).map(({ x, width, connections }) => {
    const node = connections.length === 1 ? single(connections[0], x, width, s, rows) : shared(connections, x, width, rows);
    node.append(svg('rect', { class: 'outline', x: x - 1, y: rows.bar - 2, width: width + 2, height: barHeight + 4, rx: 2 }));
    return { node, x, connections };
  });
}

const capWidth = 4; // px, a third of the bar at most

// single is one connection: a pale body, and at its end a cap in full colour.
function single(connection, x, width, s, rows) {
  const kind = kindOf(connection);
  const box = { x, y: rows.bar, height: barHeight };
  const texture = textureOf(kind);
  const open = connection.end === null || ms(connection.end) > s.to;
  const begins = connection.start !== null && ms(connection.start) >= s.from;
  const cap = Math.min(capWidth, width / 3);
  return svg('g', { class: `bar kind-${kind}` },
    svg('rect', { class: 'body', ...box, width }),
    texture && svg('rect', { ...box, width, fill: texture }),
    begins && width > 2 * capWidth ? svg('rect', { class: 'edge', ...box, width: 1.5 }) : null,
    open ? null : svg('rect', { class: 'cap', ...box, x: x + width - cap, width: cap }),
    open && width > 20 ? svg('path', { class: 'onward', d: `M${x + width - 13} ${rows.bar + barHeight / 2 - 6}l6 6-6 6` }) : null,
    barLabel(connection, kindLabel(kind), x, width, s, rows));
}

const perLetter = 6.4; // px, roughly
const roomBeside = 18; // px

function barLabel(connection, label, x, width, s, rows) {
  const fits = (words) => width > words.length * perLetter + roomBeside;
  if (!fits(label)) return null;
  const length = lengthOf(connection, s.to);
  const second = length === null ? '' : duration(length);
  return [
    svg('text', { class: 'bar-label', x: x + 9, y: rows.bar + 18 }, label),
    fits(second) ? svg('text', { class: 'bar-length', x: x + 9, y: rows.bar + 34 }, second) : null,
  ];
}

// shared is several connections in one bar, cut in proportion to how they ended, in
// the order of the legend. It is too thin for patterns.
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

// markRoom is for a mark, and for how many it is of.
const markRoom = (count) => markSize + 8 + (count > 1 ? number(count).length * perLetter + 4 : 0);

// markItems are the refused logins, above the bars.
function markItems(report, s) {
  return marks(report.refusals, (one) => ms(one.time), s, markRoom).map(({ x, items }) => {
    const node = svg('g', { class: 'mark', transform: `translate(${x} ${markSize / 2 + 2})` },
      svg('path', { class: 'stem', d: `M0 ${markSize / 2}v${barHeight + 9}` }),
      svg('circle', { class: 'shield', r: markSize / 2 }),
      svg('path', { class: 'sign', d: 'm-2.6-2.6 5.2 5.2m0-5.2-5.2 5.2' }),
      items.length > 1 ? markCount(items.length, x, s) : null,
      svg('circle', { class: 'outline', r: markSize / 2 + 2 }));
    return { node, x, refusals: items };
  });
}

// markCount stands beside its mark, at the right edge before it.
function markCount(count, x, s) {
  const fits = x + markRoom(count) < s.width + side;
  return svg('text', { class: 'mark-count', 'text-anchor': fits ? 'start' : 'end', x: fits ? 10 : -10, y: 4 }, number(count));
}

function axis(report, s, rows) {
  const { step, all } = ticks(s);
  const line = (at, kind) => svg('path', { class: kind, d: `M${s.x(at)} ${rows.top - 2}V${rows.axis + 2}` });
  let shown = '';
  const lines = all.map((at) => {
    const isNew = date(at) !== shown;
    shown = date(at);
    return svg('g', {}, line(at, 'tick'),
      tickText('tick-label', clock(at, step), s.x(at), rows.axis + 14, s),
      isNew ? tickText('tick-date', shortDate(at), s.x(at), rows.axis + 28, s) : null);
  });
  return svg('g', { class: 'axis', 'aria-hidden': 'true' }, line(s.from, 'end'), line(s.to, 'end'), lines);
}

// halfOf is half the width of a label in px, rather more than less. Ideographs are wide.
const halfOf = (words) => [...words].reduce((sum, letter) => sum + (/\p{Ideographic}/u.test(letter) ? 6 : 4), 0);

// tickText is a label in the middle of its tick, but never beyond the edges of the drawing.
function tickText(kind, words, x, y, s) {
  const room = halfOf(words) - side;
  return svg('text', { class: kind, x: Math.min(Math.max(x, room), s.width - room), y }, words);
}
