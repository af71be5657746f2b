// What follows a session takeover: the next connection, which usually took over, and the devices at
// its address.

import { pathOf } from './address.js';
import { plain } from './datum.js';
import { el } from './dom.js';
import { fleetPath } from './fleetaddress.js';
import { kindOf, wordOf } from './kinds.js';
import { pageLink } from './links.js';
import { keyOf } from './matching.js';
import { phrase, text } from './text.js';
import { ms, secondStamp, time, utcDayOf } from './time.js';

// endedBy returns the connection that an event ended in a takeover, or null if there is none.
export function endedBy(event, { connections }) {
  if (event.action_info !== wordOf('conflict')) return null;
  return connections.findLast((one) => kindOf(one) === 'conflict' && one.end === event.time) ?? null;
}

// takeoverLinks returns links to the connection after one that ended in a takeover, and to the devices
// at its address. It returns null if there is no takeover or no later connection. A click on the
// first link calls onConnection with the later connection. Without onConnection, the link leads to
// the page.
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
