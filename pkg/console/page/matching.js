// Functions that find the connection for an event, an instant or a key.

import { ms } from './time.js';

const keyLength = 40; // the maximum number of characters of the channel in a key

// keyOf returns the key that identifies a connection in a URL. The key includes the channel because
// several connections may begin in the same millisecond.
export const keyOf = ({ start, end, channel_id: channel }) => `${start ?? end ?? 'open'} ${[...channel].slice(0, keyLength).join('')}`.trim();

// findByKey returns the connection with the given key. The key may lack the channel. It may also
// come from a report that did not know the start of the connection.
export function findByKey(connections, key) {
  return connections.find((one) => keyOf(one) === key)
    ?? connections.find((one) => keyOf(one).startsWith(`${key} `))
    ?? connections.find((one) => keyOf({ ...one, start: null }) === key);
}

// belongs reports whether an event belongs to a connection. Normally, the event belongs if it has
// the connection's channel and lies between the connection's start and end, inclusive.
//
// Some sources report no channel when a connection starts or ends. If the event or the connection
// has no channel, belongs compares only times: a connect event must have exactly the connection's
// start time, and any other event exactly the connection's end time.
export function belongs(row, connection) {
  const at = ms(row.time);
  if (!row.channel_id || !connection.channel_id) return row.time === (row.action === 'connect' ? connection.start : connection.end);
  return row.channel_id === connection.channel_id && at >= (ms(connection.start) ?? -Infinity) && at <= (ms(connection.end) ?? Infinity);
}

// findAt returns the connection that best matches the given instant. It takes the first of these:
//   - the newest connection that ended exactly then
//   - the newest connection that began exactly then
//   - the newest connection that was open then
//
// An end takes precedence over a start because of session takeovers. In a takeover, the new
// connection is already open when the broker reports the end of the old one.
export function findAt(connections, at) {
  return connections.findLast((one) => ms(one.end) === at)
    ?? connections.findLast((one) => ms(one.start) === at)
    ?? connections.findLast((one) => (ms(one.start) ?? ms(one.end)) <= at && at <= (ms(one.end) ?? Infinity));
}
