// Instants are milliseconds since 1970. They are displayed in the viewer's zone or in UTC.

import { el } from './dom.js';
import { preferences } from './preferences.js';
import { number, text } from './text.js';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

// ms returns the instant of an API time, or null for none.
export const ms = (timestamp) => (timestamp === null || timestamp === undefined || timestamp === '' ? null : Date.parse(timestamp));

// offset returns by how much the displayed zone is ahead of UTC at an instant.
const offset = (at) => (preferences.zone === 'utc' ? 0 : -new Date(at).getTimezoneOffset() * minute);

// shifted moves an instant so that its time in UTC reads like the displayed zone's clock.
export const shifted = (at) => at + offset(at);

const wall = (at) => new Date(shifted(at)).toISOString().slice(0, -1);

// stamp returns date and time with milliseconds: 2026-11-22 08:00:00.123.
export const stamp = (at) => wall(at).replace('T', ' ');

const withoutZeros = (words) => words.replace(/\.000$/, '');

// shortStamp returns date and time, with milliseconds unless they are zero.
export const shortStamp = (at) => withoutZeros(stamp(at));

// clock returns the time of day, as precise as steps of the given length require.
export function clock(at, step = 1) {
  const timeOfDay = wall(at).slice(11);
  if (step >= minute) return timeOfDay.slice(0, 5);
  return step >= second ? timeOfDay.slice(0, 8) : timeOfDay;
}

// date returns the calendar day: 2026-11-22.
export const date = (at) => wall(at).slice(0, 10);

// shortDate returns day and month in the viewer's language.
export function shortDate(at) {
  return new Intl.DateTimeFormat(preferences.lang, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(shifted(at));
}

function offsetText(at) {
  const minutes = offset(at) / minute;
  const two = (n) => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

// iso returns an instant in the form of RFC 3339, in the displayed zone.
export const iso = (at) => wall(at) + (preferences.zone === 'utc' ? 'Z' : offsetText(at));

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const isUTC = () => preferences.zone === 'utc' || zone === 'UTC';

// zoneName names the displayed zone with its offset at one instant, or at both ends of a span.
export function zoneName(...instants) {
  if (isUTC()) return 'UTC';
  const offsets = new Set(instants.map((at) => `UTC${offsetText(at)}`));
  return `${zone}, ${[...offsets].join(' → ')}`;
}

// stampIn returns a function like stamp for the instants of a span. It adds the offset if
// clocks change within the span.
export function stampIn({ from, to }) {
  return offset(from) === offset(to) ? stamp : (at) => `${stamp(at)} ${offsetText(at)}`;
}

const moment = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g;

// momentsIn returns the parts of a text that look like a time in a sentence of the API.
export const momentsIn = (words) => new Set(words.match(moment));

// inZone converts the times in a sentence of the API from UTC to the displayed zone. It
// leaves quoted times as they are, because the name of a device may look like a time.
export function inZone(sentence, quoted) {
  if (isUTC()) return sentence;
  return sentence.replace(moment, (whole, dayPart, timePart) => {
    const at = Date.parse(`${dayPart}T${timePart}Z`);
    return Number.isNaN(at) || quoted.has(whole) ? whole : `${stamp(at).slice(0, 19)} UTC${offsetText(at)}`;
  });
}

// fromWall parses the value of a date or time field in the displayed zone. It returns null
// for an empty or invalid one.
export function fromWall(value) {
  if (!value) return null;
  const full = value.includes('T') ? value : `${value}T00:00`;
  const at = Date.parse(preferences.zone === 'utc' ? `${full}Z` : full);
  return Number.isNaN(at) ? null : at;
}

// forField returns an instant as the value of a date and time field, to the second.
export const forField = (at) => wall(at).slice(0, 19);

// time makes a <time> element. show formats the instant.
export function time(at, show = stamp) {
  return el('time', { datetime: new Date(at).toISOString(), title: `${iso(at)} (${zoneName(at)})` }, show(at));
}

const units = [['day', day], ['hour', hour], ['minute', minute], ['second', second]];

// duration formats a length of time with its two largest units.
export function duration(length) {
  if (length < second) return text('duration.ms', { n: number(Math.round(length)) });
  if (length < 10 * second) return text('duration.second', { n: number(length / second, { maximumFractionDigits: 1 }) });
  let rest = Math.round(length / second) * second;
  const parts = [];
  for (const [name, size] of units) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(text(`duration.${name}`, { n: number(n) }));
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

// spanText omits the date of the end if it is the date of the start.
export function spanText(from, to) {
  const end = date(from) === date(to) ? clock(to) : stamp(to);
  return `${shortStamp(from)} – ${withoutZeros(end)}`;
}
