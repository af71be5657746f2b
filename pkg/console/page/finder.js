// The finder: devices by a part of their client identifier, user name or address.

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

// columnsOf returns the columns of the table. The states of a past day are those at its end.
function columnsOf({ day }) {
  const isPast = day !== undefined && parseDay(day) < utcDayOf(Date.now());
  return ['client', 'username', 'address', 'node', isPast ? 'stateThen' : 'state', 'last'];
}

// finderResults returns a card with the devices that contain the given words. It fills itself in.
// The user asks for more devices with onMore, for another attempt with onRetry, and ends the search
// with onClose.
export function finderResults(list, words, { onMore, onRetry, onClose }) {
  const body = el('div');
  const count = el('span', { class: 'count' });
  const close = el('button', { type: 'button', class: 'button icon-only quiet', title: text('close'), 'aria-label': text('close'), on: { click: onClose } }, icon('cross'));
  const node = el('section', { class: 'card finder-card', 'aria-labelledby': 'finder-title' },
    el('header', { class: 'toolbar' },
      el('h2', { id: 'finder-title', class: 'section-title' }, phrase('finder.title', { words: datum(words, { limit: 60, kind: 'mono' }) }), ' ', count),
      el('span', { class: 'spring' }), close),
    body);
  list.watch(() => {
    count.textContent = list.answer ? number(list.answer.covered?.matched ?? list.list.length) : '';
  });
  fillFrom(list, body, () => content(list, { onMore, onRetry }));
  return node;
}

function content(list, { onMore, onRetry }) {
  const { answer, error, parameters } = list;
  const pathOf = (device) => devicePathAt(parameters.instance, device.client_id, ms(device.last_event) ?? Date.now(), Date.now());
  return [
    !answer && !error ? el('p', { class: 'card-note' }, text('finder.looking')) : null,
    answer && !list.list.length ? el('p', { class: 'card-note' }, text('finder.none')) : null,
    list.list.length ? deviceTable(list.list, columnsOf(parameters), text('finder.label'), pathOf) : null,
    error && failed(error, onRetry),
    answer && countNote(answer),
    answer && listFoot(list, coverage(answer), 'finder-more', onMore),
  ].filter(Boolean);
}

// coverage says what was searched.
function coverage({ covered, days }) {
  const values = { count: number(covered?.devices ?? 0), days: (days ?? []).join(text('summary.and')) };
  const all = text('finder.covered', values);
  return covered?.complete === false ? `${all} ${text('finder.partly')}` : all;
}
