// The table of events, with the same columns and terms as ApsaraMQ's Device Trace Query.

import { el } from './dom.js';
import { columns, eventRow } from './eventrow.js';
import { pager } from './pager.js';
import { number, text } from './text.js';
import { zoneName } from './time.js';
import { actions, filterLabel, infoFilters } from './vocabulary.js';

const perPage = 100;

// table returns { node, mark, find, onRow }. It calls onFilter with a change to the query, and onAt
// with the time of an event. If events cannot be fetched, it calls onError with the error.
export function table(view, { onFilter, onAt, onError }) {
  const body = el('tbody', { role: 'rowgroup' });
  const empty = el('p', { class: 'empty', hidden: true });
  const pages = pager({ label: text('table.pages') });
  const count = el('span', { class: 'count' });
  let isMarked = () => false;
  let onOpen = () => {};
  let current = 0; // the index of the page that is shown; 0 is the first page
  let shown = []; // { row, line }: the events on this page and their elements

  async function turnTo(page) {
    try {
      await view.rows.fetchUntil((page + 1) * perPage);
    } catch (error) {
      if (error.name !== 'AbortError') onError(error);
      return;
    }
    current = page;
    draw();
  }

  function draw() {
    const { list, done } = view.rows;
    const first = current * perPage;
    const last = Math.min(first + perPage, list.length);
    shown = list.slice(first, last).map((row) => ({ row, line: eventRow(row, view, { onOpen: (opened) => onOpen(opened), onAt }) }));
    body.replaceChildren(...shown.map(({ line }) => line));
    markShown();
    const total = number(list.length) + (done ? '' : '+');
    count.textContent = list.length ? total : '';
    pages.show({ page: current, first, last, total, more: !done || last < list.length }, turnTo);
    empty.hidden = list.length > 0;
    empty.textContent = text(view.filter() ? 'table.empty.filter' : 'table.empty');
  }

  function markShown() {
    for (const { row, line } of shown) line.classList.toggle('picked', isMarked(row));
  }

  const node = el('section', { class: 'card events', 'aria-labelledby': 'events-title' },
    toolbar(view, count, onFilter),
    el('table', { class: 'trace', role: 'table', 'aria-labelledby': 'events-title' }, head(view, onFilter), body),
    empty, pages.node);
  draw();
  return {
    node,
    // onRow sets the function that is called with the event whose row the user opened.
    onRow(listener) {
      onOpen = listener;
    },
    // mark highlights the rows of the matching events.
    mark(matches) {
      isMarked = matches;
      markShown();
    },
    // find turns to the page with the first matching event, and scrolls to the event if scroll is
    // true. It reports whether any event matches.
    async find(matches, { scroll }) {
      const at = await view.rows.findIndex(matches);
      if (at < 0) return false;
      if (Math.floor(at / perPage) !== current) await turnTo(Math.floor(at / perPage));
      if (scroll) shown[at % perPage].line.scrollIntoView({ block: 'center' });
      return true;
    },
  };
}

function toolbar({ query }, count, onFilter) {
  return el('header', { class: 'toolbar' },
    el('h2', { id: 'events-title', class: 'section-title' }, text('table.title'), ' ', count),
    el('span', { class: 'spring' }),
    filter('action', actions, query.action, (action) => action, (action) => onFilter({ action })),
    filter('info', infoFilters, query.info, filterLabel, (info) => onFilter({ info })));
}

function filter(name, values, value, labelOf, onChange) {
  const select = el('select', { id: `filter-${name}` },
    el('option', { value: '' }, text(`filter.${name}.all`)),
    values.map((one) => el('option', { value: one, selected: one === value }, labelOf(one))));
  select.addEventListener('change', () => onChange(select.value));
  return el('label', { class: `filter${value ? ' on' : ''}` }, el('span', { class: 'visually-hidden' }, text(`column.${name}`)), select);
}

function head({ query }, onFilter) {
  const newestFirst = query.order === 'desc';
  const onClick = () => onFilter({ order: newestFirst ? 'asc' : 'desc' });
  const order = el('button', { id: 'order', type: 'button', class: 'order', title: text(newestFirst ? 'table.oldest' : 'table.newest'), on: { click: onClick } },
    text('column.time'),
    el('span', { class: newestFirst ? 'sort down' : 'sort up', 'aria-hidden': 'true' }),
    el('small', {}, zoneName(query.from, query.to)));
  return el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, columns.map((name) => (name === 'time'
    ? el('th', { role: 'columnheader', scope: 'col', class: 'col-time', 'aria-sort': newestFirst ? 'descending' : 'ascending' }, order)
    : el('th', { role: 'columnheader', scope: 'col', class: `col-${name}` }, text(`column.${name}`))))));
}
