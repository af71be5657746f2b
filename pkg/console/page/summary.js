// A report's figures. If the exact value of a figure is unknown, the page shows a dash, a bound or
// a range.

import { el, svg, unbroken } from './dom.js';
import { connectionCount, leavesOut } from './omitted.js';
import { number, phrase, text } from './text.js';
import { clock, date, duration, minuteStamp, ms, second } from './time.js';

export function summaryTiles(report) {
  const { summary } = report;
  const length = (value) => (value === null ? '–' : duration(value));
  return el('dl', { class: 'summary of-device card' },
    tile('uptime', uptime(summary), uptimeNote(summary), summary.uptime === null ? null : meter(summary.uptime)),
    tile('offline', timeOffline(report), gapCount(report)),
    tile('gap', longestGap(report), gapNote(report)),
    tile('drops', drops(summary), dropsNote(summary), null, summary.drops > 0),
    tile('refusals', number(summary.refusals), text('summary.refusals.note'), null, summary.refusals > 0),
    tile('connections', number(connectionCount(report)), summary.connects > 0 ? text('summary.connects', { count: number(summary.connects) }) : ''),
    tile('longest', length(summary.longest_ms), text('summary.longest.note')),
    tile('median', length(summary.median_ms), medianNote(report)));
}

function tile(name, value, note, extra = null, bad = false) {
  return el('div', { class: `tile${bad ? ' bad' : ''}` },
    el('dt', {}, text(`summary.${name}`)),
    el('dd', {}, el('span', { class: 'value' }, value), extra, note.length ? el('small', {}, note) : null));
}

// uptime formats the uptime. If the ends of some connections were not reported, it is unknown how
// long the client was offline before it connected again. The result is then an upper bound.
function uptime({ uptime: share, unreported }) {
  return unreported > 0 && share !== null ? text('summary.uptime.max', { share: percent(share) }) : percent(share);
}

// uptimeNote returns the note below the uptime, as a list of strings and nodes. It leaves out the
// figures that are zero.
function uptimeNote({ online_ms: online, unknown_ms: unknown, unreported }) {
  const lengths = { online: unbroken(duration(online)), unknown: unbroken(duration(unknown)) };
  const parts = [
    online > 0 && phrase(unknown > 0 ? 'summary.uptime.unknown' : 'summary.uptime.note', lengths),
    online === 0 && unknown > 0 && phrase('days.unknownFor', { length: lengths.unknown }),
    unreported > 0 && text('summary.unreported', { count: number(unreported) }),
  ].filter(Boolean);
  return parts.flatMap((part, i) => [i ? text('summary.and') : '', part].flat()).filter((part) => part !== '');
}

// isUncertain reports whether the device may have been offline longer than the summary says:
//   - Its state is sometimes unknown.
//   - It is unknown when some of its connections ended.
//   - The summary leaves out the beginning of the range, which has too many events.
const isUncertain = ({ summary, cut_before: cut }) => summary.unknown_ms > 0 || summary.unreported > 0 || Boolean(cut);

// offlineText formats a time offline. isBound says that the length is only a lower bound.
function offlineText(length, isBound) {
  if (!length) return isBound ? '–' : text('summary.offline.none');
  return isBound ? text('summary.atLeast', { length: duration(length) }) : duration(length);
}

const timeOffline = (report) => offlineText(report.summary.offline_ms, isUncertain(report));

const gapsOf = ({ timeline }) => timeline.filter((one) => one.state === 'offline');

// gapCount returns the note below the time offline, which states the number of gaps. It is empty if
// there are none, or if their number is unknown because the report omits some.
function gapCount(report) {
  const { length } = gapsOf(report);
  if (!length || leavesOut(report, 'timeline')) return '';
  return text(length === 1 ? 'summary.offline.gap' : 'summary.offline.gaps', { count: number(length) });
}

// longestGap formats the longest time offline. A gap at the start or the end of the range may be longer
// than the part inside the range.
function longestGap(report) {
  const { isFirst, isLast } = edgesOf(longestGapOf(report), report);
  return offlineText(report.summary.longest_offline_ms, isUncertain(report) || isFirst || isLast);
}

// longestGapOf returns the longest gap of the timeline, or undefined if the report omits it.
function longestGapOf(report) {
  return gapsOf(report).find(({ from, to }) => ms(to) - ms(from) === report.summary.longest_offline_ms);
}

const edgesOf = (gap, report) => ({
  isFirst: gap !== undefined && ms(gap.from) <= ms(report.cut_before ?? report.from), isLast: gap !== undefined && ms(gap.to) >= ms(report.to),
});

// gapNote returns the note below the length of the longest gap. It says when the gap was.
function gapNote(report) {
  const gap = longestGapOf(report);
  if (!gap) return '';
  const { isFirst, isLast } = edgesOf(gap, report);
  const [from, to] = [ms(gap.from), ms(gap.to)];
  if (isFirst && isLast) return text('summary.gap.whole');
  if (isFirst) return text('connection.until', { time: minuteStamp(to) });
  if (isLast) return text('connection.since', { time: minuteStamp(from) });
  return date(from) === date(to) ? `${clock(from, second)} – ${clock(to, second)}` : `${minuteStamp(from)} – ${minuteStamp(to)}`;
}

// mostDrops returns the maximum number of drops: the certain drops and all ends that may be drops.
export const mostDrops = ({ drops: certain, unexplained, unreported }) => certain + unexplained + unreported;

// drops formats the number of drops. If it is unknown whether some connections dropped, the result
// is a range.
function drops(summary) {
  const [min, max] = [summary.drops, mostDrops(summary)];
  return min === max ? number(min) : text('summary.drops.range', { min: number(min), max: number(max) });
}

// dropsNote returns the note below the number of drops. The note states how many connections ended
// with a DISCONNECT. It also states how many ended without a reported reason, and how many have an
// unreported end, because these may be drops. It leaves out the numbers that are zero.
function dropsNote(summary) {
  const other = ['disconnects', 'unexplained', 'unreported'].filter((name) => summary[name] > 0);
  return other.map((name) => text(`summary.${name}`, { count: number(summary[name]) })).join(text('summary.and'));
}

// medianNote returns the note below the median. The note states how many connections the median
// covers. If there are none, or if the report omits connections, the note contains no number.
function medianNote(report) {
  const { length } = report.connections.filter((one) => one.end_is === 'reported' && one.start !== null);
  if (leavesOut(report, 'connections') || length === 0) return text('summary.longest.note');
  return text('summary.median.note', { count: number(length) });
}

// percent returns a share as a percentage. It rounds down, so that only a full uptime is 100%.
function percent(share) {
  if (share === null) return '–';
  const digits = share > 0.999 && share < 1 ? 3 : 1;
  const floor = Math.floor(share * 100 * 10 ** digits) / 10 ** digits;
  return `${number(floor, { maximumFractionDigits: digits })} %`;
}

// meter draws the uptime as a bar. Like the percentage above it, the bar ignores periods in which
// the state is unknown.
function meter(share) {
  return svg('svg', { class: 'meter', viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'rest', width: 100, height: 3 }),
    svg('rect', { class: 'part', width: 100 * share, height: 3 }));
}
