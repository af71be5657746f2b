// A span of time is { from, to } in Unix milliseconds, and includes both instants. This module
// checks, moves and widens spans.

import { date, day, fromWall, hour, second, utcDayOf } from './time.js';

export const maxLength = day;

export const maxAhead = hour; // how far a source's clock may run ahead; must equal event.MaxAhead

const rangeLengths = { hour, six: 6 * hour, day24: day };

// spanOf returns the span for the range that the user chose in the form. date is the value of the
// date field. from and to are the instants in the time fields, or null. If the choice is invalid,
// spanOf returns a validation error { fault, field }.
export function spanOf({ range, date: chosenDate, from, to }, now) {
  if (range in rangeLengths) return { from: now - rangeLengths[range], to: now };
  return range === 'date' ? wholeDay(chosenDate, now) : checkSpan(from, to, now);
}

// wholeDay returns the span of a day in the displayed zone. A day on which the clocks go back has
// 25 hours, but the span covers only the first 24.
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

// dayOf is the inverse of wholeDay. It returns "" if the span is not exactly one day.
export function dayOf(span) {
  const first = date(span.from);
  const { from, to } = wholeDay(first, Infinity);
  return from === span.from && to === span.to ? first : '';
}

// leftOut returns how many milliseconds at the end of the day are missing from the day's span; see
// wholeDay. It returns 0 if the given span is not the span of a day.
export function leftOut(span) {
  const whole = dayOf(span);
  return whole ? endOf(whole) - span.to : 0;
}

// checkSpan returns the span or, if it is invalid, a validation error { fault, field }.
export function checkSpan(from, to, now) {
  if (from === null) return { fault: 'fault.from', field: 'from' };
  if (to === null) return { fault: 'fault.to', field: 'to' };
  if (from >= to) return { fault: 'fault.order', field: 'to' };
  if (from > now + maxAhead) return { fault: 'fault.future', field: 'from' };
  if (to - from > maxLength) return { fault: 'fault.long', field: 'to' };
  return { from, to };
}

// endsNow reports whether a span ends less than a second before or after now.
export const endsNow = ({ to }, now) => Math.abs(now - to) < second;

// isOver reports whether a span ends in the past, so that more may have happened after it.
export const isOver = ({ to }, now) => now - to >= second;

// extended returns the span with its end moved to a later time. If the span would then be longer
// than maxLength, its start moves later too.
export const extended = ({ from }, to) => ({ from: Math.max(from, to - maxLength), to });

// hourAround returns the hour with the given instant in its middle. If that hour would end after
// now, hourAround returns the last hour.
export function hourAround(at, now) {
  const to = Math.min(at + hour / 2, now);
  return { from: to - hour, to };
}

// lastDayOf returns the last 24 hours of a span that is too long. It ignores the part of the span
// after now.
export function lastDayOf(span, now) {
  const to = Math.min(span.to, now);
  return { from: Math.max(span.from, to - maxLength), to };
}

// utcDay returns the span of the UTC day that contains an instant.
export const utcDay = (at) => ({ from: utcDayOf(at), to: utcDayOf(at) + day - 1 });

// around returns a span that covers a connection and a little time before and after it. If this
// span would be longer than maxLength, its start moves later and its end stays.
export function around(from, to) {
  const margin = Math.ceil((to - from) / 20) + 1000;
  return { from: Math.max(from - margin, to + margin - maxLength), to: to + margin };
}

// moved returns a span shifted by factor times its length. The shift is limited so that the new
// span does not end after now.
export function moved(span, factor, now) {
  const by = Math.min(lengthOf(span) * factor, now - span.to);
  return { from: span.from + by, to: span.to + by };
}

// lengthOf returns the length of a span, which is "to" minus "from". If this difference is one
// millisecond short of whole seconds, lengthOf adds the millisecond. For example, a day's span ends
// in the day's last millisecond, but its length is the whole day.
const lengthOf = ({ from, to }) => ((to - from + 1) % second === 0 ? to - from + 1 : to - from);

// wider returns a span with the same middle that is three times as long, but at most a day. If that
// span would end in the future, wider moves it back.
export function wider({ from, to }, now) {
  const length = Math.min((to - from) * 3, maxLength);
  const end = Math.min((from + to + length) / 2, Math.max(now, to));
  return { from: Math.floor(end - length), to: Math.floor(end) };
}
