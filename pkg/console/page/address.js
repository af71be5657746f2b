// The address of the page says all that is shown: the device, the span in absolute
// times, the order, the filter, and the connection that is picked out. It never holds
// the token.

import { preferences } from './preferences.js';
import { hour, ms } from './time.js';

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

// read is what the address asks for. Without times it is the last hour.
export function read() {
  const given = new URLSearchParams(location.search);
  const get = (name) => given.get(name) ?? '';
  const instant = (name, preset) => {
    const at = ms(get(name) || null);
    return at === null || Number.isNaN(at) ? preset : at;
  };
  const to = instant('to', Date.now());
  return {
    instance: get('instance'),
    client: get('client') || joined(get('group'), get('device')),
    from: instant('from', to - hour),
    to,
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
