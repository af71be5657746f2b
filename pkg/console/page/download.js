// Files of all rows of a view, made in the browser: the token is not in a link.

import { ask, reached } from './api.js';
import { selection, span } from './address.js';
import { el } from './dom.js';
import { date } from './time.js';

const mostLimit = 5000;

const types = { csv: 'text/csv', ndjson: 'application/x-ndjson', html: 'text/html' };

// fetchAll gets all pages of a format as one text. onPage is told how many came.
export async function fetchAll(query, format, signal, onPage) {
  const parts = [];
  let cursor = '';
  let incomplete = false;
  do {
    const response = await ask('trace', { ...span(query), ...selection(query), format, limit: mostLimit, ...(cursor ? { cursor } : {}) }, signal);
    const part = await reached(response.text());
    parts.push(format === 'csv' && parts.length ? withoutHead(part) : part);
    incomplete ||= response.headers.has('X-Incomplete');
    cursor = response.headers.get('X-Next-Cursor') ?? '';
    onPage(parts.length);
  } while (cursor);
  return { content: parts.join(''), incomplete };
}

// The head of a CSV file is its first line; no name in it has a line break.
const withoutHead = (part) => part.slice(part.indexOf('\n') + 1);

// save hands a text to the browser as a file.
export function save(query, format, content) {
  const url = URL.createObjectURL(new Blob([content], { type: `${types[format]};charset=utf-8` }));
  const anchor = el('a', { href: url, download: `${fileName(query)}.${format}` });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function fileName(query) {
  const device = query.client.slice(0, 60).replace(/[^\w.-]+/g, '_').replace(/^[._]+/, '');
  return `device-trace-${device || 'device'}-${date(query.from)}`;
}
