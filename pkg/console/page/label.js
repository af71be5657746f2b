// What a connection, or a part of the timeline, is in one line of plain words.

import { boundsOf } from './bars.js';
import { kindLabel, kindOf, tally } from './kinds.js';
import { duration, ms, spanText, stamp } from './time.js';
import { number, text } from './text.js';

// labelOf an item of the timeline.
export function labelOf(item, scale) {
  if (item.refusals) return refusalLabel(item.refusals);
  return item.connections.length === 1 ? connectionLabel(item.connections[0], scale.to) : sharedLabel(item.connections, scale);
}

function refusalLabel(refusals) {
  const [first] = refusals;
  const values = { count: number(refusals.length), time: wordy(stamp(ms(first.time))), info: first.action_info };
  return text(refusals.length > 1 ? 'timeline.refusals' : 'timeline.refusal', values);
}

function sharedLabel(connections, scale) {
  return text('timeline.shared', {
    count: number(connections.length),
    span: spanText(...boundsOf(connections, scale)),
    ends: tally(connections).map(([kind, count]) => `${kindLabel(kind)} × ${number(count)}`).join(', '),
  });
}

// connectionLabel is its span, its length and its end. What is open lasts until to.
export function connectionLabel(connection, to) {
  const length = lengthOf(connection, to);
  return [
    extentOf(connection),
    length === null ? null : duration(length),
    kindLabel(kindOf(connection)),
  ].filter((part) => part !== null).join(' · ');
}

const wordy = (stamp) => stamp.replace('.000', '');

// extentOf is from when to when.
function extentOf({ start, end }) {
  if (start && end) return spanText(ms(start), ms(end));
  if (start) return text('connection.since', { time: wordy(stamp(ms(start))) });
  return end ? text('connection.until', { time: wordy(stamp(ms(end))) }) : text('unknown');
}

// lengthOf is null where a beginning is not known.
export function lengthOf({ start, end }, to) {
  return start === null ? null : Math.max((ms(end) ?? to) - ms(start), 0);
}
