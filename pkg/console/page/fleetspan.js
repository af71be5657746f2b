// Spans of the fleet's view. They consist of whole minutes, and their end is exclusive.

import { wholeMinute } from './fleetaddress.js';
import { maxAhead } from './span.js';
import { day, hour, minute, utcDayOf } from './time.js';

const minSpan = 10 * minute;
const maxOfMinutes = 6 * hour; // the longest span that is shown minute by minute
const whole = { from: null, to: null };

// spanOfFleet returns the span that a query shows: a whole UTC day, today up to now, or a shorter
// span. Today's span has at least an hour. Otherwise, the first bars of a day would be as wide as
// the page.
export function spanOfFleet({ day: first, from, to }, now) {
  if (from !== null) return { from, to };
  return { from: first, to: Math.min(first + day, Math.max(wholeMinute(now) + minute, first + hour)) };
}

// stepOf returns the length of the steps that the API divides a span into.
export const stepOf = ({ from, to }) => (to - from <= maxOfMinutes ? '1m' : '5m');

export const stepLengths = { '1m': minute, '5m': 5 * minute, '1h': hour };

// faultOf returns the key of the message that says what is wrong with a query, or null.
export function faultOf({ day: first, from, to, at }, now) {
  if (first > now || from > now || at + minute > now + maxAhead) return 'fleet.fault.future';
  if (from === null) return null;
  if (from >= to) return 'fault.order';
  return to - from > day ? 'fleet.fault.long' : null;
}

// zoomedTo returns the change to a query that makes it show the given span, in whole minutes. It
// extends a span that is too short on both sides.
export function zoomedTo({ from, to }) {
  const missing = Math.max(minSpan - (to - from), 0) / 2;
  const first = wholeMinute(from - missing);
  return { day: utcDayOf(first), from: first, to: Math.max(wholeMinute(to + missing - 1) + minute, first + minSpan) };
}

// canZoomIn reports whether a span is long enough to zoom in.
export const canZoomIn = ({ from, to }) => to - from > minSpan;

// zoomedIn returns the change that shows a third of the span, with the given instant in the middle.
export function zoomedIn({ from, to }, at) {
  const length = Math.max((to - from) / 3, minSpan);
  const first = wholeMinute(Math.min(Math.max(at - length / 2, from), to - length));
  return zoomedTo({ from: first, to: first + length });
}

// zoomedOut returns the change that shows three times the span. If that is most of a day, it shows
// the whole UTC day.
export function zoomedOut({ from, to }, now) {
  const length = (to - from) * 3;
  const middle = (from + to) / 2;
  if (length > day / 2) return { day: utcDayOf(middle), ...whole };
  const end = Math.min(middle + length / 2, wholeMinute(now) + minute);
  return zoomedTo({ from: end - length, to: end });
}

// movedBy returns the change that shows the previous (-1) or next (1) day or span.
export function movedBy({ day: first, from, to }, factor, now) {
  if (from === null) return { day: first + factor * day, ...whole };
  const by = Math.min((to - from) * factor, wholeMinute(now) + minute - to);
  return zoomedTo({ from: from + by, to: to + by });
}

// endsLater reports whether there is a later time to show, because the query's span ends in the
// past.
export const endsLater = (query, now) => (query.from === null ? query.day + day <= now : query.to < now);

// isToday reports whether the query shows the whole of the current UTC day.
export const isToday = (query, now) => query.from === null && query.day === utcDayOf(now);
