// A table of the connections in the timeline.

import { datum } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { kindLabel, kindOf, laterNote, nativeOf } from './kinds.js';
import { lengthOf } from './label.js';
import { swatch } from './legend.js';
import { connectionCount } from './omitted.js';
import { pager } from './pager.js';
import { number, text } from './text.js';
import { duration, ms, time } from './time.js';

const perPage = 50;
const columns = ['start', 'end', 'length', 'ended', 'address', 'node'];

// connectionList returns a collapsed table, or null if there are no connections. The rows are created
// when the user first opens the table.
export function connectionList(view, { onPick }) {
  const { connections } = view.report;
  if (!connections.length) return null;
  const label = listLabel(view.report);
  const body = el('tbody');
  const pages = pager({ label: text('connections.pages') });
  function show(page) {
    const first = page * perPage;
    const last = Math.min(first + perPage, connections.length);
    body.replaceChildren(...connections.slice(first, last).map((one) => connectionRow(one, view, onPick)));
    pages.show({ page, first, last, total: number(connections.length), more: last < connections.length }, show);
  }
  const list = el('details', { class: 'connection-list' },
    el('summary', {}, icon('chevron'), label),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
      el('table', { class: 'grid' }, el('thead', {}, el('tr', {}, columns.map(columnHead))), body)),
    pages.node);
  list.addEventListener('toggle', () => show(0), { once: true });
  return list;
}

const columnHead = (name) => el('th', { scope: 'col' }, text(`connections.${name}`));

function listLabel(report) {
  const [shown, count] = [report.connections.length, connectionCount(report)];
  return text(shown < count ? 'connections.list.some' : 'connections.list', { shown: number(shown), count: number(count) });
}

function connectionRow(connection, view, onPick) {
  const kind = kindOf(connection);
  const native = nativeOf(connection);
  const length = lengthOf(connection, ms(view.report.to));
  const instant = (at) => (at ? time(ms(at), view.stamp) : el('span', { class: 'quiet-text' }, text('unknown')));
  return el('tr', {},
    el('td', {}, el('button', { type: 'button', class: 'link-like', on: { click: () => onPick(connection) } }, instant(connection.start))),
    el('td', {}, connection.end_is === 'open' ? kindLabel('open', view.report) : instant(connection.end)),
    el('td', { class: 'numeric' }, length === null ? text('unknown') : duration(length)),
    el('td', {}, swatch(kind), ' ', kindLabel(kind, view.report), [native && datum(native), laterNote(connection)].filter(Boolean).map((note) => el('small', {}, note))),
    el('td', {}, datum(connection.peer_address)),
    el('td', {}, datum(connection.node)));
}
