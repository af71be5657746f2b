// What the days around a span say about it: since when a verdict is true, how many drops are usual
// for the device, and when it dropped last.

import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { hourAround } from './span.js';
import { mostDrops } from './summary.js';
import { number, phrase, text } from './text.js';
import { day, duration, iso, minuteStamp, ms, secondStamp, time, utcDate, utcDayOf } from './time.js';
import { infoLabel } from './vocabulary.js';

// trends returns a paragraph with everything that the days say about the first verdict, which may
// be null. It fills itself in as soon as the days are known. onSpan receives the span that the user
// wants to see. Without onSpan, there is nothing to click.
export function trends(verdict, view, { onSpan }) {
  return filled(view, () => [
    verdict && sinceText(verdict, view, time),
    usualText(verdict, view),
    lastDrop(view, onSpan) ?? noDrop(view),
  ]);
}

// sinceWhen returns a paragraph that says since when a verdict is true. It fills itself in as soon
// as the days are known.
export const sinceWhen = (verdict, view) => filled(view, () => [sinceText(verdict, view, time)]);

function filled(view, partsOf) {
  const node = el('p', { class: 'trends' });
  view.days.watch(() => node.replaceChildren(...partsOf().filter(Boolean).map((part) => el('span', {}, part))));
  return node;
}

// trendLines returns the same as trends as lines of plain text.
export function trendLines(verdict, view) {
  const show = (at) => iso(at);
  const drop = view.lastDrop();
  const lines = [sinceText(verdict, view, show), usualText(verdict, view), drop ? dropText(drop, show) : noDrop(view)];
  return lines.filter(Boolean).map((line) => [line].flat().join(''));
}

// sinceText returns since when a verdict is true, as a list of strings and nodes, or null if that
// is not known. show formats an instant.
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
// instant to which the search went back. If it is within a day, the next day is the earliest one
// that was searched as a whole.
const isOnFirstDay = (at, searched) => utcDayOf(at) - searched < day;

// sinceOf returns since when a verdict is true, { at, at_least }. If at_least is set, the verdict
// may have been true even earlier. The result comes from the first of these that is known:
//   - the verdict itself, if all days that are kept were searched
//   - the last day of the span
//   - the day before, because a span of a few events can have another verdict than its whole day
//   - the verdict's evidence, if it is complete
//
// For a verdict that only says that nothing is wrong, the day decides alone, because the rest of
// the day may have been different. If nothing is known, or if the verdict has no evidence and so is
// not about any event, sinceOf returns null.
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

// usualText returns how often the device dropped on the last day of the span, and how often it
// usually does. It returns null if there is nothing to say.
function usualText(verdict, view) {
  const at = ms(view.report.to);
  const row = view.days.rowOf(at);
  const usual = view.report.usual ?? row?.usual;
  const drops = row?.drops ?? usual?.drops;
  if (!drops || !isWorthSaying(drops, usual, verdict, view)) return null;
  const own = text('usual.on', { drops: dropCount(drops), date: utcLabel(utcDate(at)) });
  return [own, usual && usually(usual)].filter(Boolean).join(text('usual.and'));
}

// isWorthSaying reports whether a day's number of drops is worth saying. If the first verdict only
// says that nothing is wrong, the number must be higher than usual. If it is not known what is
// usual, the span itself must be without drops.
function isWorthSaying(drops, usual, verdict, view) {
  if (!usual) return !view.hasDrops();
  const isTrouble = verdict !== null && verdict.level !== 'info';
  return isTrouble || drops > usual.max;
}

const utcLabel = (date) => text('days.date', { date });

const minUsual = 3; // the minimum number of days that show what is usual

// usually says how many drops are usual.
function usually({ min, max, days }) {
  const usual = min === max ? number(min) : `${number(min)}–${number(max)}`;
  if (days >= minUsual) return text('usual.often', { usual });
  return text(days === 1 ? 'usual.day' : 'usual.days', { usual, days: number(days) });
}

// dropCount returns a number of drops in words.
export const dropCount = (count) => text(count === 1 ? 'days.drop' : 'days.drops', { count: number(count) });

// newestDrop returns the newest drop up to an instant, { drop, isAfter }, or null if none is known.
// The days name only the newest drop of each day. If that of the instant's own day is later than
// the instant, an earlier one of that day may be hidden behind it, so newestDrop returns the later
// one and sets isAfter. It does the same if all known drops are later.
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
  if (!onSpan) return words;
  return [...words, text('drop.colon'), el('button', { id: 'last-drop', type: 'button', class: 'link-like', on: { click: () => onSpan(hourAround(at, Date.now())) } }, text('drop.show'))];
}

// dropText says when and how the device dropped last. show formats an instant, and word the reason.
export function dropText({ drop, isAfter }, show, word = plain) {
  return phrase(isAfter ? 'drop.after' : 'drop.last', { time: show(ms(drop.time)), reason: word(infoLabel(drop)) });
}

// noDrop returns since when there were no drops, if the days are known to be without.
function noDrop(view) {
  const { days, report } = view;
  const rows = days.known().filter((row) => ms(row.day) <= ms(report.to));
  const isCalm = rows.some((row) => row.connections > 0) && rows.every((row) => mostDrops(row) === 0);
  return isCalm && !view.hasDrops() ? text('drop.none', { date: utcLabel(rows.at(-1).day) }) : null;
}
