// Everything known about one event or connection, as a list of names and values.

import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { laterEnd } from './kinds.js';
import { number, text } from './text.js';
import { duration, iso, ms, time } from './time.js';
import { actionMeaning, infoLabel, infoMeaning } from './vocabulary.js';

const instant = (at) => ({ node: () => time(ms(at)), plain: () => iso(ms(at)) });
const words = (value) => ({ node: () => datum(value), plain: () => plain(value) });
const identifier = (value) => ({ node: () => datum(value, { kind: 'mono' }), plain: () => plain(value) });
const wording = (value) => ({ node: () => value, plain: () => value });

const explained = (word, meaning) => wording(text('evidence.word', { word, meaning }));

const versions = { 3: '3.1', 4: '3.1.1', 5: '5.0' };

// facts maps the name of each field to a function that formats this field of an event or a
// connection. The function returns the value in two forms, { node, plain }, or a falsy value if the
// field is unknown.
const facts = {
  time: (e) => e.time && instant(e.time),
  start: (e) => e.start && instant(e.start),
  end: (e) => e.end && instant(e.end),
  end_is: (e) => e.end_is && wording(text(`end.${e.end_is}`)),
  ended_later: (e) => e.ended_later && { node: () => laterEnd(e), plain: () => laterEnd(e, iso) },
  length: (e) => Number.isFinite(e.length) && wording(duration(e.length)),
  channel_id: (e) => e.channel_id && identifier(e.channel_id),
  action: (e) => e.action && explained(e.action, actionMeaning(e.action)),
  action_info: (e) => isReported(e) && explained(infoLabel(e), infoMeaning(e.action_info)),
  native_event: (e) => e.native_event && words(e.native_event),
  native_reason: (e) => e.native_reason && words(e.native_reason),
  reason_code: (e) => Number.isFinite(e.reason_code) && wording(`${e.reason_code} (0x${e.reason_code.toString(16).padStart(2, '0')})`),
  peer_address: (e) => e.peer_address && words(e.peer_port ? `${bracketed(e.peer_address)}:${e.peer_port}` : e.peer_address),
  username: (e) => e.username && words(e.username),
  node: (e) => e.node && words(e.node),
  protocol: (e) => (e.protocol || e.protocol_version || null) && words(`${e.protocol} ${versions[e.protocol_version] ?? (e.protocol_version || '')}`.trim()),
  keep_alive: (e) => Number.isFinite(e.keep_alive) && wording(e.keep_alive ? text('evidence.seconds', { n: number(e.keep_alive) }) : text('evidence.none')),
  clean_start: (e) => typeof e.clean_start === 'boolean' && wording(text(`evidence.${e.clean_start}`)),
  connected_at: (e) => e.connected_at && instant(e.connected_at),
  received_at: (e) => e.received_at && instant(e.received_at),
  time_origin: (e) => e.time_origin && wording(text(`origin.${e.time_origin}`)),
  source: (e) => e.source && words(e.source),
  source_event_id: (e) => e.source_event_id && identifier(e.source_event_id),
};

// isReported reports whether e is an event, or a connection whose end was reported. For any
// other connection, an empty action_info does not mean that the source gave no reason.
const isReported = (e) => typeof e.action_info === 'string' && (e.end_is ?? 'reported') === 'reported';

const bracketed = (address) => (address.includes(':') ? `[${address}]` : address);

function known(e) {
  return Object.entries(facts).map(([name, read]) => [text(`field.${name}`), read(e)]).filter(([, value]) => value);
}

// evidence returns the known facts about an event or a connection as an element.
export function evidence(e) {
  return el('dl', { class: 'evidence' }, known(e).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value.node()))));
}

// evidenceText returns the known facts about an event or a connection as lines of plain text.
export const evidenceText = (e) => known(e).map(([name, value]) => `${name}: ${value.plain()}`);
