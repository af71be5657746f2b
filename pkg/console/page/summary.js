import { el, svg, unbroken } from './dom.js';
import { connectionCount } from './omitted.js';
import { number, phrase, text } from './text.js';
import { duration } from './time.js';

// summary is a span in numbers. What is not known is a dash.
export function summary(report) {
  const { summary: s } = report;
  const length = (value) => (value === null ? '–' : duration(value));
  return el('dl', { class: 'summary card' },
    tile('uptime', percent(s.uptime), uptimeNote(s), s.uptime === null ? null : meter(s)),
    tile('connections', number(connectionCount(report)), text('summary.connects', { count: number(s.connects) })),
    tile('drops', number(s.drops), dropsNote(s), null, s.drops > 0),
    tile('refusals', number(s.refusals), text('summary.refusals.note'), null, s.refusals > 0),
    tile('longest', length(s.longest_ms), text('summary.longest.note')),
    tile('median', length(s.median_ms), text('summary.median.note')));
}

function tile(name, value, note, extra = null, bad = false) {
  return el('div', { class: `tile${bad ? ' bad' : ''}` },
    el('dt', {}, text(`summary.${name}`)),
    el('dd', {}, el('span', { class: 'value' }, value), extra, el('small', {}, note)));
}

const uptimeNote = (s) => phrase(s.unknown_ms > 0 ? 'summary.uptime.unknown' : 'summary.uptime.note', { online: unbroken(duration(s.online_ms)), unknown: unbroken(duration(s.unknown_ms)) });

// dropsNote counts the ends that are no drops, or not known to be.
function dropsNote({ disconnects, unexplained, unreported }) {
  const unknown = unexplained + unreported;
  return text(unknown > 0 ? 'summary.disconnects.unknown' : 'summary.disconnects', { count: number(disconnects), unknown: number(unknown) });
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
