// Spans of time, { from, to } in milliseconds, both included: checked, moved and widened.

import { date, day, fromWall, hour, second } from './time.js';

export const maxLength = day;

const maxAhead = hour; // how fast a source's clock may run: event.MaxAhead

const rangeLengths = { hour, six: 6 * hour, day24: day };

// spanOf returns the span of a form's choice, or { fault, field } if it is invalid. date is
// the value of the date field; from and to are instants or null.
export function spanOf({ range, date: chosenDate, from, to }, now) {
  if (range in rangeLengths) return { from: now - rangeLengths[range], to: now };
  return range === 'date' ? wholeDay(chosenDate, now) : checkSpan(from, to, now);
}

// wholeDay returns a day in the displayed zone. If clocks go back on that day, it has 25
// hours, and the last one is left out.
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

// dayOf returns the day in the displayed zone that equals the span, or "".
export function dayOf(span) {
  const first = date(span.from);
  const { from, to } = wholeDay(first, Infinity);
  return from === span.from && to === span.to ? first : '';
}

// leftOut returns by how much the span's day is longer than the longest span.
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

// endsNow reports whether a span ends at this moment.
export const endsNow = ({ to }, now) => Math.abs(now - to) < second;

// extended moves the end of a span to a later instant.
export const extended = ({ from }, to) => ({ from: Math.max(from, to - maxLength), to });

// around returns a span a little longer than a connection. If the connection lasted a day or
// more, the span shows its end.
export function around(from, to) {
  const margin = Math.ceil((to - from) / 20) + 1000;
  return { from: Math.max(from - margin, to + margin - maxLength), to: to + margin };
}

// moved shifts a span by a multiple of its length, but not beyond now.
export function moved(span, factor, now) {
  const by = Math.min(lengthOf(span) * factor, now - span.to);
  return { from: span.from + by, to: span.to + by };
}

// lengthOf counts both ends if a span ends with the last millisecond of a second, as a day
// does.
const lengthOf = ({ from, to }) => ((to - from + 1) % second === 0 ? to - from + 1 : to - from);

// wider returns a span three times as long around the same middle, at most a day.
export function wider({ from, to }, now) {
  const length = Math.min((to - from) * 3, maxLength);
  const end = Math.min((from + to + length) / 2, Math.max(now, to));
  return { from: Math.floor(end - length), to: Math.floor(end) };
}
