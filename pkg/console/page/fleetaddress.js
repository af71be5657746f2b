// The URL of the fleet's view: the instance, the UTC day or a shorter span, the minute whose
// devices are shown, and which devices the finder lists.

import { parseTime, pathOf, timestamp, withoutEmpty } from './address.js';
import { preferences } from './preferences.js';
import { hourAround } from './span.js';
import { day, minute, utcDate, utcDayOf } from './time.js';
import { infoFilters } from './vocabulary.js';

export const isFleet = () => new URLSearchParams(location.search).get('view') === 'fleet';

const dayForm = /^\d{4}-\d\d-\d\d$/;

// parseDay returns the first instant of a UTC day such as 2026-11-22, or NaN if there is no such
// day.
export function parseDay(words) {
  const at = dayForm.test(words) ? Date.parse(`${words}T00:00Z`) : NaN;
  return !Number.isNaN(at) && utcDate(at) === words ? at : NaN;
}

// readFleetQuery returns the query in the URL:
//   - day is the first instant of the UTC day, by default of today.
//   - from and to are the start and the end of the span to show, in whole minutes. Both are null if
//     the span is the whole day.
//   - at is the start of the minute whose devices are shown, or null.
//   - of says which devices of the minute are shown: "drops" or "refusals".
//   - text is the text to find devices by. node is the last node of the devices to list, and reason
//     the reason for their last drop, one of infoFilters. At most one of the three is not "".
//
// If a time is invalid, fault is { fault, words }. Otherwise, fault is null.
export function readFleetQuery(now) {
  const parameters = new URLSearchParams(location.search);
  const get = (name) => parameters.get(name) ?? '';
  let fault = null;
  const read = (name, parse, fallback, key) => {
    const at = get(name) ? parse(get(name)) : fallback;
    if (!Number.isNaN(at)) return at;
    fault = { fault: key, words: get(name) };
    return fallback;
  };
  const instant = (name) => read(name, (words) => wholeMinute(parseTime(words)), null, 'fault.time');
  const [from, to, at] = [instant('from'), instant('to'), instant('at')];
  const isZoomed = from !== null && to !== null;
  return {
    instance: get('instance'),
    day: isZoomed ? utcDayOf(from) : read('day', parseDay, utcDayOf(at ?? now), 'fleet.fault.day'),
    from: isZoomed ? from : null,
    to: isZoomed ? to : null,
    at,
    of: get('of') === 'refusals' ? 'refusals' : 'drops',
    ...readSearch(get),
    fault,
  };
}

function readSearch(get) {
  const text = get('q');
  const node = text ? '' : get('node');
  const reason = text || node || !infoFilters.includes(get('reason')) ? '' : get('reason');
  return { text, node, reason };
}

export const wholeMinute = (at) => Math.floor(at / minute) * minute;

const optional = (at) => (at === null || at === undefined ? '' : timestamp(at));

// fleetPath returns the URL for a query of the fleet, without the origin. Only the instance and the
// day are required.
export function fleetPath({ instance, day: first, from, to, at, of, text, node, reason }) {
  const parameters = withoutEmpty({
    view: 'fleet', instance, day: utcDate(first), from: optional(from), to: optional(to), at: optional(at),
    of: of === 'refusals' && optional(at) ? of : '', q: text ?? '', node: node ?? '', reason: reason ?? '',
  });
  return `/?${new URLSearchParams(parameters)}`;
}

// fleetPathAt returns the URL of the fleet's view for an instant: its minute with half an hour on
// either side.
export function fleetPathAt(instance, at, of, now) {
  const { from, to } = hourAround(at, now);
  return fleetPath({ instance, day: utcDayOf(from), from: wholeMinute(from), to: wholeMinute(to) + minute, at: wholeMinute(at), of });
}

// devicePath returns the URL of a device's view for a span.
export const devicePath = (instance, client, { from, to }) => pathOf({
  instance, client, from: Math.floor(from), to: Math.floor(to), at: null, order: preferences.order, action: '', info: '', connection: '',
});

// devicePathAt returns the URL of a device's view for the hour around an instant.
export const devicePathAt = (instance, client, at, now) => devicePath(instance, client, hourAround(at, now));

// dayPath returns the URL of a device's view for a UTC day, up to now.
export const dayPath = (instance, client, first, now) => devicePath(instance, client, { from: first, to: Math.min(first + day - 1, Math.max(now, first + minute)) });
