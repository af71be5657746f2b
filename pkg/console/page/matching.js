// Functions that find the connection of an event, an instant or a key.

import { ms } from './time.js';

const keyLength = 40; // characters of a channel in a key

// keyOf returns the key that identifies a connection in a URL. The channel in the key
// distinguishes connections that began in the same millisecond.
export const keyOf = ({ start, end, channel_id: channel }) => `${start ?? end ?? 'open'} ${[...channel].slice(0, keyLength).join('')}`.trim();

// findByKey returns the connection with a key. It also accepts a key without a channel.
export function findByKey(connections, key) {
  return connections.find((one) => keyOf(one) === key) ?? connections.find((one) => keyOf(one).startsWith(`${key} `));
}

// belongs reports whether an event belongs to a connection. Some sources report no channel at the
// start or the end. If the event or the connection has no channel, their times must be equal.
export function belongs(row, connection) {
  const at = ms(row.time);
  if (!row.channel_id || !connection.channel_id) return row.time === (row.action === 'connect' ? connection.start : connection.end);
  return row.channel_id === connection.channel_id && at >= (ms(connection.start) ?? -Infinity) && at <= (ms(connection.end) ?? Infinity);
}

// findAt returns the newest connection that ended at an instant. If there is none, it returns the
// newest one that began at the instant, or else the newest one that was open then. Ends come
// first, because at a takeover the new connection begins before the broker reports the end of
// the old one.
export function findAt(connections, at) {
  return connections.findLast((one) => ms(one.end) === at)
    ?? connections.findLast((one) => ms(one.start) === at)
    ?? connections.findLast((one) => (ms(one.start) ?? ms(one.end)) <= at && at <= (ms(one.end) ?? Infinity));
}
