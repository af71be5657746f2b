// The drops and refused logins of a fleet over time: an interactive chart, its legend, and the same
// figures as a table.

import { columnsOf, tallyDrops } from './columns.js';
import { drawChart } from './drawchart.js';
import { el } from './dom.js';
import { figure } from './figure.js';
import { stepLengths } from './fleetspan.js';
import { icon } from './icons.js';
import { kindLabel } from './kinds.js';
import { refusedSwatch, solidSwatch } from './legend.js';
import { pager } from './pager.js';
import { number, text } from './text.js';
import { clock, minute, minuteStamp, time } from './time.js';

// chart returns { node, select, redraw, focus }; for redraw and focus, see figure. select marks an
// instant, or nothing if it gets null. chart calls onPick with a column or null, onZoom with a
// span, and onZoomAt with a direction (1 zooms in, -1 zooms out) and an instant.
export function chart(fleet, { onPick, onZoom, onZoomAt }) {
  const stepLength = stepLengths[fleet.answer.step];
  let marked = null;
  const middle = ({ from, to }) => (from + to) / 2;
  const drawing = figure({
    label: text('chart.label'),
    draw: (width) => drawChart(fleet, stepLength, width),
    labelOf: columnLabel,
    isPicked: ({ from, to }) => marked !== null && from <= marked && marked < to,
    onItem: onPick,
    onSpan: ({ from, to }, scale) => onZoom({ from: Math.max(from, scale.from), to: Math.min(to, scale.to) }),
    onEscape: () => onPick(null),
    keys: { '+': (item) => onZoomAt(1, middle(item)), '=': (item) => onZoomAt(1, middle(item)), '-': (item) => onZoomAt(-1, middle(item)) },
  });
  return {
    node: drawing.node,
    redraw: drawing.redraw,
    focus: drawing.focus,
    select(at) {
      marked = at;
      drawing.mark();
    },
  };
}

const timesOf = ({ from, to }) => (to - from === minute ? minuteStamp(from) : `${minuteStamp(from)} – ${clock(to, minute)}`);

function columnLabel(column) {
  const reasons = column.kinds.map(([kind, count]) => `${kindLabel(kind)} × ${number(count)}`).join(', ');
  return [
    timesOf(column),
    text(column.drops === 1 ? 'days.drop' : 'days.drops', { count: number(column.drops) }) + (reasons && `: ${reasons}`),
    column.refusals ? text('days.refusals', { count: number(column.refusals) }) : null,
    column.connects ? text('chart.connects', { count: number(column.connects) }) : null,
  ].filter(Boolean).join(' · ');
}

// chartLegend lists the kinds of drop in the span and the refused logins, with their numbers.
export function chartLegend({ answer: { reasons, totals } }) {
  const entry = (shape, label, count) => el('li', {}, el('span', { class: 'entry' }, shape, el('span', {}, label), el('span', { class: 'count' }, number(count))));
  return el('ul', { class: 'legend', 'aria-label': text('chart.legend') },
    tallyDrops(reasons.filter((one) => one.kind === 'drop')).map(([kind, count]) => entry(solidSwatch(kind), kindLabel(kind), count)),
    totals.refusals ? entry(refusedSwatch(), text('legend.refusals'), totals.refusals) : null);
}

const perPage = 50;
const columns = ['time', 'drops', 'reasons', 'refusals', 'connects', 'disconnects'];

// chartTable returns the figures of the chart as a collapsed table, without the steps in which
// nothing happened. The rows are created when the user first opens the table. A click on a time
// calls onPick with the row's column.
export function chartTable({ answer }, { onPick }) {
  const rows = columnsOf(answer.steps, stepLengths[answer.step], 1).filter((one) => one.drops + one.refusals + one.connects + one.disconnects > 0);
  const body = el('tbody');
  const pages = pager({ label: text('chart.pages') });
  function show(page) {
    const first = page * perPage;
    const last = Math.min(first + perPage, rows.length);
    body.replaceChildren(...rows.slice(first, last).map((one) => tableRow(one, onPick)));
    pages.show({ page, first, last, total: number(rows.length), more: last < rows.length }, show);
  }
  const label = text('chart.table');
  const node = el('details', { class: 'connection-list chart-table' },
    el('summary', {}, icon('chevron'), label),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
      el('table', { class: 'grid' }, el('thead', {}, el('tr', {}, columns.map((name) => el('th', { scope: 'col' }, text(`chart.column.${name}`))))), body)),
    pages.node);
  node.addEventListener('toggle', () => show(0), { once: true });
  return node;
}

function tableRow(column, onPick) {
  const when = time(column.from, minuteStamp);
  const count = (value) => el('td', { class: 'numeric' }, number(value));
  return el('tr', {},
    el('td', {}, column.drops + column.refusals ? el('button', { type: 'button', class: 'link-like', on: { click: () => onPick(column) } }, when) : when),
    count(column.drops),
    el('td', {}, column.kinds.map(([kind, n]) => `${kindLabel(kind)} × ${number(n)}`).join(', ')),
    count(column.refusals), count(column.connects), count(column.disconnects));
}
