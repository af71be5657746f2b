// The results of a query, the most helpful ones first.

import { connectionList } from './connectionlist.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { laterEnds, legend } from './legend.js';
import { belongs, findAt, findByKey, keyOf } from './matching.js';
import { emptyNotice } from './notices.js';
import { omittedNotice } from './omitted.js';
import { panel } from './panel.js';
import { incompleteNotice, receipt } from './receipt.js';
import { around, maxLength } from './span.js';
import { statusCard } from './status.js';
import { subject } from './subject.js';
import { summaryTiles } from './summary.js';
import { table } from './table.js';
import { text } from './text.js';
import { ms } from './time.js';
import { timeline } from './timeline.js';
import { headline, quietHeadline, verdictList } from './verdicts.js';
import { wordLegend } from './words.js';

// results returns { node, pick }: the element to show, and a function that selects the connection
// with a given key. actions holds the page's callbacks.
export function results(view, actions) {
  const { nodes, pick } = view.isEmpty() ? emptyResults(view, actions) : fullResults(view, actions);
  return {
    node: el('div', { class: 'results' },
      subject(view, actions),
      view.isIncomplete() ? incompleteNotice(view.rows.unreadable) : null,
      omittedNotice(view.report),
      nodes,
      receipt(view.receipts())),
    pick,
  };
}

// emptyResults returns the results for a span that contains nothing to draw. The results may
// include a verdict that explains why the span is empty.
function emptyResults(view, actions) {
  const [first, ...others] = view.report.verdicts.filter(({ level }) => level !== 'info');
  const empty = emptyNotice(view, actions);
  const nodes = [
    el('div', { class: 'top' }, first ? headline(first, view, {}) : empty, statusCard(view, actions)),
    first ? empty : null,
    others.length ? verdictList(others, view, {}) : null,
  ];
  return { nodes, pick: () => {} };
}

function fullResults(view, actions) {
  const { connections, verdicts } = view.report;
  const slot = el('div');
  const line = timeline(view.report, view.query.at, { onPick: pick, onZoom: actions.onSpan, onTime: showTime });
  const events = table(view, { ...actions, onRow: (row) => mark(connections.find((one) => belongs(row, one))) });

  // mark highlights a connection in the timeline and the table, and adds it to the URL.
  function mark(connection) {
    slot.replaceChildren();
    line.select(connection ? keyOf(connection) : '');
    events.mark((row) => Boolean(connection) && belongs(row, connection));
    actions.onPick(connection ? keyOf(connection) : '');
  }

  // pick marks a connection and shows everything known about it. pick(null) clears the selection.
  function pick(connection) {
    mark(connection);
    if (!connection) return;
    const findRows = (scroll) => actions.whileBusy(events.find((row) => belongs(row, connection), { scroll }));
    slot.replaceChildren(panel(connection, view, {
      onClose: () => pick(null),
      onZoom: () => actions.onSpan(around(ms(connection.start), ms(connection.end) ?? ms(view.report.to))),
      onRows: () => findRows(true),
    }));
    findRows(false);
  }

  // showTime scrolls to the row of the event with the given time, and marks the event's connection.
  function showTime(at) {
    mark(findAt(connections, at));
    actions.whileBusy(events.find((row) => ms(row.time) === at, { scroll: true }));
  }

  const [first, ...others] = verdicts;
  const nodes = [
    el('div', { class: 'top' }, first ? headline(first, view, { onTime: showTime }) : quietHeadline(), statusCard(view, actions)),
    timelineCard(view, actions, [line.node, legend(view.report, (info) => actions.onFilter({ info })), laterEnds(view.report), slot, connectionList(view, { onPick: pick })]),
    summaryTiles(view.report),
    others.length ? verdictList(others, view, { onTime: showTime }) : null,
    events.node,
    wordLegend(),
  ];
  return { nodes, pick: (key) => pick(findByKey(connections, key)) };
}

function timelineCard({ query }, { onMove, onWider }, content) {
  return el('section', { class: 'card timeline-card', 'aria-labelledby': 'timeline-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'timeline-title', class: 'section-title' }, text('timeline.title')),
      el('small', { class: 'quiet-text wide' }, text('timeline.hint')),
      el('span', { class: 'spring' }),
      timelineButton('earlier', 'earlier', false, () => onMove(-1)),
      timelineButton('wider', 'out', query.to - query.from >= maxLength - 1, onWider),
      timelineButton('later', 'later', query.to >= Date.now(), () => onMove(1))),
    content);
}

function timelineButton(name, shape, disabled, onClick) {
  const caption = text(`timeline.${name}`);
  return el('button', { id: `timeline-${name}`, type: 'button', class: 'button quiet', title: caption, 'aria-label': caption, disabled, on: { click: onClick } },
    icon(shape), el('span', { class: 'wide' }, caption));
}
