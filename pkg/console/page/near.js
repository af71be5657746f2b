// Near misses: devices whose client identifier differs from the requested one only in case or
// separators, and devices with the requested identifier in other instances.

import { APIError, getJSON } from './api.js';
import { datum } from './datum.js';
import { deviceLink } from './devicetable.js';
import { el } from './dom.js';
import { fillFrom } from './filling.js';
import { devicePathAt, fleetPath } from './fleetaddress.js';
import { fetchInstances, listedInstances } from './instances.js';
import { pageLink } from './links.js';
import { Loading } from './loading.js';
import { phrase, text } from './text.js';
import { ms, utcDayOf } from './time.js';

const maxOthers = 5; // other instances to search

// Near holds the near misses for a query. found is a list of { instance, client, at }, or null
// until the near misses arrive. It omits instances that cannot be searched.
export class Near extends Loading {
  constructor(query) {
    super();
    Object.assign(this, { query, found: null, receipts: [] });
  }

  load(signal) {
    return this.fetchWith(signal, (either) => this.fetch(either), (answers) => {
      this.receipts.push(...answers.map(({ answer }) => answer?.receipt));
      this.found = answers.flatMap(({ instance, answer }) => foundIn(instance, answer, this.query));
    });
  }

  async fetch(signal) {
    const { instance, client } = this.query;
    await fetchInstances();
    const others = listedInstances().filter((one) => one !== instance).slice(0, maxOthers);
    const search = async (one) => ({ instance: one, answer: await getJSON('devices', { instance: one, q: client, match: 'near' }, signal).catch(nothing) });
    return Promise.all([instance, ...others].map(search));
  }
}

function nothing(error) {
  if (error instanceof APIError) return null;
  throw error;
}

function foundIn(instance, answer, query) {
  const all = (answer?.devices ?? []).map((device) => ({ instance, client: device.client_id, at: ms(device.last_event) ?? Date.now() }));
  return all.filter((one) => one.instance !== query.instance || one.client !== query.client);
}

// nearMisses returns an element with the near misses as links, and a link to the finder. It fills
// itself in.
export function nearMisses({ near, query }) {
  const node = el('div', { class: 'near' });
  fillFrom(near, node, () => content(near, query));
  return node;
}

function content({ found, isLoading }, query) {
  const finder = fleetPath({ instance: query.instance, day: utcDayOf(Date.now()), text: query.client });
  return [
    isLoading ? el('p', { class: 'quiet-text' }, text('near.looking')) : null,
    found?.length ? el('p', {}, el('strong', {}, text('near.title'))) : null,
    found?.length ? el('ul', {}, found.map((one) => el('li', {}, link(one, query)))) : null,
    el('p', {}, pageLink(finder, { id: 'near-find' }, text('near.find'))),
  ].filter(Boolean);
}

function link({ instance, client, at }, query) {
  const device = deviceLink(client, devicePathAt(instance, client, at, Date.now()));
  return instance === query.instance ? device : phrase('near.in', { client: device, instance: datum(instance, { kind: 'mono' }) });
}
