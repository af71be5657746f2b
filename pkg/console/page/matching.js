// Which event belongs to which connection.

import { ms } from './time.js';

const keyLength = 40; // characters of a channel in a key

// keyOf names a connection in a URL. The channel distinguishes connections that began in
// the same millisecond.
export const keyOf = ({ start, end, channel_id: channel }) => `${start ?? end ?? 'open'} ${[...channel].slice(0, keyLength).join('')}`.trim();

// findByKey also accepts a key without a channel.
export function findByKey(connections, key) {
  return connections.find((one) => keyOf(one) === key) ?? connections.find((one) => keyOf(one).startsWith(`${key} `));
}

// belongs reports whether an event belongs to a connection. If either lacks the channel,
// because some sources report less at one end, the times must be equal.
export function belongs(row, connection) {
  const at = ms(row.time);
  if (!row.channel_id || !connection.channel_id) return row.time === (row.action === 'connect' ? connection.start : connection.end);
  return row.channel_id === connection.channel_id && at >= (ms(connection.start) ?? -Infinity) && at <= (ms(connection.end) ?? Infinity);
}

// findAt returns the newest connection that ended at an instant, or else began at it, or
// else was open. Ends come first, because at a takeover the next connection begins before
// the broker reports the end of the old one.
export function findAt(connections, at) {
  return connections.findLast((one) => ms(one.end) === at)
    ?? connections.findLast((one) => ms(one.start) === at)
    ?? connections.findLast((one) => (ms(one.start) ?? ms(one.end)) <= at && at <= (ms(one.end) ?? Infinity));
}
