// The span of time that a form asks for.

import { date, day, fromWall, hour, second } from './time.js';

export const longest = day;

const ahead = hour; // of the clock of a source, at most: event.MaxAhead

const lengths = { hour, six: 6 * hour, day24: day };

// spanOf makes a span, or says what is wrong: { from, to } or { fault, field }. date
// is what a date field holds; from and to are instants or null.
export function spanOf({ range, date, from, to }, now) {
  if (range in lengths) return { from: now - lengths[range], to: now };
  return range === 'date' ? wholeDay(date, now) : between(from, to, now);
}

// wholeDay is a day of the shown zone. Where clocks go back it has 25 hours, and the
// last one is left out.
function wholeDay(date, now) {
  const from = fromWall(date);
  if (from === null) return { fault: 'fault.date', field: 'date' };
  if (from > now) return { fault: 'fault.future', field: 'date' };
  return { from, to: Math.min(endOf(date), from + longest) };
}

function endOf(date) {
  const next = new Date(Date.parse(`${date}T00:00Z`) + day).toISOString().slice(0, 10);
  return fromWall(next) - 1;
}

// dayOf is the day of the shown zone that a span is, or empty.
export function dayOf(span) {
  const shown = date(span.from);
  const { from, to } = wholeDay(shown, Infinity);
  return from === span.from && to === span.to ? shown : '';
}

// leftOut is how much of its day a span leaves out because that has more than 24 hours.
export function leftOut(span) {
  const date = dayOf(span);
  return date ? endOf(date) - span.to : 0;
}

// between is a span, or what is wrong with it.
export function between(from, to, now) {
  if (from === null) return { fault: 'fault.from', field: 'from' };
  if (to === null) return { fault: 'fault.to', field: 'to' };
  if (from >= to) return { fault: 'fault.order', field: 'to' };
  if (to - from > longest) return { fault: 'fault.long', field: 'to' };
  if (from > now + ahead) return { fault: 'fault.future', field: 'from' };
  return { from, to };
}

// endsAt reports whether a span was asked for that ends at this moment.
export const endsAt = ({ to }, now) => Math.abs(now - to) < second;

// upTo is a span that goes on to a later end.
export const upTo = ({ from }, to) => ({ from: Math.max(from, to - longest), to });

// around what lasted so long there is a little room, and never more than a day: then
// its end is what is shown.
export function around(from, to) {
  const room = Math.ceil((to - from) / 20) + 1000;
  return { from: Math.max(from - room, to + room - longest), to: to + room };
}

// moved is a span as long as the given one, so many lengths later, and not after now.
export function moved(span, lengths, now) {
  const by = Math.min(lengthOf(span) * lengths, now - span.to);
  return { from: span.from + by, to: span.to + by };
}

// lengthOf a span that ends with the last millisecond of a second, such as that of a day,
// counts both its ends.
const lengthOf = ({ from, to }) => ((to - from + 1) % second === 0 ? to - from + 1 : to - from);

// wider is three times as long around the same middle, at most a day.
export function wider({ from, to }, now) {
  const length = Math.min((to - from) * 3, longest);
  const end = Math.min((from + to + length) / 2, Math.max(now, to));
  return { from: Math.floor(end - length), to: Math.floor(end) };
}
