// Instants are numbers of milliseconds since the start of 1970 in UTC. The page displays them in
// the viewer's time zone or in UTC, whichever the viewer chose.

import { el } from './dom.js';
import { preferences } from './preferences.js';
import { number, text } from './text.js';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

// ms returns the instant for a time from the API, or null if there is no time.
export const ms = (timestamp) => (timestamp === null || timestamp === undefined || timestamp === '' ? null : Date.parse(timestamp));

// offset returns how far the displayed zone is ahead of UTC at an instant, in milliseconds.
const offset = (at) => (preferences.zone === 'utc' ? 0 : -new Date(at).getTimezoneOffset() * minute);

// shifted adds the displayed zone's offset to an instant. Formatted as UTC, the result reads as the
// local time in the displayed zone.
export const shifted = (at) => at + offset(at);

const wall = (at) => new Date(shifted(at)).toISOString().slice(0, -1);

// stamp formats an instant as a date and time with milliseconds, such as 2026-11-22 08:00:00.123.
export const stamp = (at) => wall(at).replace('T', ' ');

const withoutZeros = (words) => words.replace(/\.000$/, '');

// shortStamp formats an instant like stamp, but omits the milliseconds if they are zero.
export const shortStamp = (at) => withoutZeros(stamp(at));

// minuteStamp and secondStamp format an instant like stamp, to the minute or to the second.
export const minuteStamp = (at) => stamp(at).slice(0, 16);
export const secondStamp = (at) => stamp(at).slice(0, 19);

// clock returns the time of day. It includes seconds if the step is less than a minute, and
// milliseconds if the step is less than a second.
export function clock(at, step = 1) {
  const timeOfDay = wall(at).slice(11);
  if (step >= minute) return timeOfDay.slice(0, 5);
  return step >= second ? timeOfDay.slice(0, 8) : timeOfDay;
}

// date returns the calendar date of an instant, such as 2026-11-22.
export const date = (at) => wall(at).slice(0, 10);

// shortDate returns the day and month of an instant in the viewer's language.
export function shortDate(at) {
  return new Intl.DateTimeFormat(preferences.lang, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(shifted(at));
}

// utcDayOf returns the first instant of the UTC day that contains an instant.
export const utcDayOf = (at) => Math.floor(at / day) * day;

// utcDate returns the UTC date of an instant in the form that the API uses, such as 2026-11-22.
export const utcDate = (at) => new Date(at).toISOString().slice(0, 10);

// utcWords formats a UTC date in the viewer's language. options is passed to Intl.DateTimeFormat.
export const utcWords = (at, options) => new Intl.DateTimeFormat(preferences.lang, { ...options, timeZone: 'UTC' }).format(at);

function offsetText(at) {
  const minutes = offset(at) / minute;
  const two = (n) => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

// iso returns an instant as an RFC 3339 time in the displayed zone.
export const iso = (at) => wall(at) + (preferences.zone === 'utc' ? 'Z' : offsetText(at));

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const isUTC = () => preferences.zone === 'utc' || zone === 'UTC';

// zoneName returns the name of the displayed zone with its offset from UTC at the given instants.
// If the offsets differ, for example between the ends of a span, the result contains all of them.
export function zoneName(...instants) {
  if (isUTC()) return 'UTC';
  const offsets = new Set(instants.map((at) => `UTC${offsetText(at)}`));
  return `${zone}, ${[...offsets].join(' → ')}`;
}

// stampIn returns a function that formats the instants of a span. The returned function works like
// stamp. If the two ends of the span differ in their offset from UTC, it also shows the offset of
// each instant.
export function stampIn({ from, to }) {
  return offset(from) === offset(to) ? stamp : (at) => `${stamp(at)} ${offsetText(at)}`;
}

const moment = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g;

// momentsIn searches the given text for substrings in the format in which the API's sentences state
// times. It returns the set of these substrings.
export const momentsIn = (words) => new Set(words.match(moment));

// inZone converts the times in a sentence from the API from UTC to the displayed zone. It leaves
// the strings in the set quoted unchanged, because they come from devices and brokers and only look
// like the API's times.
export function inZone(sentence, quoted) {
  if (isUTC()) return sentence;
  return sentence.replace(moment, (whole, dayPart, timePart) => {
    const at = Date.parse(`${dayPart}T${timePart}Z`);
    return Number.isNaN(at) || quoted.has(whole) ? whole : `${secondStamp(at)} UTC${offsetText(at)}`;
  });
}

// fromWall returns the instant for the value of a date or time field in the displayed zone.
// It returns null if the value is empty or invalid.
export function fromWall(value) {
  if (!value) return null;
  const full = value.includes('T') ? value : `${value}T00:00`;
  const at = Date.parse(preferences.zone === 'utc' ? `${full}Z` : full);
  return Number.isNaN(at) ? null : at;
}

// forField formats an instant, to the second, as the value of a datetime-local field.
export const forField = (at) => wall(at).slice(0, 19);

// time returns a <time> element for an instant. show formats the instant for display.
export function time(at, show = stamp) {
  return el('time', { datetime: new Date(at).toISOString(), title: `${iso(at)} (${zoneName(at)})` }, show(at));
}

const units = [['day', day], ['hour', hour], ['minute', minute], ['second', second]];

// duration formats a length of time in its two largest units.
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

// spanText formats the start and the end of a span. If both are on the same day, it shows the date
// only once.
export function spanText(from, to) {
  const end = date(from) === date(to) ? clock(to) : stamp(to);
  return `${shortStamp(from)} – ${withoutZeros(end)}`;
}
