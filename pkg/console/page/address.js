// The page's URL determines what the page shows: the device, the range as absolute times, the
// instant of the status, the order, the filter and the selected connection. A URL built here never
// contains the token.

import { joinParts } from './clientid.js';
import { preferences } from './preferences.js';
import { hourAround } from './span.js';
import { hour } from './time.js';
import { actions, infoFilters } from './vocabulary.js';

// A URL contains times in the same two forms as the API: RFC 3339 and Unix milliseconds. A number
// with fewer than 12 digits is rejected, because it is probably in seconds.
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const unixMilliseconds = /^\d{12,15}$/;

// parseTime parses a time from the URL. It returns Unix milliseconds, or NaN if the time is
// invalid.
export function parseTime(words) {
  if (unixMilliseconds.test(words)) return Number(words);
  const time = words.replace(' ', '+'); // an unencoded plus sign in a UTC offset arrives as a space
  return rfc3339.test(time) ? Date.parse(time) : NaN;
}

const oneOf = (values, value, fallback) => (values.includes(value) ? value : fallback);

// readQuery returns the query in the URL. Its property "at" is the instant of the status, or null
// for now. If the instant in the URL is in the future, "at" is null, too. If the URL has "at" but
// neither "from" nor "to", the range is the hour around that instant. Otherwise, without "to" the
// range ends now, and without "from" it is one hour long. If a time in the URL is invalid, the
// query's property "fault" is a validation error that names the field. Otherwise "fault" is null.
export function readQuery() {
  const parameters = new URLSearchParams(location.search);
  const get = (name) => parameters.get(name) ?? '';
  let fault = null;
  const instant = (name, fallback) => {
    const at = get(name) ? parseTime(get(name)) : fallback;
    if (!Number.isNaN(at)) return at;
    fault = name === 'at' ? { fault: 'fault.at', field: 'from', words: get(name) } : { fault: 'fault.time', field: name, words: get(name) };
    return fallback;
  };
  const now = Date.now();
  const asked = instant('at', null);
  const at = asked !== null && asked < now ? asked : null;
  const initial = at === null || get('from') || get('to') ? { to: now } : hourAround(at, now);
  const to = instant('to', initial.to);
  return {
    instance: get('instance'),
    client: get('client') || joinParts(get('group'), get('device')),
    from: instant('from', to - hour),
    to,
    at,
    fault,
    order: oneOf(['asc', 'desc'], get('order'), preferences.order),
    action: oneOf(actions, get('action'), ''),
    info: oneOf(infoFilters, get('action_info'), ''),
    connection: get('connection'),
  };
}

export const isComplete = (query) => query.instance !== '' && query.client !== '';

export const timestamp = (at) => new Date(at).toISOString();

// withoutEmpty returns the parameters whose values are not empty.
export const withoutEmpty = (parameters) => Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''));

// deviceParameters returns the API parameters that a trace and a diagnosis have in common.
export const deviceParameters = (query) => ({
  instance: query.instance, client: query.client, from: timestamp(query.from), to: timestamp(query.to),
});

// statusParameters returns the API parameters for the status at the query's instant or, if the
// query has none, for the status now.
export const statusParameters = ({ instance, client, at }) => ({ instance, client, ...(at === null ? {} : { at: timestamp(at) }) });

// traceParameters returns all API parameters of a trace.
export const traceParameters = (query) => ({
  ...deviceParameters(query),
  ...withoutEmpty({ order: query.order, action: query.action, action_info: query.info }),
});

// pathOf returns the URL for a query, without the origin.
export function pathOf(query) {
  const at = query.at === null ? '' : timestamp(query.at);
  const parameters = { ...traceParameters(query), ...withoutEmpty({ at, connection: query.connection }) };
  return `/?${new URLSearchParams(parameters)}`;
}

// linkTo returns the absolute URL for a query.
export const linkTo = (query) => location.origin + pathOf(query);
