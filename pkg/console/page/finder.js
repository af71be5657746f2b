// The finder: devices by a part of their client identifier, user name or address, by their last node,
// or by the reason for their last drop.

import { countNote } from './counted.js';
import { datum } from './datum.js';
import { deviceTable, listFoot } from './devicetable.js';
import { el } from './dom.js';
import { failed } from './failed.js';
import { fillFrom } from './filling.js';
import { devicePathAt, parseDay } from './fleetaddress.js';
import { icon } from './icons.js';
import { number, phrase, text } from './text.js';
import { ms, utcDayOf } from './time.js';
import { unexplained } from './vocabulary.js';

// columnsOf returns the columns of the table. For a past day, the column of states says that they
// are those at the end of the day.
function columnsOf({ day, order }) {
  const isPast = day !== undefined && parseDay(day) < utcDayOf(Date.now());
  return ['client', 'username', 'address', 'node', ...(order === 'drops' ? ['drops'] : []), isPast ? 'stateThen' : 'state', 'last'];
}

// finderResults returns a card with the devices that a search lists. It fills itself in. search has
// the properties text, node and reason of a query of the fleet. The card calls onMore to show more
// devices, onRetry to try again, and onClose to end the search.
export function finderResults(list, search, { onMore, onRetry, onClose }) {
  const body = el('div');
  const count = el('span', { class: 'count' });
  const close = el('button', { type: 'button', class: 'button icon-only quiet', title: text('close'), 'aria-label': text('close'), on: { click: onClose } }, icon('cross'));
  const node = el('section', { class: 'card finder-card', tabindex: -1, 'aria-labelledby': 'finder-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'finder-title', class: 'section-title' }, titleOf(search), ' ', count),
      el('span', { class: 'spring' }), close),
    body);
  list.watch(() => {
    const found = list.answer ? list.answer.covered?.matched ?? list.list.length : 0;
    count.textContent = found ? number(found) : '';
  });
  fillFrom(list, body, () => content(list, search, { onMore, onRetry }));
  return node;
}

function titleOf({ text: words, node, reason }) {
  if (words) return phrase('finder.title', { words: datum(words, { limit: 60, kind: 'mono' }) });
  if (node) return phrase('finder.title.node', { node: datum(node, { limit: 60 }) });
  return text(reason === unexplained ? 'finder.title.unexplained' : 'finder.title.reason', { reason });
}

function content(list, search, { onMore, onRetry }) {
  const { answer, error, parameters } = list;
  const pathOf = (device) => devicePathAt(parameters.instance, device.client_id, ms(device.last_event) ?? Date.now(), Date.now());
  return [
    !answer && !error ? el('p', { class: 'card-note' }, text('finder.looking')) : null,
    answer && !list.list.length ? el('p', { class: 'card-note' }, text(search.text ? 'finder.none' : 'finder.none.day')) : null,
    list.list.length ? deviceTable(list.list, columnsOf(parameters), text('finder.label'), pathOf) : null,
    error && failed(error, onRetry),
    answer && countNote(answer),
    answer && listFoot(list, coverage(answer, search), 'finder-more', onMore),
  ].filter(Boolean);
}

// coverage says what was searched, and how the drops of the devices of a node or a reason are
// counted.
function coverage({ covered, days }, { node, reason }) {
  const values = { count: number(covered?.devices ?? 0), days: (days ?? []).join(text('summary.and')) };
  const all = text('finder.covered', values);
  return [
    node && text('finder.counted.node'),
    reason && text('finder.counted.reason'),
    all,
    covered?.complete === false && text('finder.partly'),
  ].filter(Boolean).join(' ');
}
