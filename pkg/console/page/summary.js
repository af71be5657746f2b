// A report's figures. If the exact value of a figure is unknown, the page shows a dash, a bound or
// a range.

import { el, svg, unbroken } from './dom.js';
import { connectionCount, leavesOut } from './omitted.js';
import { number, phrase, text } from './text.js';
import { duration } from './time.js';

export function summaryTiles(report) {
  const { summary } = report;
  const length = (value) => (value === null ? '–' : duration(value));
  return el('dl', { class: 'summary card' },
    tile('uptime', uptime(summary), uptimeNote(summary), summary.uptime === null ? null : meter(summary.uptime)),
    tile('connections', number(connectionCount(report)), text('summary.connects', { count: number(summary.connects) })),
    tile('drops', drops(summary), dropsNote(summary), null, summary.drops > 0),
    tile('refusals', number(summary.refusals), text('summary.refusals.note'), null, summary.refusals > 0),
    tile('longest', length(summary.longest_ms), text('summary.longest.note')),
    tile('median', length(summary.median_ms), medianNote(report)));
}

function tile(name, value, note, extra = null, bad = false) {
  return el('div', { class: `tile${bad ? ' bad' : ''}` },
    el('dt', {}, text(`summary.${name}`)),
    el('dd', {}, el('span', { class: 'value' }, value), extra, el('small', {}, note)));
}

// uptime formats the uptime. If the ends of some connections were not reported, it is unknown how
// long the client was offline before it connected again. The result is then an upper bound.
function uptime({ uptime: share, unreported }) {
  return unreported > 0 && share !== null ? text('summary.uptime.max', { share: percent(share) }) : percent(share);
}

function uptimeNote(summary) {
  const lengths = { online: unbroken(duration(summary.online_ms)), unknown: unbroken(duration(summary.unknown_ms)) };
  const note = phrase(summary.unknown_ms > 0 ? 'summary.uptime.unknown' : 'summary.uptime.note', lengths);
  return summary.unreported > 0 ? [...note, text('summary.and'), text('summary.unreported', { count: number(summary.unreported) })] : note;
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
// unreported end, because these may be drops.
function dropsNote(summary) {
  const uncertain = ['unexplained', 'unreported'].filter((name) => summary[name] > 0);
  return ['disconnects', ...uncertain].map((name) => text(`summary.${name}`, { count: number(summary[name]) })).join(text('summary.and'));
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
