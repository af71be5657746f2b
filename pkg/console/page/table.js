// The events in the columns and words of ApsaraMQ's Device Trace Query.

import { actions, infos } from './address.js';
import { copyButton } from './clipboard.js';
import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { evidence, evidenceText } from './evidence.js';
import { icon } from './icons.js';
import { kindOfWord, nativeOf } from './kinds.js';
import { pager } from './pager.js';
import { number, text } from './text.js';
import { iso, ms, time, zoneName } from './time.js';

const perPage = 100;
const columns = ['channel', 'action', 'info', 'time'];

// table makes { node, mark, find }. onFilter gets a change of the query, onRow a row
// that was opened, onProblem what went wrong while rows were fetched.
export function table(view, { onFilter, onRow, onProblem }) {
  const body = el('tbody', { role: 'rowgroup' });
  const empty = el('p', { class: 'empty', hidden: true });
  const turn = pager({ label: text('table.pages') });
  const count = el('span', { class: 'count' });
  let marked = () => false;
  let page = 0;
  let shown = []; // { row, line }

  async function show(next) {
    try {
      await view.rows.until((next + 1) * perPage);
    } catch (problem) {
      if (problem.name !== 'AbortError') onProblem(problem); // else something else was asked for
      return;
    }
    page = next;
    draw();
  }

  function draw() {
    const { list, done } = view.rows;
    const first = page * perPage;
    const last = Math.min(first + perPage, list.length);
    shown = list.slice(first, last).map((row) => ({ row, line: eventRow(row, view, onRow) }));
    body.replaceChildren(...shown.map(({ line }) => line));
    remark();
    count.textContent = number(list.length) + (done ? '' : '+');
    turn.show({ page, first, last, total: count.textContent, more: !done || last < list.length }, show);
    empty.hidden = list.length > 0;
    empty.textContent = text(view.query.action || view.query.info ? 'table.empty.filter' : 'table.empty');
  }

  function remark() {
    for (const { row, line } of shown) line.classList.toggle('picked', marked(row));
  }

  const node = el('section', { class: 'card events', 'aria-labelledby': 'events-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'events-title', class: 'section-title' }, text('table.title'), ' ', count),
      el('span', { class: 'spring' }),
      filter('action', actions, view.query.action, (action) => onFilter({ action })),
      filter('info', infos, view.query.info, (info) => onFilter({ info }))),
    el('table', { class: 'trace', role: 'table', 'aria-labelledby': 'events-title' },
      head(view, () => onFilter({ order: view.query.order === 'desc' ? 'asc' : 'desc' })),
      body),
    empty, turn.node);
  draw();
  return {
    node,
    // mark marks the rows that pass.
    mark(passes) {
      marked = passes;
      remark();
    },
    // find turns to the first row that passes, and tells whether there is one.
    async find(passes, { scroll }) {
      const at = await view.rows.find(passes);
      if (at < 0) return false;
      if (Math.floor(at / perPage) !== page) await show(Math.floor(at / perPage));
      if (scroll) shown[at % perPage].line.scrollIntoView({ block: 'center' });
      return true;
    },
  };
}

function filter(name, values, value, onChange) {
  const select = el('select', { id: `filter-${name}` },
    el('option', { value: '' }, text(`filter.${name}.all`)),
    values.map((one) => el('option', { value: one, selected: one === value }, one)));
  select.addEventListener('change', () => onChange(select.value));
  return el('label', { class: `filter${value ? ' on' : ''}` }, el('span', { class: 'visually-hidden' }, text(`column.${name}`)), select);
}

function head(view, onOrder) {
  const newest = view.query.order === 'desc';
  const order = el('button', { id: 'order', type: 'button', class: 'order', title: text(newest ? 'table.oldest' : 'table.newest'), on: { click: onOrder } },
    text('column.time'), el('span', { class: newest ? 'sort down' : 'sort up', 'aria-hidden': 'true' }), el('small', {}, zoneName(view.query.from, view.query.to)));
  return el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, columns.map((name) => (name === 'time'
    ? el('th', { role: 'columnheader', scope: 'col', class: 'col-time', 'aria-sort': newest ? 'descending' : 'ascending' }, order)
    : el('th', { role: 'columnheader', scope: 'col', class: `col-${name}` }, text(`column.${name}`))))));
}

// eventRow is the row of an event. Once it is opened, its evidence follows it.
function eventRow(row, view, onRow) {
  const toggle = el('button', { type: 'button', class: 'disclose', 'aria-expanded': 'false', 'aria-label': text('row.open', { action: row.action, info: row.action_info, time: iso(ms(row.time)) }) }, icon('chevron'));
  const channel = row.channel_id
    ? [datum(row.channel_id, { limit: 64, kind: 'mono' }), copyButton(() => row.channel_id, { label: text('copy.channel') })]
    : el('span', { class: 'quiet-text' }, '–');
  const line = el('tr', { role: 'row', class: `event kind-${kindOfWord(row.action_info)}` }, cell('channel', el('div', { class: 'line' }, toggle, channel)), cells(row, view));
  let more = null;
  function turn() {
    const opens = more === null;
    if (opens) line.after(more = details(row, view));
    else more = more.remove() ?? null;
    toggle.setAttribute('aria-expanded', opens);
    line.classList.toggle('opened', opens);
    if (opens) onRow(row);
  }
  line.addEventListener('click', (event) => {
    const control = event.target.closest('button');
    if (control ? control === toggle : getSelection().isCollapsed) turn();
  });
  return line;
}

function cells(row, view) {
  return [
    cell('action', el('span', { class: `action action-${row.action}` }, datum(row.action))),
    cell('info', el('span', { class: 'dot', 'aria-hidden': 'true' }), el('span', { class: 'info', title: text(`info.${row.action_info}`) }, datum(row.action_info)), nativeOf(row) ? [' ', el('small', { class: 'native' }, datum(nativeOf(row)))] : null),
    cell('time', time(ms(row.time), view.stamp), row.time_origin === 'received' ? el('small', { class: 'badge', title: text('origin.received') }, text('row.received')) : null),
  ];
}

function cell(name, ...children) {
  return el('td', { role: 'cell', class: `col-${name}`, 'data-label': text(`column.${name}`) }, children);
}

function details(row, view) {
  return el('tr', { role: 'row', class: 'details' }, el('td', { role: 'cell', colspan: columns.length },
    evidence({ ...row, time: null }),
    el('div', { class: 'foot' },
      copyButton(() => ticketOf(row, view), { caption: text('copy.text') }),
      copyButton(() => JSON.stringify(row, null, 2), { caption: text('copy.json') }))));
}

// ticketOf is a row as plain text, with what a reader elsewhere needs.
function ticketOf(row, view) {
  return [...view.heading(), '', `${iso(ms(row.time))} ${plain(row.action)} ${plain(row.action_info)}`, ...evidenceText({ ...row, time: null }), '', view.link()].join('\n');
}

// plainTable is all rows with their evidence, for a report.
export function plainTable(rows, view) {
  const { from, to } = view.query;
  return el('table', { class: 'trace plain' },
    el('thead', {}, el('tr', {}, columns.map((name) => el('th', { scope: 'col' }, text(`column.${name}`), name === 'time' ? el('small', {}, ` ${zoneName(from, to)}`) : null)), el('th', { scope: 'col' }, text('report.more')))),
    el('tbody', {}, rows.map((row) => el('tr', { class: `event kind-${kindOfWord(row.action_info)}` },
      el('td', {}, datum(row.channel_id, { kind: 'mono' })), ...cells(row, view),
      el('td', { class: 'more-facts' }, datum(evidenceText({ ...row, time: null, channel_id: '', action_info: '', native_reason: '' }).join('; '), { limit: 600 }))))));
}
