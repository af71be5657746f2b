import { datum } from './datum.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { bytes, number, text } from './text.js';

// receipt is what the answers cost together: they ran at once, so the time is that of
// the slowest.
export function receipt(receipts) {
  const known = receipts.filter(Boolean);
  const total = (name) => known.reduce((sum, one) => sum + (one[name] ?? 0), 0);
  const partitions = [...new Set(known.flatMap((one) => one.partitions ?? []))].sort();
  return el('footer', { class: 'receipt' },
    el('p', {}, text('receipt.line', {
      answers: number(known.length), objects: number(total('objects')), requests: number(total('requests')), bytes: bytes(total('bytes')),
      ms: number(Math.max(0, ...known.map((one) => one.ms ?? 0)), { maximumFractionDigits: 1 }),
    })),
    el('p', {}, text('receipt.partitions'), ' ', datum(partitions.join(', '), { limit: 400, kind: 'mono' })));
}

// incomplete warns that events are missing, and names the objects that hold them.
export function incomplete(unreadable) {
  return el('section', { class: 'notice warning', role: 'alert' },
    icon('alert'),
    el('div', {},
      el('strong', {}, text('incomplete.title')),
      el('p', {}, text('incomplete.meaning')),
      unreadable.size ? el('ul', {}, [...unreadable].map(([key, error]) => el('li', {}, datum(key, { limit: 300, kind: 'mono' }), ' ', el('small', {}, datum(error, { limit: 300 }))))) : null));
}
