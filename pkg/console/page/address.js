// The address of the page says all that is shown: the device, the span in absolute
// times, the order, the filter, and the connection that is picked out. It never holds
// the token.

import { preferences } from './preferences.js';
import { hour } from './time.js';

export const actions = ['connect', 'close', 'disconnect'];

export const infos = [
  'accepted', 'not authorized', 'topic auth failed', 'clientId conflict', 'no heart', 'closed by client',
  'disconnected by client', 'ServerShutdown', 'invalid param', 'Socket IOException',
];

// Between the two halves of a client identifier of ApsaraMQ.
const separator = '@@@';

export const joined = (group, device) => (group ? group + separator + device : device);

// halves of a client identifier, cut at the first separator. Before it there must be
// something: "@@@d" is no other name of "d".
export function halves(client) {
  const at = client.indexOf(separator);
  return at <= 0 ? ['', client] : [client.slice(0, at), client.slice(at + separator.length)];
}

const oneOf = (values, value, preset) => (values.includes(value) ? value : preset);

// A time is written as the API takes it. Fewer digits are seconds, as likely as not.
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const unixMilliseconds = /^\d{12,15}$/;

// instantOf is NaN for what is no time.
function instantOf(words) {
  if (unixMilliseconds.test(words)) return Number(words);
  const time = words.replace(' ', '+'); // of an offset that was not percent-encoded
  return rfc3339.test(time) ? Date.parse(time) : NaN;
}

// read is what the address asks for. Without times it is the last hour; fault says which
// time was not understood.
export function read() {
  const given = new URLSearchParams(location.search);
  const get = (name) => given.get(name) ?? '';
  let fault = null;
  const instant = (name, preset) => {
    const at = get(name) ? instantOf(get(name)) : preset;
    if (!Number.isNaN(at)) return at;
    fault = { fault: 'fault.time', field: name, words: get(name) };
    return preset;
  };
  const to = instant('to', Date.now());
  return {
    instance: get('instance'),
    client: get('client') || joined(get('group'), get('device')),
    from: instant('from', to - hour),
    to,
    fault,
    order: oneOf(['asc', 'desc'], get('order'), preferences.order),
    action: oneOf(actions, get('action'), ''),
    info: oneOf(infos, get('action_info'), ''),
    connection: get('connection'),
  };
}

export const complete = (query) => query.instance !== '' && query.client !== '';

const timestamp = (at) => new Date(at).toISOString();

// span are the parameters that the whole API has in common.
export const span = (query) => ({
  instance: query.instance, client: query.client, from: timestamp(query.from), to: timestamp(query.to),
});

// selection are the parameters of the trace beside them.
export const selection = (query) => present({ order: query.order, action: query.action, action_info: query.info });

const present = (parameters) => Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''));

// write is the address of a view, below our origin.
export function write(query) {
  const parameters = { ...span(query), ...selection(query), ...present({ connection: query.connection }) };
  return `/?${new URLSearchParams(parameters)}`;
}

// link is the whole of it.
export const link = (query) => location.origin + write(query);
