import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { kindLabel, kindOf } from './kinds.js';
import { phrase, text } from './text.js';
import { date, duration, iso, ms, stamp, time } from './time.js';

// status is the card that says whether the device is online now. answer is null where
// the API could not tell.
export function status(answer) {
  const state = answer?.state ?? 'unknown';
  return el('section', { class: `card status state-${state}${left(answer) ? ' left' : ''}`, 'aria-labelledby': 'status-title' },
    el('p', { class: 'eyebrow' }, text('status.now')),
    el('h2', { id: 'status-title' }, el('span', { class: 'lamp', 'aria-hidden': 'true' }), text(`status.${state}`)),
    answer ? el('p', { class: 'since' }, since(answer)) : el('p', { class: 'since' }, text('status.unread')),
    answer?.connection ? newest(answer.connection) : null);
}

// left reports whether the client went of its own accord, which is nothing to worry about.
const left = (answer) => kindOfEnd(answer) === 'disconnected';

// since says when it began, how long ago, and why it is offline.
function since(answer) {
  const lookedBackTo = time(ms(answer.looked_back_to), date);
  if (answer.state === 'unknown') return phrase('status.nothing', { date: lookedBackTo });
  if (!answer.since) return phrase('status.sinceUnknown', { date: lookedBackTo });
  const at = ms(answer.since);
  const ago = ms(answer.at) - at;
  return [...phrase(ago < 0 ? 'status.ahead' : 'status.since', { time: time(at, (t) => stamp(t).slice(0, 19)), ago: unbroken(duration(Math.abs(ago))) }), reason(answer)];
}

// kindOfEnd is how the newest connection ended; null while it has not, or if none is known.
const kindOfEnd = (answer) => (answer?.state === 'offline' && answer.connection ? kindOf(answer.connection) : null);

function reason(answer) {
  const kind = kindOfEnd(answer);
  return kind && el('span', { class: `reason reason-${kind}` }, kindLabel(kind));
}

const shown = ['peer_address', 'username', 'node'];

// newest is where to look for the newest connection.
function newest(connection) {
  const values = shown.filter((name) => connection[name]).map((name) => [text(`field.${name}`), datum(connection[name])]);
  if (connection.keep_alive) values.push([text('field.keep_alive'), text('evidence.seconds', { n: connection.keep_alive })]);
  return values.length ? el('dl', { class: 'brief' }, values.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))) : null;
}

// statusLine is the same in one line of plain text, for readers elsewhere and later.
export function statusLine(answer) {
  if (!answer) return `${text('status.now')}: ${text('status.unread')}`;
  const kind = kindOfEnd(answer);
  const state = text(`status.${answer.state}`);
  return [
    `${text('status.at', { time: iso(ms(answer.at)) })}: `,
    answer.since ? text('status.sentence', { state, time: iso(ms(answer.since)) }) : state,
    kind ? `, ${kindLabel(kind)}` : '',
  ].join('');
}
