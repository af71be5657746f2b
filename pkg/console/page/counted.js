// Notes on how far the figures of a fleet can be trusted.

import { el } from './dom.js';
import { datum } from './datum.js';
import { number, text } from './text.js';

// countNotes returns notes on a response of the API about a fleet, as a list of strings. The list
// is empty if the figures are exact.
export function countNotes(answer) {
  const { exact, at_most_twice: twice, shards, not_counted: missing } = answer;
  return [
    shards && shards.counted < shards.of && text('counted.shards', { counted: number(shards.counted), of: number(shards.of) }),
    missing?.length && text('counted.missing', { count: number(missing.length) }),
    exact === false && (twice > 0 ? text('counted.twice', { count: number(twice) }) : text('counted.inexact')),
  ].filter(Boolean);
}

// countNote returns the notes on a response as an element, or null if there are none. It names the
// objects that were not counted.
export function countNote(answer) {
  const notes = countNotes(answer);
  if (!notes.length) return null;
  const objects = (answer.not_counted ?? []).map(({ key, error }) => el('li', {},
    datum(key, { limit: 300, kind: 'mono' }), ' ', el('small', {}, datum(error, { limit: 300 }))));
  return el('div', { class: 'count-note', role: 'note' }, notes.map((note) => el('p', {}, note)), objects.length ? el('ul', {}, objects) : null);
}
