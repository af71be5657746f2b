// This module creates files for download with all events that match a query. A link to the API
// would have to contain the token, so the page creates these files itself.

import { traceParameters } from './address.js';
import { getText } from './api.js';
import { el } from './dom.js';
import { date } from './time.js';

const maxLimit = 5000; // the maximum number of events in one page of a trace

const types = { csv: 'text/csv', ndjson: 'application/x-ndjson', html: 'text/html' };

// fetchAll fetches all pages of a trace in the given format and joins them. After each page, it
// calls onPage with the number of pages so far. It returns { content, incomplete }. incomplete is
// true if some events could not be read.
export async function fetchAll(query, format, signal, onPage) {
  const pages = [];
  let cursor = '';
  let incomplete = false;
  do {
    const page = await getText('trace', { ...traceParameters(query), format, limit: maxLimit, ...(cursor ? { cursor } : {}) }, signal);
    pages.push(format === 'csv' && pages.length ? withoutHead(page.text) : page.text);
    incomplete ||= page.headers.has('X-Incomplete');
    cursor = page.headers.get('X-Next-Cursor') ?? '';
    onPage(pages.length);
  } while (cursor);
  return { content: pages.join(''), incomplete };
}

// withoutHead removes the first line of a CSV file. No column name contains a line break.
const withoutHead = (page) => page.slice(page.indexOf('\n') + 1);

// save makes the browser save content as a file. The name of the file contains subject and the day
// of the instant at.
export function save(subject, at, format, content) {
  const url = URL.createObjectURL(new Blob([content], { type: `${types[format]};charset=utf-8` }));
  const anchor = el('a', { href: url, download: `${fileName(subject, at)}.${format}` });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

function fileName(subject, at) {
  const name = subject.slice(0, 60).replace(/[^\w.-]+/g, '_').replace(/^[._]+/, '');
  return `device-trace-${name || 'device'}-${date(at)}`;
}
