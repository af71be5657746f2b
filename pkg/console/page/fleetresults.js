// The figures of a fleet, the most helpful ones first.

import { chart, chartLegend, chartTable } from './chart.js';
import { copyButton } from './clipboard.js';
import { countNote } from './counted.js';
import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { fillFrom } from './filling.js';
import { fleetPath } from './fleetaddress.js';
import { canZoomIn, endsLater } from './fleetspan.js';
import { downTable, flappingTable, nodeTable, reasonTable } from './fleettables.js';
import { fleetTiles } from './fleettiles.js';
import { icon } from './icons.js';
import { pageLink } from './links.js';
import { absentNotice } from './notices.js';
import { receipt } from './receipt.js';
import { text } from './text.js';
import { day, duration, spanText, utcDate, zoneName } from './time.js';

// fleetResults returns the view of a fleet, { node, who, chart, showCost }:
//   - node contains everything.
//   - who is an empty element for the panel about a minute.
//   - chart is what the function chart returns.
//   - showCost shows the total of the receipts that receiptsOf returns.
//
// down is the list of devices that are offline now, or null if the span is in the past.
export function fleetResults(fleet, down, receiptsOf, actions) {
  const who = el('div', { tabindex: -1 });
  const line = chart(fleet, actions);
  const cost = el('div');
  const absent = fleet.isAbsent ? absentNotice({ query: fleet.query, report: fleet.answer }, actions.onInstance) : null;
  const nodes = absent ? [heading(fleet, actions), absent, cost] : [
    heading(fleet, actions),
    countNote(fleet.answer),
    fleet.isEmpty ? emptyNote(fleet) : null,
    fleetTiles(fleet),
    chartCard(fleet, actions, [line.node, chartLegend(fleet), who, chartTable(fleet, actions)]),
    el('div', { class: 'pair' }, reasonTable(fleet, actions), nodeTable(fleet, actions)),
    fleet.isWhole ? el('div', { class: 'pair' }, flappingTable(fleet, actions), down ? downTable(down, actions) : null) : null,
    cost,
  ];
  const showCost = () => cost.replaceChildren(receipt(receiptsOf()));
  for (const source of [fleet, down]) source?.watch(showCost);
  return { node: el('div', { class: 'slot' }, nodes), who, chart: line, showCost };
}

// emptyNote says that the span has no events. If the figures of the day before show events, emptyNote
// adds a link to that day as soon as these figures arrive.
function emptyNote(fleet) {
  const node = el('p', { class: 'card card-note empty' });
  const { instance, day: first } = fleet.query;
  fillFrom(fleet, node, () => [
    text('fleet.empty'), ' ',
    fleet.hasEventsBefore ? pageLink(fleetPath({ instance, day: first - day }), { id: 'fleet-before' }, text('fleet.empty.before', { date: utcDate(first - day) })) : '',
  ]);
  return node;
}

function heading({ query, span }, { onExport }) {
  const times = query.from === null
    ? [unbroken(text('days.date', { date: utcDate(query.day) })), ' ', el('span', { class: 'quiet-text' }, spanText(span.from, span.to), ' ', zoneName(span.from, span.to))]
    : [unbroken(spanText(span.from, span.to)), ' ', el('span', { class: 'quiet-text' }, zoneName(span.from, span.to), ', ', unbroken(duration(span.to - span.from)))];
  return el('header', { class: 'subject' },
    el('div', { class: 'who' },
      el('h1', {}, text('fleet.title')),
      el('p', {}, text('subject.instance'), ' ', datum(query.instance, { kind: 'mono' }), ' ', el('span', { class: 'between' }, '·'), ' ', times)),
    el('div', { class: 'exports', role: 'group', 'aria-label': text('export.label') },
      copyButton(() => location.href, { caption: text('copy.link') }),
      el('button', { id: 'fleet-csv', type: 'button', class: 'button quiet', title: text('fleet.csv'), on: { click: onExport } }, icon('down'), text('export.csv'))));
}

function chartCard(fleet, { onMove, onZoomAt }, content) {
  const { query, span } = fleet;
  const middle = (span.from + span.to) / 2;
  return el('section', { class: 'card timeline-card', 'aria-labelledby': 'chart-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'chart-title', class: 'section-title' }, text('chart.title')),
      el('small', { class: 'quiet-text wide' }, text('chart.hint')),
      el('span', { class: 'spring' }),
      el('span', { class: 'tools' },
        toolButton('earlier', 'earlier', false, () => onMove(-1)),
        toolButton('wider', 'out', fleet.isWhole, () => onZoomAt(-1, middle)),
        toolButton('closer', 'in', !canZoomIn(span), () => onZoomAt(1, middle)),
        toolButton('later', 'later', !endsLater(query, Date.now()), () => onMove(1)))),
    content);
}

function toolButton(name, shape, disabled, onClick) {
  const caption = text(name === 'closer' ? 'chart.closer' : `timeline.${name}`);
  return el('button', { id: `chart-${name}`, type: 'button', class: 'button quiet', title: caption, 'aria-label': caption, disabled, on: { click: onClick } },
    icon(shape), el('span', { class: 'wide' }, caption));
}
