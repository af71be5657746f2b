// Connections beside the events: which row is of which, and what is known of one.

import { copyButton } from './clipboard.js';
import { datum } from './datum.js';
import { el } from './dom.js';
import { evidence, evidenceText } from './evidence.js';
import { icon } from './icons.js';
import { kindLabel, kindOf, nativeOf } from './kinds.js';
import { connectionLabel, lengthOf } from './label.js';
import { pager } from './pager.js';
import { swatch } from './legend.js';
import { connectionCount } from './omitted.js';
import { number, text } from './text.js';
import { duration, ms, time } from './time.js';

const enough = 40; // characters of a channel to tell it apart

// keyOf names a connection in an address. Two may have begun in one instant.
export const keyOf = ({ start, end, channel_id: channel }) => `${start ?? end ?? 'open'} ${[...channel].slice(0, enough).join('')}`.trim();

// connectionOf is the one that a key names. Its instant is enough where that is all there is.
export const connectionOf = (connections, key) => connections.find((one) => keyOf(one) === key) ?? connections.find((one) => keyOf(one).startsWith(`${key} `));

// belongs reports whether a row is of a connection. Some sources tell less of the one end
// than of the other, and what tells no channel is known by its time.
export function belongs(row, connection) {
  const at = ms(row.time);
  if (!row.channel_id || !connection.channel_id) return row.time === (row.action === 'connect' ? connection.start : connection.end);
  return row.channel_id === connection.channel_id && at >= (ms(connection.start) ?? -Infinity) && at <= (ms(connection.end) ?? Infinity);
}

// connectionAt is the connection that ended at an instant, else the one that began, else
// the newest that was open: at a takeover the next one has begun before the end is told.
export function connectionAt(connections, at) {
  return connections.findLast((one) => ms(one.end) === at)
    ?? connections.findLast((one) => ms(one.start) === at)
    ?? connections.findLast((one) => (ms(one.start) ?? ms(one.end)) <= at && at <= (ms(one.end) ?? Infinity));
}

// panel is all that is known of the connection that is picked out.
export function panel(connection, view, { onClose, onZoom, onRows }) {
  const to = ms(view.report.to);
  const known = { ...connection, length: lengthOf(connection, to) };
  const asText = () => [...view.heading(), '', connectionLabel(connection, to), ...evidenceText(known), '', view.link()].join('\n');
  const quiet = (caption, shape, onClick) => el('button', { type: 'button', class: 'button quiet', on: { click: onClick } }, icon(shape), caption);
  return el('section', { class: 'picked-connection', 'aria-label': text('connection.title') },
    el('header', {},
      el('h3', {}, swatch(kindOf(connection)), ' ', kindLabel(kindOf(connection))),
      el('span', { class: 'spring' }),
      quiet(text('connection.rows'), 'arrow', onRows),
      connection.start ? quiet(text('connection.zoom'), 'in', onZoom) : null,
      copyButton(asText, { caption: text('copy.text') }),
      el('button', { type: 'button', class: 'button icon-only quiet', title: text('close'), 'aria-label': text('close'), on: { click: onClose } }, icon('cross'))),
    evidence(known));
}

const perPage = 50;

// connectionList is the timeline in words.
export function connectionList(view, { onPick }) {
  const { connections } = view.report;
  const label = listLabel(view.report);
  const body = el('tbody');
  const turn = pager({ label: text('connections.pages') });
  function show(page) {
    const first = page * perPage;
    body.replaceChildren(...connections.slice(first, first + perPage).map((one) => connectionRow(one, view, onPick)));
    turn.show({ page, first, last: Math.min(first + perPage, connections.length), total: number(connections.length), more: first + perPage < connections.length }, show);
  }
  const list = el('details', { class: 'connection-list' },
    el('summary', {}, icon('chevron'), label),
    el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
      el('table', { class: 'grid' },
        el('thead', {}, el('tr', {}, ['start', 'end', 'length', 'ended', 'address', 'node'].map((name) => el('th', { scope: 'col' }, text(`connections.${name}`))))),
        body)),
    turn.node);
  list.addEventListener('toggle', () => show(0), { once: true });
  return list;
}

function listLabel(report) {
  const [shown, count] = [report.connections.length, connectionCount(report)];
  return text(shown < count ? 'connections.list.some' : 'connections.list', { shown: number(shown), count: number(count) });
}

function connectionRow(connection, view, onPick) {
  const kind = kindOf(connection);
  const length = lengthOf(connection, ms(view.report.to));
  const instant = (at) => (at ? time(ms(at), view.stamp) : el('span', { class: 'quiet-text' }, text('unknown')));
  return el('tr', {},
    el('td', {}, el('button', { type: 'button', class: 'link-like', on: { click: () => onPick(connection) } }, instant(connection.start))),
    el('td', {}, connection.end_is === 'open' ? text('kind.open') : instant(connection.end)),
    el('td', { class: 'numeric' }, length === null ? text('unknown') : duration(length)),
    el('td', {}, swatch(kind), ' ', kindLabel(kind), nativeOf(connection) ? el('small', {}, datum(nativeOf(connection))) : null),
    el('td', {}, datum(connection.peer_address)),
    el('td', {}, datum(connection.node)));
}
