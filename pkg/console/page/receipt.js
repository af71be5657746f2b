import { datum } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { bytes, number, text } from './text.js';

// receipt shows the total cost of all API calls. Instead of a total time it shows the time of the
// slowest call, because the calls ran in parallel.
export function receipt(receipts) {
  const known = receipts.filter(Boolean);
  const total = (name) => known.reduce((sum, one) => sum + (one[name] ?? 0), 0);
  const slowest = Math.max(0, ...known.map((one) => one.ms ?? 0));
  const partitions = [...new Set(known.flatMap((one) => one.partitions ?? []))];
  return el('footer', { class: 'receipt' },
    el('p', {}, text('receipt.line', {
      calls: number(known.length), objects: number(total('objects')), requests: number(total('requests')), bytes: bytes(total('bytes')),
      ms: number(slowest, { maximumFractionDigits: 1 }),
    })),
    el('p', {}, text('receipt.partitions'), ' ', datum(briefly(partitions).join(', '), { limit: 400, kind: 'mono' })));
}

const maxNamed = 3; // partitions of one instance and day that are named one by one

// briefly returns the sorted names of partitions. A question about a fleet reads all shards of a
// day, so briefly combines many shards of one day into one name, and adds their number.
function briefly(partitions) {
  const byDay = Map.groupBy(partitions, (name) => name.replace(/\/shard=[^/]*/, '/shard=*'));
  return [...byDay].flatMap(([name, all]) => (all.length > maxNamed ? `${name} (${number(all.length)})` : all)).sort();
}

// incompleteNotice warns that events are missing, because some objects could not be read.
// unreadable maps the keys of these objects to errors.
export function incompleteNotice(unreadable) {
  const objects = [...unreadable].map(([key, error]) => el('li', {},
    datum(key, { limit: 300, kind: 'mono' }), ' ', el('small', {}, datum(error, { limit: 300 }))));
  return el('section', { class: 'notice warning', role: 'alert' },
    icon('alert'),
    el('div', {},
      el('strong', {}, text('incomplete.title')),
      el('p', {}, text('incomplete.meaning')),
      objects.length ? el('ul', {}, objects) : null));
}
