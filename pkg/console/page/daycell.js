// One day in the strip of days: the level of its worst verdict as a color and a sign, its drops and
// refusals as numbers, and the time online as a bar.

import { el, svg } from './dom.js';
import { icon } from './icons.js';
import { refusalSwatch } from './legend.js';
import { mostDrops } from './summary.js';
import { number, phrase, text } from './text.js';
import { day, duration, secondStamp, utcDate, utcWords } from './time.js';
import { dropCount, dropText } from './trend.js';

const signs = { problem: 'alert', notice: 'notice', info: 'check', counted: 'counted', away: 'away', unknown: 'away', unread: 'unread', loading: 'loading' };

// kindOf returns the kind of a day, which is a key of signs. The kind is the level of the day's
// worst verdict if this is "problem" or "notice". Otherwise, the kind says why the day has no such
// verdict.
function kindOf(row, { error }) {
  if (!row) return error ? 'unread' : 'loading';
  if (row.not_read) return 'unread';
  if (row.counts_only) return 'counted';
  if (row.level === 'problem' || row.level === 'notice') return row.level;
  return isActive(row) ? 'info' : absenceOf(row);
}

const isActive = (row) => row.connections + row.drops + row.refusals > 0;

// absenceOf returns the kind of a day without activity: "unknown" if the state is unknown at any
// time of the day, or "away" if the device was offline.
const absenceOf = (row) => (row.unknown_ms > 0 ? 'unknown' : 'away');

// wordOf returns the word that a day shows instead of figures, or null if the day shows figures.
function wordOf(row, kind) {
  if (!row || row.not_read) return text(`days.${kind}`);
  return isActive(row) ? null : text(`days.${absenceOf(row)}`);
}

// dayCell returns the cell of a day, { at, row }. If onDay is given, the cell is a button that
// calls onDay with the day's first instant.
export function dayCell({ at, row }, isFirst, days, onDay) {
  const kind = kindOf(row, days);
  const word = wordOf(row, kind);
  const isCurrent = days.covers(at);
  const attributes = {
    class: `day day-${kind}${isCurrent ? ' current' : ''}`,
    'aria-label': labelOf(at, row, kind, word, isCurrent),
    'aria-current': isCurrent && 'date',
  };
  const content = [
    head(at, kind, isFirst),
    el('span', { class: 'day-figures' }, word ? el('span', { class: 'day-word' }, word) : figures(row)),
    meter(at, row, kind),
  ];
  if (!onDay) return el('div', { ...attributes, role: 'group' }, content);
  return el('button', { ...attributes, id: `day-${utcDate(at)}`, type: 'button', on: { click: () => onDay(at) } }, content);
}

// head shows the date and the sign. The date has a long and a short form, and the style sheet hides
// one of them.
function head(at, kind, isFirst) {
  const dayOfMonth = new Date(at).getUTCDate();
  return el('span', { class: 'day-head' },
    el('span', { class: 'day-long' }, el('span', { class: 'weekday' }, utcWords(at, { weekday: 'short' })), ' ', utcWords(at, { month: 'short', day: 'numeric' })),
    el('span', { class: 'day-short' }, isFirst || dayOfMonth === 1 ? utcWords(at, { month: 'numeric', day: 'numeric' }) : String(dayOfMonth)),
    icon(signs[kind]));
}

function figures(row) {
  const drops = el('strong', {}, atLeast(row));
  return [
    el('span', { class: row.drops > 0 ? 'day-drops some' : 'day-drops' },
      phrase(row.drops === 1 ? 'days.drop' : 'days.drops', { count: drops }).map((part) => (part && part !== drops ? el('span', { class: 'day-word' }, part) : part))),
    row.refusals > 0 ? el('span', { class: 'day-refusals' }, refusalSwatch(), few(row.refusals)) : null,
  ];
}

// few formats a count so that it fits into a narrow cell, such as 12K.
const few = (count) => number(count, { notation: 'compact' });

// atLeast formats the number of drops. The result ends in "+" if it is unknown whether more
// connections dropped.
const atLeast = (row) => few(row.drops) + (mostDrops(row) > row.drops ? '+' : '');

// meter draws a bar for the 24 hours of the day: first the time online, then the time in an unknown
// state. The rest, up to now or to the end of the day, is the time offline.
function meter(at, row, kind) {
  if (!row || kind === 'unread') return null;
  const share = (length) => (100 * Math.max(length, 0)) / day;
  const bar = (name, from, length) => svg('rect', { class: name, x: share(from), width: share(length), height: 3 });
  return svg('svg', { class: 'meter', viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    bar('rest', 0, Math.min(Date.now() - at, day)), bar('part', 0, row.online_ms), bar('unknown', row.online_ms, row.unknown_ms));
}

// labelOf returns everything known about a day as one line of plain text.
function labelOf(at, row, kind, word, isCurrent) {
  const parts = [
    text('days.date', { date: utcWords(at, { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }) }),
    isCurrent && text('days.current'),
    kind in levels && text(levels[kind]),
    ...(word ? [word] : allFigures(row)),
  ];
  return parts.filter(Boolean).join(text('summary.and'));
}

const levels = { problem: 'level.problem', notice: 'level.notice', info: 'level.info', counted: 'days.counted' };

const optional = ['disconnects', 'unexplained', 'unreported'];

function allFigures(row) {
  return [
    row.connections > 0 && text('days.connections', { count: number(row.connections) }),
    dropCount(row.drops),
    ...optional.filter((name) => row[name] > 0).map((name) => text(`summary.${name}`, { count: number(row[name]) })),
    row.refusals > 0 && text('days.refusals', { count: number(row.refusals) }),
    row.online_ms > 0 && text('summary.uptime.note', { online: duration(row.online_ms) }),
    row.unknown_ms > 0 && text('days.unknownFor', { length: duration(row.unknown_ms) }),
    row.last_drop && dropText({ drop: row.last_drop }, secondStamp).join(''),
  ];
}
