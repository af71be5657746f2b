import { datum } from './datum.js';
import { el, unbroken } from './dom.js';
import { kindOf } from './kinds.js';
import { phrase, text } from './text.js';
import { date, duration, ms, stamp, time } from './time.js';

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
const left = (answer) => answer?.state === 'offline' && Boolean(answer.connection) && kindOf(answer.connection) === 'disconnected';

// since says when it began, how long ago, and why it is offline.
function since(answer) {
  const lookedBackTo = time(ms(answer.looked_back_to), date);
  if (answer.state === 'unknown') return phrase('status.nothing', { date: lookedBackTo });
  if (!answer.since) return phrase('status.sinceUnknown', { date: lookedBackTo });
  const at = ms(answer.since);
  const ago = ms(answer.at) - at;
  const reason = answer.state === 'offline' && answer.connection?.action_info;
  return [...phrase(ago < 0 ? 'status.ahead' : 'status.since', { time: time(at, (t) => stamp(t).slice(0, 19)), ago: unbroken(duration(Math.abs(ago))) }), reason ? el('span', { class: 'reason' }, reason) : null];
}

const shown = ['peer_address', 'username', 'node'];

// newest is where to look for the newest connection.
function newest(connection) {
  const values = shown.filter((name) => connection[name]).map((name) => [text(`field.${name}`), datum(connection[name])]);
  if (connection.keep_alive) values.push([text('field.keep_alive'), text('evidence.seconds', { n: connection.keep_alive })]);
  return values.length ? el('dl', { class: 'brief' }, values.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))) : null;
}

// statusSentence is the same in one line of plain text.
export function statusSentence(answer) {
  if (!answer) return text('status.unread');
  if (answer.state === 'unknown' || !answer.since) return text(`status.${answer.state}`);
  const reason = answer.state === 'offline' && answer.connection?.action_info ? `, ${answer.connection.action_info}` : '';
  return text('status.sentence', { state: text(`status.${answer.state}`), time: stamp(ms(answer.since)) }) + reason;
}
