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
    usualText(view),
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
  const drop = view.lastDrop();
  const lines = [sinceText(verdict, view, (at) => iso(at)), usualText(view), drop && dropText(drop, (at) => iso(at)).join('')];
  return lines.filter(Boolean).map((line) => [line].flat().join(''));
}

// sinceText returns since when a verdict is true, as a list of strings and nodes, or null if that
// is not known. show formats an instant.
function sinceText(verdict, view, show) {
  const since = sinceOf(verdict, view);
  if (!since) return null;
  const began = show(since.at, minuteStamp);
  if (since.atLeast) return phrase('since.atLeast', { time: began });
  return phrase('since.exactly', { time: began, length: lengthText(ms(view.report.to) - since.at) });
}

const lengthText = (length) => (length < 1.5 * day ? duration(Math.max(length, 0)) : text('since.days', { n: number(Math.round(length / day)) }));

// sinceOf returns the instant at which the run of days with a verdict began, { at, atLeast }.
// atLeast means that the run may be longer. It comes from the first of these that is known:
//   - the verdict itself, if all days that are kept were searched
//   - the last day of the span
//   - the day before, because a span of a few events can have another verdict than its whole day
//   - the verdict's evidence, if it is complete
//
// For a verdict that only says that nothing is wrong, the day decides alone, because the rest of
// the day may have been different. If nothing is known, or if the verdict is not about any event,
// sinceOf returns null.
function sinceOf(verdict, { days, report }) {
  if (verdict.count === 0) return null;
  const at = ms(report.to);
  const runOn = (instant) => days.rowOf(instant)?.since?.[verdict.code];
  const since = verdict.level === 'info' ? runOn(at) : verdict.since ?? runOn(at) ?? runOn(at - day);
  return since && ms(since.at) <= at ? { at: ms(since.at), atLeast: Boolean(since.at_least) } : firstEvidence(verdict);
}

// firstEvidence returns the time of the first end or refusal in a verdict's evidence. It returns
// null if the evidence is incomplete, or if the verdict only says that nothing is wrong.
function firstEvidence({ evidence, count, level }) {
  const times = evidence.filter((one) => one.time && one.action !== 'connect').map((one) => ms(one.time));
  return level !== 'info' && times.length && evidence.length === count ? { at: Math.min(...times), atLeast: false } : null;
}

// usualText returns how often the device dropped on the last day of the span, and how often it
// usually does. If the span itself has no drops, the number is worth saying even if nothing is
// known to be usual. usualText returns null if there is nothing to say.
function usualText(view) {
  const at = ms(view.report.to);
  const row = view.days.rowOf(at);
  const usual = view.report.usual ?? row?.usual;
  const drops = row?.drops ?? usual?.drops;
  if (!drops || (!usual && view.hasDrops())) return null;
  return [dropsOn(at, drops), usual && usually(usual)].filter(Boolean).join(text('usual.and'));
}

function dropsOn(at, count) {
  const isToday = utcDayOf(at) === utcDayOf(Date.now());
  return text(isToday ? 'usual.today' : 'usual.on', { drops: dropCount(count), date: utcDate(at) });
}

// usually says how many drops are usual. Two days or one are too few to call their number usual.
function usually({ min, max, days }) {
  const usual = min === max ? number(min) : `${number(min)}–${number(max)}`;
  const often = days > 2 ? 'usual.often' : ['usual.one', 'usual.two'][days - 1];
  return text(often, { usual, days: number(days) });
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
  return isCalm && !view.hasDrops() ? text('drop.none', { date: rows.at(-1).day }) : null;
}
