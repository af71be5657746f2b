// Times are milliseconds since 1970 in here, and shown in the viewer's zone or UTC.

import { el } from './dom.js';
import { preferences } from './preferences.js';
import { number, text } from './text.js';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

// ms is the instant that a time of the API names; null for none.
export const ms = (time) => (time === null || time === undefined || time === '' ? null : Date.parse(time));

// offset is how far the shown zone is ahead of UTC at an instant.
const offset = (at) => (preferences.zone === 'utc' ? 0 : -new Date(at).getTimezoneOffset() * minute);

// shifted is an instant as its wall clock would read in UTC.
export const shifted = (at) => at + offset(at);

const wall = (at) => new Date(shifted(at)).toISOString().slice(0, -1);

// stamp is date and time to the millisecond: 2026-11-22 08:00:00.123.
export const stamp = (at) => wall(at).replace('T', ' ');

// clock is the time of day with what it takes to tell steps of that length apart.
export function clock(at, step = 1) {
  const time = wall(at).slice(11);
  if (step >= minute) return time.slice(0, 5);
  return step >= second ? time.slice(0, 8) : time;
}

// date is the calendar day: 2026-11-22.
export const date = (at) => wall(at).slice(0, 10);

export function shortDate(at) {
  return new Intl.DateTimeFormat(preferences.lang, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(shifted(at));
}

function offsetText(at) {
  const minutes = offset(at) / minute;
  const two = (n) => String(n).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

// iso is RFC 3339 in the shown zone.
export const iso = (at) => wall(at) + (preferences.zone === 'utc' ? 'Z' : offsetText(at));

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const isUTC = () => preferences.zone === 'utc' || zone === 'UTC';

// zoneName names the shown zone, with its offset at an instant, or at both ends of a span.
export function zoneName(...instants) {
  if (isUTC()) return 'UTC';
  const offsets = new Set(instants.map((at) => `UTC${offsetText(at)}`));
  return `${zone}, ${[...offsets].join(' → ')}`;
}

// stampIn is stamp for the instants of a span, with the offset where clocks are changed in it.
export function stampIn({ from, to }) {
  return offset(from) === offset(to) ? stamp : (at) => `${stamp(at)} ${offsetText(at)}`;
}

const moment = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g;

// momentsIn are the parts of a text that look like a time that a sentence gives.
export const momentsIn = (words) => new Set(words.match(moment));

// inZone rewrites the times that a sentence gives in UTC, but for those that are quoted: a
// device may be named so.
export function inZone(sentence, quoted) {
  if (isUTC()) return sentence;
  return sentence.replace(moment, (whole, day, clock) => {
    const at = Date.parse(`${day}T${clock}Z`);
    return Number.isNaN(at) || quoted.has(whole) ? whole : `${stamp(at).slice(0, 19)} UTC${offsetText(at)}`;
  });
}

// fromWall reads what a date or time field holds; null for nothing.
export function fromWall(value) {
  if (!value) return null;
  const full = value.includes('T') ? value : `${value}T00:00`;
  const at = Date.parse(preferences.zone === 'utc' ? `${full}Z` : full);
  return Number.isNaN(at) ? null : at;
}

// forField is an instant as a field for date and time takes it, to the second.
export const forField = (at) => wall(at).slice(0, 19);

// time is an instant as an element; show makes its text.
export function time(at, show = stamp) {
  return el('time', { datetime: new Date(at).toISOString(), title: `${iso(at)} (${zoneName(at)})` }, show(at));
}

const units = [['day', day], ['hour', hour], ['minute', minute], ['second', second]];

// duration writes a length of time with its two largest units.
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

// spanText is from and to, the date of the end only where it is another one.
export function spanText(from, to) {
  const end = date(from) === date(to) ? wall(to).slice(11) : stamp(to);
  return `${stamp(from)} – ${end}`.replaceAll('.000', '');
}
