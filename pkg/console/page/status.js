// The status of the device: whether it is online now.

import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { kindLabel, kindOf } from './kinds.js';
import { phrase, text } from './text.js';
import { date, duration, iso, ms, stamp, time } from './time.js';

// statusCard shows the status from the API. If status is null, the card says that the status could
// not be read.
export function statusCard(status) {
  const state = status?.state ?? 'unknown';
  return el('section', { class: `card status state-${state}${leftByItself(status) ? ' left' : ''}`, 'aria-labelledby': 'status-title' },
    el('p', { class: 'eyebrow' }, text('status.now')),
    el('h2', { id: 'status-title' }, el('span', { class: 'lamp', 'aria-hidden': 'true' }), text(`status.${state}`)),
    el('p', { class: 'since' }, status ? since(status) : text('status.unread')),
    status?.connection ? connectionFacts(status.connection) : null);
}

// leftByItself reports whether the newest connection ended with a DISCONNECT from the client, which
// is no cause for alarm.
const leftByItself = (status) => kindOfEnd(status) === 'disconnected';

// since returns when the state began, how long ago that was and, if the device is offline, why.
function since(status) {
  const lookedBackTo = time(ms(status.looked_back_to), date);
  if (status.cut) return phrase('status.cut', { time: toSecond(status.looked_back_to) });
  if (status.state === 'unknown') return phrase('status.nothing', { date: lookedBackTo });
  if (!status.since) return phrase('status.sinceUnknown', { date: lookedBackTo });
  const at = ms(status.since);
  const ago = ms(status.at) - at;
  const values = { time: toSecond(status.since), ago: unbroken(duration(Math.abs(ago))) };
  return [...phrase(ago < 0 ? 'status.ahead' : 'status.since', values), reason(status)];
}

// toSecond formats a time from the API with a precision of one second.
const toSecond = (instant) => time(ms(instant), (at) => stamp(at).slice(0, 19));

// kindOfEnd returns the way in which the newest connection ended, or null if this connection is
// unknown or still open.
const kindOfEnd = (status) => (status?.state === 'offline' && status.connection ? kindOf(status.connection) : null);

function reason(status) {
  const kind = kindOfEnd(status);
  return kind && el('span', { class: `reason reason-${kind}` }, kindLabel(kind));
}

const shownFields = ['peer_address', 'username', 'node'];

// connectionFacts shows the address, user name, node and keep alive of the newest connection.
function connectionFacts(connection) {
  const facts = shownFields.filter((name) => connection[name]).map((name) => [text(`field.${name}`), datum(connection[name])]);
  if (connection.keep_alive) facts.push([text('field.keep_alive'), text('evidence.seconds', { n: connection.keep_alive })]);
  return facts.length ? el('dl', { class: 'brief' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))) : null;
}

// statusLine returns the status as one line of plain text with absolute times, for a ticket.
export function statusLine(status) {
  if (!status) return `${text('status.now')}: ${text('status.unread')}`;
  const kind = kindOfEnd(status);
  const state = text(`status.${status.state}`);
  return [
    `${text('status.at', { time: iso(ms(status.at)) })}: `,
    status.since ? text('status.sentence', { state, time: iso(ms(status.since)) }) : state,
    kind ? `, ${kindLabel(kind)}` : '',
  ].join('');
}
