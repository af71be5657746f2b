// Labels: one line of plain text for a connection or for an item of the timeline.

import { boundsOf } from './bars.js';
import { kindLabel, kindOf, laterNote, tally } from './kinds.js';
import { number, text } from './text.js';
import { duration, ms, shortStamp, spanText } from './time.js';
import { infoLabel } from './vocabulary.js';

// labelOf returns the label of a bar or a mark in the timeline of a report.
export function labelOf(item, report, scale) {
  if (item.refusals) return refusalLabel(item.refusals);
  return item.connections.length === 1 ? connectionLabel(item.connections[0], report) : sharedLabel(item.connections, report, scale);
}

function refusalLabel(refusals) {
  const [first] = refusals;
  const values = { count: number(refusals.length), time: shortStamp(ms(first.time)), info: infoLabel(first) };
  return text(refusals.length > 1 ? 'timeline.refusals' : 'timeline.refusal', values);
}

function sharedLabel(connections, report, scale) {
  return text('timeline.shared', {
    count: number(connections.length),
    span: spanText(...boundsOf(connections, scale)),
    ends: tally(connections).map(([kind, count]) => `${kindLabel(kind, report)} × ${number(count)}`).join(', '),
  });
}

// connectionLabel returns one line with a connection's start, end and length, and how it ended. For
// an open connection, the length is the time from its start to the end of the report.
export function connectionLabel(connection, report) {
  const length = lengthOf(connection, ms(report.to));
  return [
    extentOf(connection),
    length === null ? null : duration(length),
    kindLabel(kindOf(connection), report),
    laterNote(connection),
  ].filter((part) => part !== null).join(' · ');
}

function extentOf({ start, end }) {
  if (start && end) return spanText(ms(start), ms(end));
  if (start) return text('connection.since', { time: shortStamp(ms(start)) });
  return end ? text('connection.until', { time: shortStamp(ms(end)) }) : text('unknown');
}

// lengthOf returns the length of a connection in milliseconds, or null if its start is unknown. For
// an open connection, this is the time from its start to the given instant.
export function lengthOf({ start, end }, to) {
  return start === null ? null : Math.max((ms(end) ?? to) - ms(start), 0);
}
