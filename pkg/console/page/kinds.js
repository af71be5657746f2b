// How connections end, in the order of the legend. The API names the kind; each has a
// colour and a pattern of its own, and the word that the table shows.

import { text } from './text.js';

const words = {
  disconnected: 'disconnected by client',
  'client-closed': 'closed by client',
  'no-heart': 'no heart',
  conflict: 'clientId conflict',
  io: 'Socket IOException',
  'not-authorized': 'not authorized',
  'topic-denied': 'topic auth failed',
  invalid: 'invalid param',
  server: 'ServerShutdown',
};

export const kinds = ['open', ...Object.keys(words), 'unknown'];

// kindOf is the kind of a connection; one that this page does not know is unknown.
export const kindOf = (connection) => (kinds.includes(connection.kind) ? connection.kind : 'unknown');

// wordOf is the word of the vocabulary, empty for the two kinds that are none.
export const wordOf = (kind) => words[kind] ?? '';

export const kindLabel = (kind) => wordOf(kind) || text(`kind.${kind}`);

const byWord = Object.fromEntries(Object.entries(words).map(([kind, word]) => [word, kind]));

// kindOfWord is the kind that an event's word belongs to; accepted is one for itself.
export const kindOfWord = (info) => byWord[info] ?? (info === 'accepted' ? 'open' : 'unknown');

// nativeOf is the source's own word of an event or an end, where it says more than ours.
export const nativeOf = ({ action_info: word, native_reason: native }) => (native === word ? '' : native);

// tally counts connections by kind, in the order of the legend.
export function tally(connections) {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  for (const connection of connections) counts.set(kindOf(connection), counts.get(kindOf(connection)) + 1);
  return [...counts].filter(([, count]) => count > 0);
}
