// The results of a query, the most helpful ones first.

import { connectionList } from './connectionlist.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { laterEnds, legend } from './legend.js';
import { belongs, findAt, findByKey, keyOf } from './matching.js';
import { emptyNotice } from './notices.js';
import { cutNotice, omittedNotice } from './omitted.js';
import { panel } from './panel.js';
import { incompleteNotice, receipt } from './receipt.js';
import { dropOf, refusalOf } from './scopeline.js';
import { around, maxLength } from './span.js';
import { statusCard } from './status.js';
import { strip } from './strip.js';
import { subject } from './subject.js';
import { summaryTiles } from './summary.js';
import { table } from './table.js';
import { text } from './text.js';
import { ms } from './time.js';
import { timeline } from './timeline.js';
import { headline, quietHeadline, verdictList } from './verdicts.js';
import { wordLegend } from './words.js';

// results returns { node, pick, update }: the element to show, a function that selects the
// connection with a given key, and a function that shows the view's report again after it was
// replaced. actions holds the page's callbacks.
export function results(view, actions) {
  const parts = { heading: slot(), findings: slot(), rows: slot(), cost: slot() };
  let shown = null;

  function draw() {
    view.unwatch();
    shown = view.isEmpty() ? emptyResults(view, actions) : fullResults(view, actions, shown?.events);
    parts.heading.replaceChildren(...present(subject(view, actions), view.isIncomplete() && incompleteNotice(view.rows.unreadable), cutNotice(view.report), omittedNotice(view.report)));
    parts.findings.replaceChildren(...present(...shown.nodes));
    if (shown.events && !parts.rows.hasChildNodes()) parts.rows.append(shown.events.node, wordLegend());
    shown.line?.redraw();
    for (const one of [view.days, view.scope, view.near]) one.watch(() => parts.cost.replaceChildren(receipt(view.receipts())));
  }

  draw();
  return {
    node: el('div', { class: 'results' }, Object.values(parts)),
    pick: (key) => shown.pick(key),
    update() {
      const picked = shown.picked();
      draw();
      shown.restore(picked);
    },
  };
}

// slot returns an element that groups elements without being visible itself.
const slot = () => el('div', { class: 'slot' });

const present = (...nodes) => nodes.filter(Boolean);

// emptyResults returns the results for a span without connections, refusals and events. The results
// may include a verdict that explains why the span is empty.
function emptyResults(view, actions) {
  const [first, ...others] = view.headlines();
  const empty = emptyNotice(view, actions);
  const nodes = [
    el('div', { class: 'top' }, first ? headline(first, view, actions) : empty, statusCard(view, actions)),
    first ? empty : null,
    ...(view.isAbsent() ? [] : emptyDays(view, actions)),
    others.length ? verdictList(others, view, {}) : null,
  ];
  return { nodes, pick: () => {}, picked: () => null, restore: () => {} };
}

// emptyDays returns the days and the timeline of a span without events. The timeline shows the
// state, and has the buttons for earlier and later spans.
function emptyDays(view, actions) {
  const line = timeline(view.report, view.query.at, { onPick: () => {}, onZoom: actions.onSpan, onTime: () => {} });
  return [strip(view.days, actions), timelineCard(view, actions, [line.node, legend(view.report)])];
}

// fullResults returns the results for a span that contains something to draw. known is the table of
// the view's events if it is already on the page.
function fullResults(view, actions, known) {
  const { report, query } = view;
  const { connections } = report;
  const panelSlot = el('div', { tabindex: -1 });
  const line = timeline(report, query.at, { onPick: pick, onZoom: actions.onSpan, onTime: showTime });
  const events = known ?? table(view, actions);
  events.onRow((row) => mark(connections.find((one) => belongs(row, one)), refusalAt(row.time)));
  let marked = null;

  const refusalAt = (instant) => report.refusals.find((one) => one.time === instant);

  // mark highlights a connection, and chooses the drop or the refused login whose scope is shown.
  function mark(connection, refusal) {
    highlight(connection);
    actions.onChoose(refusal ? refusalOf(refusal) : dropOf(connection));
  }

  // highlight highlights a connection in the timeline and the table, and adds it to the URL.
  function highlight(connection) {
    marked = connection ?? null;
    panelSlot.replaceChildren();
    line.select(connection ? keyOf(connection) : '');
    events.mark((row) => Boolean(connection) && belongs(row, connection));
    actions.onPick(connection ? keyOf(connection) : '');
  }

  // pick marks a connection and shows everything known about it. pick(null) clears the selection.
  function pick(connection) {
    showPanel(connection);
    actions.onChoose(dropOf(connection));
    if (connection) findRows(connection, false);
  }

  function showPanel(connection) {
    highlight(connection);
    if (!connection) return;
    panelSlot.replaceChildren(panel(connection, view, {
      onClose: () => {
        line.focus();
        pick(null);
      },
      onZoom: () => actions.onSpan(around(ms(connection.start), ms(connection.end) ?? ms(report.to))),
      onRows: () => findRows(connection, true),
      onConnection: goTo,
    }));
  }

  // goTo selects a connection and moves the focus to its panel.
  function goTo(connection) {
    pick(connection);
    panelSlot.focus();
  }

  const findRows = (connection, scroll) => actions.whileBusy(events.find((row) => belongs(row, connection), { scroll }));

  // showTime scrolls to the row of the event with the given time, and marks the event's connection.
  function showTime(at) {
    mark(findAt(connections, at), refusalAt(new Date(at).toISOString()));
    actions.whileBusy(events.find((row) => ms(row.time) === at, { scroll: true }));
  }

  const [first, ...others] = view.headlines();
  const handlers = { ...actions, onTime: showTime, onConnection: goTo };
  const nodes = [
    el('div', { class: 'top' }, first ? headline(first, view, handlers) : quietHeadline(view, handlers), statusCard(view, actions)),
    strip(view.days, actions),
    timelineCard(view, actions, [line.node, legend(report, (info) => actions.onFilter({ info })), laterEnds(report), panelSlot, connectionList(view, { onPick: pick })]),
    summaryTiles(report),
    others.length ? verdictList(others, view, handlers) : null,
  ];
  return {
    nodes, line, events,
    pick: (key) => pick(findByKey(connections, key)),
    picked: () => marked && { key: keyOf(marked), hasPanel: panelSlot.hasChildNodes() },
    restore(picked) {
      if (!picked) return;
      const connection = findByKey(connections, picked.key);
      if (picked.hasPanel) showPanel(connection);
      else highlight(connection);
    },
  };
}

function timelineCard({ query, isLookingBack }, { onMove, onWider }, content) {
  return el('section', { class: 'card timeline-card', 'aria-labelledby': 'timeline-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'timeline-title', class: 'section-title' }, text('timeline.title')),
      isLookingBack ? el('small', { class: 'quiet-text looking' }, text('timeline.looking')) : el('small', { class: 'quiet-text wide' }, text('timeline.hint')),
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
