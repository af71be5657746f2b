// All that is shown of an answer, in the order in which it helps.

import { copyButton } from './clipboard.js';
import { belongs, connectionAt, connectionList, connectionOf, keyOf, panel } from './connections.js';
import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { icon } from './icons.js';
import { legend } from './legend.js';
import { nothing } from './notices.js';
import { omitted } from './omitted.js';
import { incomplete, receipt } from './receipt.js';
import { around, leftOut, longest } from './span.js';
import { status } from './status.js';
import { summary } from './summary.js';
import { table } from './table.js';
import { text } from './text.js';
import { duration, ms, spanText, zoneName } from './time.js';
import { timeline } from './timeline.js';
import { headline, quietHeadline, verdictList } from './verdicts.js';

// results makes { node, pick }. actions are what the page can do about it.
export function results(view, actions) {
  const parts = view.isEmpty() ? emptyParts(view, actions) : fullParts(view, actions);
  return {
    node: el('div', { class: 'results' }, subject(view, actions), view.isIncomplete() ? incomplete(view.rows.unreadable) : null, omitted(view.report), parts.nodes, receipt(view.receipts())),
    pick: parts.pick,
  };
}

// emptyParts are for a span without anything to draw. A verdict may still say why.
function emptyParts(view, actions) {
  const [first, ...others] = view.report.verdicts.filter(({ level }) => level !== 'info');
  const empty = nothing(view, actions);
  const nodes = [
    el('div', { class: 'top' }, first ? headline(first, view, {}) : empty, status(view.status)),
    first ? empty : null,
    others.length ? verdictList(others, view, {}) : null,
  ];
  return { nodes, pick: () => {} };
}

function fullParts(view, actions) {
  const { connections, verdicts } = view.report;
  const slot = el('div');
  const line = timeline(view.report, { onPick: pick, onZoom: actions.onSpan, onTime: showTime });
  const events = table(view, { ...actions, onRow: (row) => mark(connections.find((one) => belongs(row, one))) });

  // mark shows which connection it is in the timeline, the table and the address.
  function mark(connection) {
    slot.replaceChildren();
    line.select(connection ? keyOf(connection) : '');
    events.mark((row) => Boolean(connection) && belongs(row, connection));
    actions.onPick(connection ? keyOf(connection) : '');
  }

  // pick shows all that is known of a connection, too.
  function pick(connection) {
    mark(connection);
    if (!connection) return;
    const rows = (scroll) => actions.during(events.find((row) => belongs(row, connection), { scroll }));
    slot.replaceChildren(panel(connection, view, { onClose: () => pick(null), onZoom: () => actions.onSpan(around(ms(connection.start), ms(connection.end) ?? ms(view.report.to))), onRows: () => rows(true) }));
    rows(false);
  }

  // showTime shows the row of an instant.
  function showTime(at) {
    mark(connectionAt(connections, at));
    actions.during(events.find((row) => ms(row.time) === at, { scroll: true }));
  }

  const [first, ...others] = verdicts;
  const nodes = [
    el('div', { class: 'top' }, first ? headline(first, view, { onTime: showTime }) : quietHeadline(), status(view.status)),
    timelineCard(view, actions, [line.node, legend(view.report, (info) => actions.onFilter({ info })), slot, connectionList(view, { onPick: pick })]),
    summary(view.report),
    others.length ? verdictList(others, view, { onTime: showTime }) : null,
    events.node,
  ];
  return { nodes, pick: (key) => pick(connectionOf(connections, key)) };
}

// subject says what is shown: the device, the instance, the span and its zone.
function subject(view, actions) {
  const { query } = view;
  return el('header', { class: 'subject' },
    el('div', { class: 'who' },
      el('h1', {}, datum(query.client, { kind: 'mono' }), copyButton(() => query.client, { label: text('copy.client') })),
      el('p', {}, text('subject.instance'), ' ', datum(query.instance, { kind: 'mono' }), ' ', el('span', { class: 'between' }, '·'), ' ',
        spanText(query.from, query.to).split(/(?<= –) /).flatMap((part) => [unbroken(part), ' ']), el('span', { class: 'quiet-text' }, zoneName(query.from, query.to), ', ', unbroken(duration(query.to - query.from + 1)))),
      cutDay(query)),
    el('div', { class: 'exports', role: 'group', 'aria-label': text('export.label') },
      copyButton(() => view.link(), { caption: text('copy.link') }),
      ['csv', 'ndjson', 'html'].map((format) => el('button', { type: 'button', class: 'button quiet', title: exportTitle(format, view), on: { click: (event) => actions.onExport(format, event.currentTarget) } }, icon('down'), text(`export.${format}`)))));
}

// exportTitle says which events a file holds: those that the filter lets pass.
function exportTitle(format, view) {
  const filter = view.filter();
  return filter ? text('export.filtered', { format: text(`export.${format}`), filter }) : text(`export.${format}.title`);
}

// cutDay says so where a day is longer than what can be asked for at once.
export function cutDay(query) {
  const rest = leftOut(query);
  return rest ? el('p', { class: 'quiet-text' }, text('subject.cut', { rest: duration(rest) })) : null;
}

function timelineCard({ query }, { onMove, onWider }, content) {
  const button = (name, shape, disabled, onClick) => el('button', { id: `timeline-${name}`, type: 'button', class: 'button quiet', title: text(`timeline.${name}`), 'aria-label': text(`timeline.${name}`), disabled, on: { click: onClick } }, icon(shape), el('span', { class: 'wide' }, text(`timeline.${name}`)));
  return el('section', { class: 'card timeline-card', 'aria-labelledby': 'timeline-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'timeline-title', class: 'section-title' }, text('timeline.title')),
      el('small', { class: 'quiet-text wide' }, text('timeline.hint')),
      el('span', { class: 'spring' }),
      button('earlier', 'earlier', false, () => onMove(-1)),
      button('wider', 'out', query.to - query.from >= longest - 1, onWider),
      button('later', 'later', query.to >= Date.now(), () => onMove(1))),
    content);
}
