import { el, svg, unbroken } from './dom.js';
import { connectionCount, leavesOut } from './omitted.js';
import { number, phrase, text } from './text.js';
import { duration } from './time.js';

// summary is a span in numbers. What is not known is a dash, or a bound.
export function summary(report) {
  const { summary: s } = report;
  const length = (value) => (value === null ? '–' : duration(value));
  return el('dl', { class: 'summary card' },
    tile('uptime', uptime(s), uptimeNote(s), s.uptime === null ? null : meter(s)),
    tile('connections', number(connectionCount(report)), text('summary.connects', { count: number(s.connects) })),
    tile('drops', drops(s), dropsNote(s), null, s.drops > 0),
    tile('refusals', number(s.refusals), text('summary.refusals.note'), null, s.refusals > 0),
    tile('longest', length(s.longest_ms), text('summary.longest.note')),
    tile('median', length(s.median_ms), medianNote(report)));
}

function tile(name, value, note, extra = null, bad = false) {
  return el('div', { class: `tile${bad ? ' bad' : ''}` },
    el('dt', {}, text(`summary.${name}`)),
    el('dd', {}, el('span', { class: 'value' }, value), extra, el('small', {}, note)));
}

// uptime is a bound where ends were not reported: nobody knows for how long before the
// next connection the client was offline.
function uptime({ uptime: share, unreported }) {
  return unreported > 0 && share !== null ? text('summary.uptime.most', { share: percent(share) }) : percent(share);
}

function uptimeNote(s) {
  const lengths = { online: unbroken(duration(s.online_ms)), unknown: unbroken(duration(s.unknown_ms)) };
  const note = phrase(s.unknown_ms > 0 ? 'summary.uptime.unknown' : 'summary.uptime.note', lengths);
  return s.unreported > 0 ? [...note, text('summary.and'), text('summary.unreported', { count: number(s.unreported) })] : note;
}

// drops are from as many as are known to as many as there can have been.
function drops({ drops: least, unexplained, unreported }) {
  const most = least + unexplained + unreported;
  return least === most ? number(least) : text('summary.drops.range', { least: number(least), most: number(most) });
}

// dropsNote counts the ends that are no drops, or not known to be.
function dropsNote(s) {
  const notKnown = ['unexplained', 'unreported'].filter((name) => s[name] > 0);
  return ['disconnects', ...notKnown].map((name) => text(`summary.${name}`, { count: number(s[name]) })).join(text('summary.and'));
}

// medianNote says of how many, unless the report leaves some out.
function medianNote(report) {
  const { length } = report.connections.filter((one) => one.end_is === 'reported' && one.start !== null);
  if (leavesOut(report, 'connections') || length === 0) return text('summary.longest.note');
  return text('summary.median.note', { count: number(length) });
}

// percent never rounds a loss away.
function percent(share) {
  if (share === null) return '–';
  const digits = share > 0.999 && share < 1 ? 3 : 1;
  const floor = Math.floor(share * 100 * 10 ** digits) / 10 ** digits;
  return `${number(floor, { maximumFractionDigits: digits })} %`;
}

// meter is of the time that is known, as the figure above it.
function meter(s) {
  const online = 100 * s.uptime;
  return svg('svg', { class: 'meter', viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'rest', width: 100, height: 3 }),
    svg('rect', { class: 'part', width: online, height: 3 }));
}
