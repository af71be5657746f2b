// Links from a session takeover to the next connection, which usually took over the session, and to the
// devices at its address.

import { pathOf } from './address.js';
import { plain } from './datum.js';
import { el } from './dom.js';
import { fleetPath } from './fleetaddress.js';
import { kindOf, wordOf } from './kinds.js';
import { pageLink } from './links.js';
import { keyOf } from './matching.js';
import { phrase, text } from './text.js';
import { ms, secondStamp, time, utcDayOf } from './time.js';

// endedBy returns the connection that ended with the given event in a session takeover, or null.
export function endedBy(event, { connections }) {
  if (event.action_info !== wordOf('conflict')) return null;
  return connections.findLast((one) => kindOf(one) === 'conflict' && one.end === event.time) ?? null;
}

// takeoverLinks returns links for a connection that ended in a session takeover: one to the next
// connection, and one to the devices at the next connection's address. It returns null if the connection
// did not end in a takeover, or if there is no later one. The first link calls onConnection with the next
// connection. Without onConnection, it leads to the page.
export function takeoverLinks(ended, { report: { connections }, query }, onConnection) {
  const next = ended && kindOf(ended) === 'conflict' ? connections[connections.indexOf(ended) + 1] : null;
  if (!next) return null;
  return el('span', { class: 'takeover' }, connectionLink(next, query, onConnection), ' ', next.peer_address ? devicesLink(next, query.instance) : null);
}

function connectionLink(next, query, onConnection) {
  const caption = [text('takeover.next'), next.start ? [' ', time(ms(next.start), secondStamp)] : ''];
  if (!onConnection) return pageLink(pathOf({ ...query, connection: keyOf(next) }), {}, caption);
  return el('button', { type: 'button', class: 'link-like', on: { click: () => onConnection(next) } }, caption);
}

function devicesLink({ peer_address: address, start, end }, instance) {
  const day = utcDayOf(Math.min(ms(start ?? end) ?? Date.now(), Date.now()));
  return pageLink(fleetPath({ instance, day, text: address }), {},
    phrase('takeover.devices', { address: el('bdi', { class: 'datum', dir: 'auto' }, plain(address, 60)) }));
}
