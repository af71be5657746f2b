// The rows of the table of events, on the page and in a report.

import { copyButton } from './clipboard.js';
import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { evidence, evidenceText } from './evidence.js';
import { icon } from './icons.js';
import { kindOfWord, nativeOf } from './kinds.js';
import { text } from './text.js';
import { iso, ms, time, zoneName } from './time.js';
import { actionMeaning, infoLabel, infoMeaning } from './vocabulary.js';

export const columns = ['channel', 'action', 'info', 'time'];

// eventRow returns a table row for an event. When the user opens the row, it shows all facts about
// the event and calls onOpen. When the user asks for the status at the time of the event, eventRow
// calls onAt with this time.
export function eventRow(row, view, { onOpen, onAt }) {
  const label = text('row.open', { action: row.action, info: infoLabel(row), time: iso(ms(row.time)) });
  const toggle = el('button', { type: 'button', class: 'disclose', 'aria-expanded': 'false', 'aria-label': label }, icon('chevron'));
  const line = el('tr', { role: 'row', class: `event kind-${kindOfWord(row.action_info)}` },
    cell('channel', el('div', { class: 'line' }, toggle, channel(row))), cells(row, view));
  let opened = null;
  function turn() {
    const opens = opened === null;
    if (opens) line.after(opened = details(row, view, onAt));
    else opened = opened.remove() ?? null;
    toggle.setAttribute('aria-expanded', opens);
    line.classList.toggle('opened', opens);
    if (opens) onOpen(row);
  }
  line.addEventListener('click', (event) => {
    const control = event.target.closest('button');
    if (control ? control === toggle : getSelection().isCollapsed) turn();
  });
  return line;
}

function channel(row) {
  if (!row.channel_id) return el('span', { class: 'quiet-text' }, '–');
  return [datum(row.channel_id, { limit: 64, kind: 'mono' }), copyButton(() => row.channel_id, { label: text('copy.channel') })];
}

// cells returns the cells of a row, except the channel cell.
function cells(row, view) {
  const native = nativeOf(row);
  return [
    cell('action', el('span', { class: `action action-${row.action}`, title: actionMeaning(row.action) }, datum(row.action))),
    cell('info',
      el('span', { class: 'dot', 'aria-hidden': 'true' }),
      el('span', { class: 'info', title: infoMeaning(row.action_info) }, datum(infoLabel(row))),
      native ? [' ', el('small', { class: 'native' }, datum(native))] : null),
    cell('time',
      time(ms(row.time), view.stamp),
      row.time_origin === 'received' ? el('small', { class: 'badge', title: text('origin.received') }, text('row.received')) : null),
  ];
}

function cell(name, ...children) {
  return el('td', { role: 'cell', class: `col-${name}` }, children);
}

function details(row, view, onAt) {
  return el('tr', { role: 'row', class: 'details' }, el('td', { role: 'cell', colspan: columns.length },
    evidence({ ...row, time: null }),
    el('div', { class: 'foot' },
      copyButton(() => ticketOf(row, view), { caption: text('copy.text') }),
      copyButton(() => JSON.stringify(row, null, 2), { caption: text('copy.json') }),
      el('button', { type: 'button', class: 'button quiet', on: { click: () => onAt(ms(row.time)) } }, icon('clock'), text('row.status')))));
}

function ticketOf(row, view) {
  return view.ticket(`${iso(ms(row.time))} ${plain(row.action)} ${plain(infoLabel(row))}`, ...evidenceText({ ...row, time: null }));
}

// plainTable returns a table for a report. For each of the given rows, the table shows all facts
// about the event.
export function plainTable(rows, view) {
  return el('table', { class: 'trace plain' },
    el('thead', {}, el('tr', {}, columns.map((name) => plainHead(name, view)), el('th', { scope: 'col' }, text('report.more')))),
    el('tbody', {}, rows.map((row) => plainRow(row, view))));
}

function plainHead(name, { query }) {
  return el('th', { scope: 'col' }, text(`column.${name}`), name === 'time' ? el('small', {}, ` ${zoneName(query.from, query.to)}`) : null);
}

function plainRow(row, view) {
  const rest = evidenceText({ ...row, time: null, channel_id: '', action: '', action_info: null, native_reason: '' }).join('; ');
  return el('tr', { class: `event kind-${kindOfWord(row.action_info)}` },
    el('td', {}, datum(row.channel_id, { kind: 'mono' })), cells(row, view),
    el('td', { class: 'more-facts' }, datum(rest, { limit: 600 })));
}
