// Tables of devices. The name of each device is a link to the device's view.

import { datum, plain } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { pageLink } from './links.js';
import { number, text } from './text.js';
import { ms, secondStamp, stamp, time } from './time.js';
import { infoLabel } from './vocabulary.js';

const maxName = 80; // characters; longer names are shortened

// deviceLink returns a link to a device's view. Buttons must not be within links, so a long name
// cannot be expanded there; the device's own view shows all of it.
export function deviceLink(client, path) {
  return pageLink(path, { class: 'link-like device-link' }, el('bdi', { class: 'datum mono', dir: 'auto' }, plain(client, maxName)));
}

const state = (device) => el('span', { class: `state state-${device.state}` }, el('span', { class: 'lamp small', 'aria-hidden': 'true' }), text(`status.${device.state}`));
const instant = (value, show = secondStamp) => (value ? time(ms(value), show) : '–');
const words = (value) => (value ? datum(value, { limit: 60 }) : '–');

// cells maps the name of each column to a function that returns the content of its cells.
const cells = {
  client: (device, pathOf) => deviceLink(device.client_id, pathOf(device)),
  username: (device) => words(device.username),
  address: (device) => words(device.address ?? device.peer_address),
  node: (device) => words(device.node),
  state,
  stateThen: state,
  drops: (device) => number(device.drops),
  connects: (device) => number(device.connects),
  since: (device) => instant(device.offline_since),
  last: (device) => instant(device.last_event),
  time: (device) => instant(device.time, stamp),
  reason: (device) => datum(infoLabel({ action_info: device.action_info, native_reason: '' })),
};

const numeric = ['drops', 'connects'];

// deviceTable returns a table of devices with the given columns. pathOf returns the URL that the
// link of a device leads to.
export function deviceTable(devices, columns, label, pathOf) {
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
    el('table', { class: 'grid devices' },
      el('thead', {}, el('tr', {}, columns.map((name) => el('th', { scope: 'col', class: numeric.includes(name) ? 'numeric' : null }, text(`devices.${name}`))))),
      el('tbody', {}, devices.map((device) => el('tr', {}, columns.map((name) => (
        el('td', { class: numeric.includes(name) ? 'numeric' : null }, cells[name](device, pathOf)))))))));
}

// listFoot returns what follows a table of devices: a note and, if there are more devices, a button
// to show them. While more devices are loading, the button is inactive, but keeps the focus.
export function listFoot(list, note, id, onMore) {
  const click = () => list.isLoading || onMore();
  const more = () => el('button', { id, type: 'button', class: 'button', 'aria-disabled': list.isLoading ? 'true' : null, on: { click } }, icon('down'), text('devices.more'));
  return el('div', { class: 'list-foot' },
    note && el('p', { class: 'quiet-text' }, note),
    list.answer && !list.isDone ? more() : null);
}
