// What the days around a span say about it: when a verdict began to apply, how many drops are usual
// for the device, and when the device last dropped.

import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { hourAround, utcDay } from './span.js';
import { mostDrops } from './summary.js';
import { number, phrase, text } from './text.js';
import { day, duration, iso, minuteStamp, ms, secondStamp, time, utcDate, utcDayOf } from './time.js';
import { infoLabel } from './vocabulary.js';

// trends returns a paragraph with everything that the days say about the first verdict, which may
// be null. The paragraph fills itself in as soon as the days are known. When the user asks to see
// the last drop, trends calls onSpan with the hour around it. When the user asks to see the whole
// day, trends calls onSpan with that day. Without onSpan, there is nothing to click.
export function trends(verdict, view, { onSpan }) {
  return filled(view, () => [
    verdict && sinceText(verdict, view, time),
    usualText(verdict, view),
    lastDrop(view, onSpan) ?? noDrop(view),
    wholeDay(verdict, view, onSpan),
  ]);
}

// sinceWhen returns a paragraph that says when a verdict began to apply. The paragraph fills itself
// in as soon as the days are known.
export const sinceWhen = (verdict, view) => filled(view, () => [sinceText(verdict, view, time)]);

function filled(view, partsOf) {
  const node = el('p', { class: 'trends' });
  view.days.watch(() => node.replaceChildren(...partsOf().filter(Boolean).map((part) => el('span', {}, part))));
  return node;
}

// trendLines returns the content of trends as lines of plain text.
export function trendLines(verdict, view) {
  const show = (at) => iso(at);
  const drop = view.lastDrop();
  const lines = [sinceText(verdict, view, show), usualText(verdict, view), drop ? dropText(drop, show) : noDrop(view), wholeDay(verdict, view)];
  return lines.filter(Boolean).map((line) => [line].flat().join(''));
}

// sinceText returns a phrase that says when a verdict began to apply, as a list of strings and
// nodes. It returns null if that time is not known. show formats an instant.
function sinceText(verdict, view, show) {
  const since = sinceOf(verdict, view);
  if (!since) return null;
  const at = ms(since.at);
  const began = show(at, minuteStamp);
  if (!since.at_least) return phrase('since.exactly', { time: began, length: lengthText(ms(view.report.to) - at) });
  const searched = since === verdict.since ? ms(view.report.looked_back_to) : view.days.searched;
  return phrase(isOnFirstDay(at, searched) ? 'since.earliest' : 'since.atLeast', { time: began });
}

const lengthText = (length) => (length < 1.5 * day ? duration(Math.max(length, 0)) : text('since.days', { n: number(Math.round(length / day)) }));

// isOnFirstDay reports whether an instant is on the earliest day that was searched. searched is the
// instant to which the search went back. If searched is within a day, the next day is the earliest
// one that was searched as a whole.
const isOnFirstDay = (at, searched) => utcDayOf(at) - searched < day;

// sinceOf returns when a verdict began to apply, { at, at_least }. If at_least is set, the verdict
// may have applied even earlier. The result comes from the first of the following sources that is
// known:
//   - the verdict itself, if all days that are kept were searched
//   - the last day of the span
//   - the day before, because a span with only a few events can have a different verdict from its
//     whole day
//   - the verdict's evidence, if it is complete
//
// If a verdict only says that nothing is wrong, the result comes only from the last day of the
// span, because the rest of that day may have been different. sinceOf returns null if no source is
// known, or if the verdict has no evidence and is therefore not about any event.
function sinceOf(verdict, { days, report }) {
  if (!verdict.evidence.length) return null;
  const at = ms(report.to);
  const runOn = (instant) => days.rowOf(instant)?.since?.[verdict.code];
  const since = verdict.level === 'info' ? runOn(at) : verdict.since ?? runOn(at) ?? runOn(at - day);
  return since && ms(since.at) <= at ? since : firstEvidence(verdict);
}

// firstEvidence returns the time of the first end or refusal in a verdict's evidence. It returns
// null if the evidence is incomplete, or if the verdict only says that nothing is wrong.
function firstEvidence({ evidence, count, level }) {
  const times = evidence.filter((one) => one.time && one.action !== 'connect').map((one) => one.time);
  return level !== 'info' && times.length && evidence.length === count ? { at: times.sort()[0] } : null;
}

// usualText returns a phrase with the number of drops on the last day of the span and the usual
// number. It returns null if the number should not be shown.
function usualText(verdict, view) {
  const at = ms(view.report.to);
  const row = view.days.rowOf(at);
  const usual = view.report.usual ?? row?.usual;
  const drops = row?.drops ?? usual?.drops;
  if (!drops || !isWorthSaying(drops, usual, verdict, view)) return null;
  const own = text('usual.on', { drops: dropCount(drops), date: utcLabel(utcDate(at)) });
  return [own, usual && usually(usual)].filter(Boolean).join(text('usual.and'));
}

// isWorthSaying reports whether to show a day's number of drops. If the usual number is not known,
// the number is shown only if the span itself has no drops. Otherwise, the number is shown if the
// first verdict is a problem or a notice, or if the number is higher than usual.
function isWorthSaying(drops, usual, verdict, view) {
  if (!usual) return !view.hasDrops();
  const isTrouble = verdict !== null && verdict.level !== 'info';
  return isTrouble || drops > usual.max;
}

const utcLabel = (date) => text('days.date', { date });

const minUsual = 3; // the minimum number of earlier days for which the text uses the word "usually"

// usually returns a phrase with the usual number of drops.
function usually({ min, max, days }) {
  const usual = min === max ? number(min) : `${number(min)}–${number(max)}`;
  if (days >= minUsual) return text('usual.often', { usual });
  return text(days === 1 ? 'usual.day' : 'usual.days', { usual, days: number(days) });
}

// dropCount returns a number of drops in words.
export const dropCount = (count) => text(count === 1 ? 'days.drop' : 'days.drops', { count: number(count) });

// newestDrop returns the newest drop up to an instant, { drop, isAfter }, or null if no drop is
// known. Each row contains only the newest drop of its day. If the newest drop on the day of the
// instant is after the instant, the row may hide an earlier drop on that day. Then newestDrop
// returns the drop after the instant and sets isAfter. It also sets isAfter if all known drops are
// after the instant.
export function newestDrop(days, at) {
  const drops = days.known().map((row) => row.last_drop).filter(Boolean);
  const before = drops.find((drop) => ms(drop.time) <= at);
  const own = days.rowOf(at)?.last_drop;
  if (own && ms(own.time) > at) return { drop: own, isAfter: true };
  if (before) return { drop: before, isAfter: false };
  return drops.length ? { drop: drops[0], isAfter: true } : null;
}

function lastDrop(view, onSpan) {
  const found = view.lastDrop();
  if (!found) return null;
  const at = ms(found.drop.time);
  const words = dropText(found, (instant) => time(instant, secondStamp), datum);
  return onSpan ? [...words, text('drop.colon'), showButton('last-drop', () => onSpan(hourAround(at, Date.now())))] : words;
}

const showButton = (id, onClick) => el('button', { id, type: 'button', class: 'link-like', on: { click: onClick } }, text('drop.show'));

// wholeDay returns a phrase that says that the last day of the span, as a whole, shows a problem. It
// returns null if the first verdict is about a problem, too.
function wholeDay(verdict, view, onSpan) {
  const at = ms(view.report.to);
  if (view.days.rowOf(at)?.level !== 'problem' || verdict?.level === 'problem') return null;
  const words = phrase('day.problem', { date: utcLabel(utcDate(at)) });
  return onSpan ? [...words, text('drop.colon'), showButton('whole-day', () => onSpan(utcDay(at)))] : words;
}

// dropText returns a phrase that says when and why the device last dropped, as a list of strings
// and nodes. show formats an instant. word formats the reason.
export function dropText({ drop, isAfter }, show, word = plain) {
  return phrase(isAfter ? 'drop.after' : 'drop.last', { time: show(ms(drop.time)), reason: word(infoLabel(drop)) });
}

// noDrop returns a phrase such as "No drops on record since 2026-11-22 (UTC)". It returns null if
// the device may have dropped on one of the known days, or had no connections on any of them.
function noDrop(view) {
  const { days, report } = view;
  const rows = days.known().filter((row) => ms(row.day) <= ms(report.to));
  const isCalm = rows.some((row) => row.connections > 0) && rows.every((row) => mostDrops(row) === 0);
  return isCalm && !view.hasDrops() ? text('drop.none', { date: utcLabel(rows.at(-1).day) }) : null;
}
