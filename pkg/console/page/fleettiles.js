// The most important figures of a fleet. Figures of the second response appear as "…" until it
// arrives.

import { el } from './dom.js';
import { isToday } from './fleetspan.js';
import { number, text } from './text.js';

export function fleetTiles(fleet) {
  const node = el('dl', { class: 'summary card' });
  fleet.watch(() => node.replaceChildren(...tiles(fleet)));
  return node;
}

function tiles(fleet) {
  const { totals } = fleet.answer;
  const devices = fleet.more?.totals ?? {};
  const seen = devices.devices ?? null;
  const down = isToday(fleet.query, Date.now()) ? 'down' : 'downThen';
  return [
    tile('connects', number(totals.connects), text('fleet.connects.note')),
    tile('drops', number(totals.drops), disconnectsNote(totals), totals.drops > 0),
    tile('refusals', number(totals.refusals), text('summary.refusals.note'), totals.refusals > 0),
    tile('devices', late(fleet, seen), text(fleet.isWhole ? 'fleet.devices.note' : 'fleet.wholeDays')),
    tile('dropped', late(fleet, devices.dropped ?? null), text(fleet.isWhole ? 'fleet.dropped.note' : 'fleet.wholeDays')),
    tile(down, late(fleet, fleet.more?.down ?? null), text(fleet.isWhole ? 'fleet.down.note' : 'fleet.wholeDays')),
  ];
}

function disconnectsNote(totals) {
  const count = totals.disconnects ?? totals.ends - totals.drops;
  return count > 0 ? text('summary.disconnects', { count: number(count) }) : '';
}

function tile(name, value, note, bad = false) {
  return el('div', { class: `tile${bad ? ' bad' : ''}` },
    el('dt', {}, text(`fleet.${name}`)),
    el('dd', {}, el('span', { class: 'value' }, value), note ? el('small', {}, note) : null));
}

function late(fleet, value) {
  if (value !== null) return number(value);
  return fleet.isWhole && fleet.isLoading ? '…' : '–';
}
