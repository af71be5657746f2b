// The kinds of end that a connection can have, as the API names them, in the order of the
// legend. All except "open" and "unknown" correspond to a word of the vocabulary.

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

// kindOf returns the kind of a connection's end, or "unknown" if this page does not know it.
export const kindOf = (connection) => (kinds.includes(connection.kind) ? connection.kind : 'unknown');

// wordOf returns a kind's word of the vocabulary, or "" for "open" and "unknown".
export const wordOf = (kind) => words[kind] ?? '';

export const kindLabel = (kind) => wordOf(kind) || text(`kind.${kind}`);

const byWord = Object.fromEntries(Object.entries(words).map(([kind, word]) => [word, kind]));

// kindOfWord returns the kind of an event's word. "accepted" has the colour of open connections.
export const kindOfWord = (info) => byWord[info] ?? (info === 'accepted' ? 'open' : 'unknown');

// nativeOf returns the source's own reason, or "" if it only repeats our word.
export const nativeOf = ({ action_info: word, native_reason: native }) => (native === word ? '' : native);

// tally returns [kind, count] for each kind that occurs, in the order of the legend.
export function tally(connections) {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  for (const connection of connections) counts.set(kindOf(connection), counts.get(kindOf(connection)) + 1);
  return [...counts].filter(([, count]) => count > 0);
}
