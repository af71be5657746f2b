// Functions that find the connection for an event, an instant or a key.

import { ms } from './time.js';

const keyLength = 40; // the maximum number of channel characters in a key

// keyOf returns the key that identifies a connection in a URL. The channel in the key
// distinguishes connections that began in the same millisecond.
export const keyOf = ({ start, end, channel_id: channel }) => `${start ?? end ?? 'open'} ${[...channel].slice(0, keyLength).join('')}`.trim();

// findByKey returns the connection with the given key. The key may lack the channel.
export function findByKey(connections, key) {
  return connections.find((one) => keyOf(one) === key) ?? connections.find((one) => keyOf(one).startsWith(`${key} `));
}

// belongs reports whether an event belongs to a connection. Some sources report no channel when a
// connection starts or ends. If the event or the connection has no channel, the event belongs to
// the connection only if it happened exactly at the connection's start or end.
export function belongs(row, connection) {
  const at = ms(row.time);
  if (!row.channel_id || !connection.channel_id) return row.time === (row.action === 'connect' ? connection.start : connection.end);
  return row.channel_id === connection.channel_id && at >= (ms(connection.start) ?? -Infinity) && at <= (ms(connection.end) ?? Infinity);
}

// findAt returns the newest connection that ended at an instant. If there is none, it returns the
// newest one that began at the instant, or else the newest one that was open then. The connection
// that ended takes precedence, because in a session takeover the new connection is already open
// when the broker reports the end of the old one.
export function findAt(connections, at) {
  return connections.findLast((one) => ms(one.end) === at)
    ?? connections.findLast((one) => ms(one.start) === at)
    ?? connections.findLast((one) => (ms(one.start) ?? ms(one.end)) <= at && at <= (ms(one.end) ?? Infinity));
}
