// The heading of the results: the device, the instance, the span and the time zone.

import { copyButton } from './clipboard.js';
import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { icon } from './icons.js';
import { leftOut } from './span.js';
import { text } from './text.js';
import { duration, iso, spanText, zoneName } from './time.js';

// subject returns the heading for the page, with buttons to copy and export.
export function subject(view, actions) {
  const { query } = view;
  const span = spanText(query.from, query.to).split(/(?<= –) /).flatMap((part) => [unbroken(part), ' ']);
  return el('header', { class: 'subject' },
    el('div', { class: 'who' },
      el('h1', {}, datum(query.client, { kind: 'mono' }), copyButton(() => query.client, { label: text('copy.client') })),
      el('p', {}, instance(query), ' ', el('span', { class: 'between' }, '·'), ' ', span,
        el('span', { class: 'quiet-text' }, zoneName(query.from, query.to), ', ', unbroken(duration(query.to - query.from + 1)))),
      cutDay(query)),
    exportButtons(view, actions));
}

// reportSubject returns the heading for a report. view is a snapshot, and link is the URL of the same
// view on the page.
export function reportSubject({ query, madeAt }, link) {
  return el('header', { class: 'subject' }, el('div', { class: 'who' },
    el('p', { class: 'eyebrow' }, text('title')),
    el('h1', {}, datum(query.client, { kind: 'mono' })),
    el('p', {}, instance(query), ' · ', `${spanText(query.from, query.to)} ${zoneName(query.from, query.to)}`),
    cutDay(query),
    el('p', { class: 'quiet-text' }, text('report.made', { time: iso(madeAt) }), ' · ', el('a', { href: link }, text('report.link')))));
}

const instance = (query) => [text('subject.instance'), ' ', datum(query.instance, { kind: 'mono' })];

// cutDay returns a note if the query is for a whole day and the day is longer than the longest
// allowed span. The note states how much of the day is left out. For any other query, cutDay
// returns null.
function cutDay(query) {
  const rest = leftOut(query);
  return rest ? el('p', { class: 'quiet-text' }, text('subject.cut', { rest: duration(rest) })) : null;
}

function exportButtons(view, { onExport }) {
  return el('div', { class: 'exports', role: 'group', 'aria-label': text('export.label') },
    copyButton(() => view.link(), { caption: text('copy.link') }),
    ['csv', 'ndjson', 'html'].map((format) => exportButton(format, view, onExport)));
}

function exportButton(format, view, onExport) {
  const onClick = (event) => onExport(format, event.currentTarget);
  return el('button', { type: 'button', class: 'button quiet', title: exportTitle(format, view), on: { click: onClick } }, icon('down'), text(`export.${format}`));
}

// exportTitle returns the title of an export button. The title names the filter, if there is one,
// because the file contains only the events that match it.
function exportTitle(format, view) {
  const filter = view.filter();
  return filter ? text('export.filtered', { format: text(`export.${format}`), filter }) : text(`export.${format}.title`);
}
