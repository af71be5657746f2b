// Spans of time are { from, to } in milliseconds, and include both instants. This module checks,
// moves and widens them.

import { date, day, fromWall, hour, second } from './time.js';

export const maxLength = day;

const maxAhead = hour; // how far ahead the clock of a source may be; the same as event.MaxAhead

const rangeLengths = { hour, six: 6 * hour, day24: day };

// spanOf returns the span that the user chose in the form, or { fault, field } if the choice is
// invalid. date is the value of the date field. from and to are instants or null.
export function spanOf({ range, date: chosenDate, from, to }, now) {
  if (range in rangeLengths) return { from: now - rangeLengths[range], to: now };
  return range === 'date' ? wholeDay(chosenDate, now) : checkSpan(from, to, now);
}

// wholeDay returns the span of a day in the displayed zone. If clocks go back on this day, the day
// has 25 hours, and the span leaves out the last hour.
function wholeDay(chosenDate, now) {
  const from = fromWall(chosenDate);
  if (from === null) return { fault: 'fault.date', field: 'date' };
  if (from > now) return { fault: 'fault.future', field: 'date' };
  return { from, to: Math.min(endOf(chosenDate), from + maxLength) };
}

function endOf(chosenDate) {
  const next = new Date(Date.parse(`${chosenDate}T00:00Z`) + day).toISOString().slice(0, 10);
  return fromWall(next) - 1;
}

// dayOf returns the day in the displayed zone whose span equals the given one, or "" if no day
// does.
export function dayOf(span) {
  const first = date(span.from);
  const { from, to } = wholeDay(first, Infinity);
  return from === span.from && to === span.to ? first : '';
}

// leftOut returns how many milliseconds at the end of a day the span leaves out. It returns 0 if
// the span is not a day.
export function leftOut(span) {
  const whole = dayOf(span);
  return whole ? endOf(whole) - span.to : 0;
}

// checkSpan returns the span, or { fault, field } if it is invalid.
export function checkSpan(from, to, now) {
  if (from === null) return { fault: 'fault.from', field: 'from' };
  if (to === null) return { fault: 'fault.to', field: 'to' };
  if (from >= to) return { fault: 'fault.order', field: 'to' };
  if (to - from > maxLength) return { fault: 'fault.long', field: 'to' };
  if (from > now + maxAhead) return { fault: 'fault.future', field: 'from' };
  return { from, to };
}

// endsNow reports whether a span ends less than a second before or after now.
export const endsNow = ({ to }, now) => Math.abs(now - to) < second;

// extended returns a span with a later end. If the span gets too long, it also begins later.
export const extended = ({ from }, to) => ({ from: Math.max(from, to - maxLength), to });

// around returns a span a little longer than a connection. If the connection is too long for one
// span, the span ends shortly after the connection.
export function around(from, to) {
  const margin = Math.ceil((to - from) / 20) + 1000;
  return { from: Math.max(from - margin, to + margin - maxLength), to: to + margin };
}

// moved returns a span shifted by factor times its length. The new span does not end after now.
export function moved(span, factor, now) {
  const by = Math.min(lengthOf(span) * factor, now - span.to);
  return { from: span.from + by, to: span.to + by };
}

// lengthOf returns the length of a span. If the span covers whole seconds including the last
// millisecond, as a day does, lengthOf also counts this millisecond.
const lengthOf = ({ from, to }) => ((to - from + 1) % second === 0 ? to - from + 1 : to - from);

// wider returns a span that is three times as long, but at most a day, around the same middle. It
// begins earlier if it would otherwise end after now.
export function wider({ from, to }, now) {
  const length = Math.min((to - from) * 3, maxLength);
  const end = Math.min((from + to + length) / 2, Math.max(now, to));
  return { from: Math.floor(end - length), to: Math.floor(end) };
}
