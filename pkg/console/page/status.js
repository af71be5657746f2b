// The status of the device: whether it is online now, or was at an instant that the user chose.

import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { kindLabel, kindOf } from './kinds.js';
import { icon } from './icons.js';
import { phrase, text } from './text.js';
import { date, duration, forField, fromWall, iso, ms, secondStamp, shortStamp, time } from './time.js';

// statusCard shows the status of a view. If the status is null, the card says that the status could
// not be read. When the user asks for the status at another instant, statusCard calls onAt with
// this instant, or with null for now. Without onAt, the user cannot choose an instant.
export function statusCard({ status, query: { at } }, { onAt }) {
  const state = status?.state ?? 'unknown';
  return el('section', { class: `card status state-${state}${leftByItself(status) ? ' left' : ''}`, 'aria-labelledby': 'status-title' },
    el('p', { class: 'eyebrow' }, at === null ? [text('status.now'), onPaper(status)] : phrase('status.then', { time: time(at, shortStamp) })),
    el('h2', { id: 'status-title' }, el('span', { class: 'lamp', 'aria-hidden': 'true' }), text(`status.${state}`)),
    el('p', { class: 'since' }, status ? since(status, at) : text('status.unread')),
    status?.connection ? connectionFacts(status.connection) : null,
    onAt ? instantForm(at, onAt) : null);
}

// onPaper returns an element that shows the instant of a status only in print.
const onPaper = (status) => (status ? el('span', { class: 'paper-only' }, ` (${shortStamp(ms(status.at))})`) : null);

// instantForm returns a collapsed form to choose the instant of the status.
function instantForm(at, onAt) {
  const field = el('input', { id: 'status-at', type: 'datetime-local', step: 1, value: forField(at ?? Date.now()), max: forField(Date.now()), 'aria-label': text('status.instant') });
  const submit = (event) => {
    event.preventDefault();
    const chosen = fromWall(field.value);
    if (chosen === null) field.focus();
    else onAt(chosen);
  };
  return el('div', { class: 'status-instant' },
    at === null ? null : el('button', { id: 'status-now', type: 'button', class: 'link-like', on: { click: () => onAt(null) } }, text('status.backToNow')),
    el('details', {},
      el('summary', { id: 'status-other' }, icon('chevron'), text('status.other')),
      el('form', { novalidate: true, on: { submit } }, field, el('button', { type: 'submit', class: 'button' }, text('status.show')))));
}

// leftByItself reports whether the newest connection ended with a DISCONNECT from the client, which
// is no cause for alarm.
const leftByItself = (status) => kindOfEnd(status) === 'disconnected';

// since returns when the state began, how long ago that was and, if the device is offline, why.
// asked is the instant that the user asked about, or null for now.
function since(status, asked) {
  const lookedBackTo = time(ms(status.looked_back_to), date);
  if (status.cut) return phrase('status.cut', { time: toSecond(status.looked_back_to) });
  if (status.state === 'unknown') return phrase(asked === null ? 'status.nothing' : 'status.nothing.then', { date: lookedBackTo });
  if (!status.since) return phrase('status.sinceUnknown', { date: lookedBackTo });
  const at = ms(status.since);
  const ago = ms(status.at) - at;
  const values = { time: toSecond(status.since), ago: unbroken(duration(Math.abs(ago))) };
  return [...phrase(ago < 0 ? 'status.ahead' : 'status.since', values), reason(status)];
}

// toSecond formats a time from the API with a precision of one second.
const toSecond = (instant) => time(ms(instant), secondStamp);

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

// statusLine returns the status of a view as one line of plain text with absolute times, for a
// ticket.
export function statusLine({ status, query: { at } }) {
  if (!status) return `${at === null ? text('status.now') : text('status.at', { time: iso(at) })}: ${text('status.unread')}`;
  const kind = kindOfEnd(status);
  const state = text(`status.${status.state}`);
  return [
    `${text('status.at', { time: iso(ms(status.at)) })}: `,
    status.since ? text('status.sentence', { state, time: iso(ms(status.since)) }) : state,
    kind ? `, ${kindLabel(kind)}` : '',
  ].join('');
}
