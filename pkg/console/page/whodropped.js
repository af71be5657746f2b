// The panel about one minute of a fleet: who dropped, or who was refused, and what they have in
// common.

import { copyButton } from './clipboard.js';
import { countNote, countNotes } from './counted.js';
import { datum, plain } from './datum.js';
import { deviceTable } from './devicetable.js';
import { el } from './dom.js';
import { failed } from './failed.js';
import { fillFrom } from './filling.js';
import { devicePathAt } from './fleetaddress.js';
import { icon } from './icons.js';
import { pager } from './pager.js';
import { scopeSentence } from './scope.js';
import { number, text } from './text.js';
import { clock, iso, minute, minuteStamp, ms } from './time.js';
import { infoLabel } from './vocabulary.js';

const perPage = 20;
const columns = ['client', 'time', 'reason', 'node', 'address'];

// whoDropped returns the panel. It fills itself in. onMinute is called with the start of another
// minute, onOf with "drops" or "refusals".
export function whoDropped(scope, { onMinute, onOf, onClose, onRetry }) {
  const { at, of } = scope.asked;
  const body = el('div');
  const node = el('section', { class: 'picked-connection who-dropped', 'aria-labelledby': 'who-title' },
    el('header', {},
      el('h3', { id: 'who-title' }, text(`who.title.${of}`, { time: minuteStamp(at) })),
      el('span', { class: 'spring' }),
      ofSwitch(of, onOf),
      el('span', { class: 'tools' },
        quietButton('who-earlier', 'earlier', text('who.earlier'), false, () => onMinute(at - minute)),
        quietButton('who-later', 'later', text('who.later'), at + minute > Date.now(), () => onMinute(at + minute)),
        copyButton(() => ticket(scope), { caption: text('copy.text') }),
        quietButton('who-close', 'cross', text('close'), false, onClose))),
    body);
  fillFrom(scope, body, () => content(scope, onRetry));
  return node;
}

const quietButton = (id, shape, caption, disabled, onClick) => el('button', { id, type: 'button', class: 'button icon-only quiet', title: caption, 'aria-label': caption, disabled, on: { click: onClick } }, icon(shape));

function ofSwitch(of, onOf) {
  return el('div', { class: 'switch', role: 'group', 'aria-label': text('who.of') },
    ['drops', 'refusals'].map((one) => el('button', { id: `who-${one}`, type: 'button', 'aria-pressed': String(one === of), on: { click: () => onOf(one) } }, text(`who.${one}`))));
}

function content({ asked, answer, error }, onRetry) {
  if (error) return [failed(error, onRetry)];
  if (!answer) return [el('p', { class: 'quiet-text' }, text('who.looking'))];
  return [
    el('p', { class: 'who-text' },
      answer.title ? el('strong', {}, datum(scopeSentence(answer, 'title'), { limit: 600, kind: 'prose' }), ' ') : null,
      datum(scopeSentence(answer, 'text'), { limit: 1500, kind: 'prose' })),
    el('p', { class: 'quiet-text' }, text('who.window', { from: clock(ms(answer.from), minute), to: clock(ms(answer.to), minute), connects: number(answer.connects) })),
    countNote(answer),
    answer.others > 0 ? shares(answer) : null,
    answer.devices.length ? list(answer, asked.instance) : null,
  ].filter(Boolean);
}

// shares returns what the devices have in common: how many of them share a node, a reason and a
// network.
function shares(answer) {
  const { by_node: nodes, by_reason: reasons, by_network: networks, others } = answer;
  return el('div', { class: 'shares' },
    share(text('field.node'), nodes, others, (one) => (one.rest ? text('nodes.rest') : one.node && datum(one.node, { limit: 60 }))),
    share(text('column.info'), reasons, others, (one) => datum(infoLabel({ ...one, native_reason: '' }))),
    share(text('who.network'), networks, others, (one) => one.network && datum(one.network, { limit: 60 })));
}

const maxShares = 8; // rows in each table

function share(head, all, others, nameOf) {
  if (!all?.length) return null;
  return el('table', { class: 'grid' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, head), el('th', { scope: 'col', class: 'numeric' }, text('who.others')))),
    el('tbody', {}, all.slice(0, maxShares).map((one) => el('tr', {},
      el('th', { scope: 'row' }, nameOf(one) || el('span', { class: 'quiet-text' }, text('unknown'))),
      el('td', { class: 'numeric' }, amount(one, others))))),
    all.length > maxShares ? el('tfoot', {}, el('tr', {}, el('td', { colspan: 2, class: 'quiet-text' }, text('rows.more', { count: number(all.length - maxShares) })))) : null);
}

// amount formats the number of devices that share something or, if only a sample is known, their
// percentage.
function amount(one, others) {
  const part = one.share ?? (others ? one.others / others : 0);
  const percent = `${number(Math.round(Math.min(part, 1) * 100))} %`;
  return typeof one.others === 'number' ? `${number(one.others)} (${percent})` : text('who.about', { percent });
}

function list(answer, instance) {
  const { devices, complete, others } = answer;
  const pathOf = (device) => devicePathAt(instance, device.client_id, ms(device.time), Date.now());
  const label = text(complete ? 'who.list' : 'who.sample', { shown: number(devices.length), count: number(others) });
  const rows = el('div');
  const pages = pager({ label: text('who.pages') });
  function show(page) {
    const first = page * perPage;
    const last = Math.min(first + perPage, devices.length);
    rows.replaceChildren(deviceTable(devices.slice(first, last), columns, label, pathOf));
    pages.show({ page, first, last, total: number(devices.length), more: last < devices.length }, show);
  }
  show(0);
  return el('div', { class: 'who-list' }, el('h4', { class: 'section-title' }, label), rows, pages.node);
}

// ticket returns the panel as plain text.
function ticket({ asked, answer }) {
  const link = location.origin + location.pathname + location.search;
  const lines = answer ? [
    scopeSentence(answer, 'title'), scopeSentence(answer, 'text'), ...countNotes(answer),
    ...answer.devices.map((one) => `- ${iso(ms(one.time))} ${plain(one.client_id)} ${plain(infoLabel({ ...one, native_reason: '' }))} ${plain(one.node ?? '')}`),
  ] : [];
  return [
    text(`who.title.${asked.of}`, { time: iso(asked.at) }),
    `${text('subject.instance')}: ${plain(asked.instance)}`, '', ...lines, '', link,
  ].join('\n');
}
