// The line in the view of a device that says whether other devices dropped at the same time.

import { countNotes } from './counted.js';
import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { fillFrom } from './filling.js';
import { fleetPathAt } from './fleetaddress.js';
import { pageLink } from './links.js';
import { scopeSentence } from './scope.js';
import { phrase, text } from './text.js';
import { iso, ms, secondStamp, time } from './time.js';

const maxLength = 800; // characters; longer sentences are shortened

// dropOf returns what to ask about a connection, { at, of }, or null if the connection is not known
// to have dropped.
export function dropOf(connection) {
  const isDrop = connection?.end_is === 'reported' && connection.action === 'close';
  return isDrop ? { at: ms(connection.end), of: 'drops' } : null;
}

export const refusalOf = ({ time: at }) => ({ at: ms(at), of: 'refusals' });

// lastOf returns what to ask about if the user has chosen nothing: the view's last drop, otherwise
// its last refused login, otherwise the last drop known outside its span. It returns null if there
// is none of these.
export function lastOf(view) {
  const { connections, refusals } = view.report;
  const drop = dropOf(connections.findLast((one) => dropOf(one)));
  if (drop) return drop;
  if (refusals.length) return refusalOf(refusals.at(-1));
  const last = view.lastDrop();
  return last && { at: ms(last.drop.time), of: 'drops' };
}

// scopeLine returns the line. It fills itself in as soon as the scope is known. If fetching the
// scope fails, a button to try again calls onScopeRetry. Without onScopeRetry, there is no such
// button.
export function scopeLine({ scope, query }, { onScopeRetry }) {
  const node = el('p', { class: 'scope' });
  fillFrom(scope, node, () => content(scope, query, onScopeRetry));
  return node;
}

function content({ asked, answer, error }, { instance }, onRetry) {
  if (!asked) return [];
  const lead = phrase(`scope.${asked.of}`, { time: time(asked.at, secondStamp) });
  if (error) return [...lead, text('scope.failed'), ' ', onRetry ? el('button', { id: 'scope-retry', type: 'button', class: 'link-like', on: { click: onRetry } }, text('retry')) : ''];
  if (!answer) return [...lead, el('span', { class: 'quiet-text' }, text('scope.looking'))];
  return [
    ...lead, el('span', { class: 'scope-text' }, datum(scopeSentence(answer, 'text'), { limit: maxLength, kind: 'prose' })), ' ',
    ...countNotes(answer).flatMap((note) => [el('span', { class: 'quiet-text' }, note), ' ']),
    pageLink(fleetPathAt(instance, asked.at, asked.of, Date.now()), { id: 'scope-link' }, text('scope.link')),
  ];
}

// scopeLines returns the line as plain text, in zero or more lines. There are none if nothing is
// known.
export function scopeLines({ scope: { asked, answer } }) {
  if (!answer) return [];
  return [[text(`scope.${asked.of}`, { time: iso(asked.at) }), plain(scopeSentence(answer, 'text'), maxLength), ' ', ...countNotes(answer)].join('')];
}
