// The kinds of connection ends, named as in the API and listed in the order of the legend. Each
// kind, except "open" and "unknown", corresponds to a word in the vocabulary of action_info.

import { text } from './text.js';
import { ms, shortStamp } from './time.js';

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

// kindOf returns the kind of a connection's end, or "unknown" for a kind that this page does not
// know.
export const kindOf = (connection) => (kinds.includes(connection.kind) ? connection.kind : 'unknown');

// wordOf returns the vocabulary's word for a kind, or "" for "open" and "unknown".
export const wordOf = (kind) => words[kind] ?? '';

// kindLabel returns the name of a kind. The name of "open" depends on whether the report ends in
// the past: if so, the connection was open at that time, but may have ended since. If openAt is not
// null, the name of "open" contains this instant; see settledReport.
export function kindLabel(kind, { isOver = false, openAt = null } = {}) {
  if (kind !== 'open') return wordOf(kind) || text(`kind.${kind}`);
  if (openAt !== null) return text('kind.open.at', { time: shortStamp(openAt) });
  return text(isOver ? 'kind.open.then' : 'kind.open');
}

// laterEnd returns when and how a connection ended after the report's span, as plain text, or null
// if that is not known. show formats an instant.
export function laterEnd({ ended_later: later }, show = shortStamp) {
  if (!later) return null;
  const label = later.end_is === 'inferred' ? text('kind.unreported') : kindLabel(kindOf(later));
  return show(ms(later.time)) + text('summary.and') + label;
}

// laterNote returns the result of laterEnd as a sentence, or null if laterEnd returns null.
export function laterNote(connection) {
  const end = laterEnd(connection);
  return end && text('connection.endedLater', { end });
}

const byWord = Object.fromEntries(Object.entries(words).map(([kind, word]) => [word, kind]));

// kindOfWord returns the kind for a word in the vocabulary. For "accepted" it returns "open", so
// that accepted logins have the color of open connections.
export const kindOfWord = (info) => byWord[info] ?? (info === 'accepted' ? 'open' : 'unknown');

// nativeOf returns the reason in the words of the source, or "" if this equals action_info.
export const nativeOf = ({ action_info: word, native_reason: native }) => (native === word ? '' : native);

// tally counts the connections of each kind. It returns [kind, count] for each kind that occurs, in
// the order of the legend.
export function tally(connections) {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  for (const connection of connections) counts.set(kindOf(connection), counts.get(kindOf(connection)) + 1);
  return [...counts].filter(([, count]) => count > 0);
}
