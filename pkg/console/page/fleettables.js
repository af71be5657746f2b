// The reasons, nodes and devices that stand out in a fleet.

import { datum, plain } from './datum.js';
import { deviceTable, listFoot } from './devicetable.js';
import { el, svg } from './dom.js';
import { failed } from './failed.js';
import { fillFrom } from './filling.js';
import { dayPath, devicePathAt } from './fleetaddress.js';
import { kindOfWord } from './kinds.js';
import { refusedSwatch, solidSwatch } from './legend.js';
import { number, text } from './text.js';
import { ms } from './time.js';
import { infoFilters, infoLabel, unexplained } from './vocabulary.js';

// card returns a section with a title. It shows the nodes that contentOf returns, and updates them
// whenever source changes. source is a Loading.
function card(name, source, contentOf) {
  const body = el('div');
  const node = el('section', { class: 'card', 'aria-labelledby': `${name}-title` },
    el('h2', { id: `${name}-title`, class: 'section-title' }, text(`${name}.title`)), body);
  fillFrom(source, body, () => contentOf().filter(Boolean));
  return node;
}

const note = (words) => el('p', { class: 'card-note' }, words);

const maxReasons = 12;

// reasonTable returns the most frequent reasons for ends and refusals, with the numbers of the day
// before. A click on the name of a reason for drops calls onList with it.
export function reasonTable(fleet, { onRetry, onList }) {
  return card('reasons', fleet, () => {
    const { reasons } = fleet.answer;
    const max = Math.max(...reasons.map((one) => one.events), 1);
    if (!reasons.length) return [note(text('reasons.none'))];
    return [
      grid(text('reasons.title'), ['reasons.reason', 'reasons.events', 'reasons.before', 'reasons.change'], reasons.slice(0, maxReasons).map((one, i) => {
        const isSame = (other) => ['action', 'action_info', 'kind'].every((name) => other[name] === one[name]);
        return [reasonName(one, `reason-${i}`, onList), bar(one, max), ...compared(fleet, one.events, fleet.before('reasons', isSame))];
      })),
      reasons.length > maxReasons ? note(text('rows.more', { count: number(reasons.length - maxReasons) })) : null,
      fleet.error && !fleet.isWhole ? failed(fleet.error, onRetry) : null, // for whole days, another card says so
    ];
  });
}

function reasonName(reason, id, onList) {
  const swatch = reason.kind === 'refusal' ? refusedSwatch() : solidSwatch(kindOfWord(reason.action_info));
  const label = infoLabel({ ...reason, native_reason: '' });
  const filter = reason.action_info || unexplained;
  const canList = reason.kind === 'drop' && infoFilters.includes(filter); // the API knows the last drop of a device
  return [swatch, ' ', canList ? listButton(id, label, 'reason', filter, onList) : datum(label), ' ', el('small', {}, text(`reasons.${reason.kind}`))];
}

const maxName = 80; // characters; longer names are shortened

// listButton returns a button that lists devices in the finder. what is "node" or "reason", and
// value is the node or the reason of these devices. The button keeps its id when the table is drawn
// again.
function listButton(id, label, what, value, onList) {
  const click = () => onList({ [what]: value });
  return el('button', { id, type: 'button', class: 'link-like', title: text(`finder.list.${what}`), [`data-${what}`]: value, on: { click } },
    el('bdi', { class: 'datum', dir: 'auto' }, plain(label, maxName)));
}

// bar returns a number with a bar as long as its share of max.
function bar({ events, kind, action_info: info }, max) {
  const part = kind === 'refusal' ? 'refused' : `part kind-${kindOfWord(info)}`;
  return [number(events), svg('svg', { class: 'meter', viewBox: '0 0 100 3', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: part, width: (100 * events) / max, height: 3 }))];
}

// compared returns two cells: the number of events on the day before, and the change since then.
function compared(fleet, now, before) {
  if (before === null) return [fleet.isLoading ? '…' : '–', ''];
  const change = now - before;
  const sign = change > 0 ? '+' : '−';
  return [number(before), change === 0 ? text('reasons.same') : `${sign}${number(Math.abs(change))}`];
}

const maxNodes = 12;

// nodeTable returns the nodes with the most drops. The number of all nodes is not known if there
// are too many, because the API combines the less busy ones. A click on the name of a node calls
// onList with it.
export function nodeTable(fleet, { onList }) {
  return card('nodes', fleet, () => {
    const nodes = fleet.answer.nodes.toSorted((a, b) => Boolean(a.rest) - Boolean(b.rest) || b.drops - a.drops || b.refusals - a.refusals);
    const count = number(nodes.filter((one) => !one.rest).length) + (nodes.at(-1)?.rest ? '+' : '');
    if (!nodes.length) return [note(text('nodes.none'))];
    return [
      grid(text('nodes.title'), ['nodes.node', 'nodes.drops', 'reasons.before', 'reasons.change', 'nodes.refusals', 'nodes.connects'], nodes.slice(0, maxNodes).map((one, i) => {
        const isSame = (other) => other.node === one.node && Boolean(other.rest) === Boolean(one.rest);
        return [nodeName(one, `node-${i}`, onList), number(one.drops), ...compared(fleet, one.drops, fleet.before('nodes', isSame)), number(one.refusals), number(one.connects)];
      })),
      nodes.length > maxNodes ? note(text('nodes.more', { shown: number(maxNodes), count })) : null,
    ];
  });
}

function nodeName({ node, rest }, id, onList) {
  if (rest) return text('nodes.rest');
  return node ? listButton(id, node, 'node', node, onList) : el('span', { class: 'quiet-text' }, text('nodes.unnamed'));
}

function grid(label, heads, rows) {
  return el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, el('table', { class: 'grid' },
    el('thead', {}, el('tr', {}, heads.map((key, i) => el('th', { scope: 'col', class: i ? 'numeric' : null }, text(key))))),
    el('tbody', {}, rows.map(([first, ...others]) => el('tr', {},
      el('th', { scope: 'row' }, first), others.map((cell) => el('td', { class: 'numeric' }, cell)))))));
}

// flappingTable returns the devices that dropped most often on the day.
export function flappingTable(fleet, { onRetry }) {
  const { instance, day } = fleet.query;
  return card('flapping', fleet, () => {
    if (fleet.error) return [failed(fleet.error, onRetry)];
    if (!fleet.more) return [note(text('loading'))];
    const devices = fleet.more.flapping;
    if (!devices) return [note(text('flapping.unknown'))];
    if (!devices.length) return [note(text('flapping.none'))];
    const pathOf = (device) => dayPath(instance, device.client_id, day, Date.now());
    return [deviceTable(devices, ['client', 'node', 'drops', 'last'], text('flapping.title'), pathOf)];
  });
}

// downTable returns the devices that are offline now.
export function downTable(list, { onMore }) {
  const { instance } = list.parameters;
  return card('down', list, () => {
    const { answer, error } = list;
    if (error && !answer) return [failed(error, onMore)];
    if (!answer) return [note(text('loading'))];
    if (!list.list.length) return [note(text('down.none'))];
    const pathOf = (device) => devicePathAt(instance, device.client_id, ms(device.offline_since ?? device.last_event), Date.now());
    return [
      deviceTable(list.list, ['client', 'username', 'node', 'since'], text('down.title'), pathOf),
      error && failed(error, onMore),
      listFoot(list, text('down.note', { days: answer.days.join(text('summary.and')) }), 'down-more', onMore),
    ];
  });
}
