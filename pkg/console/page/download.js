// This module creates files for download with all events that match a query. A link to the API
// would have to contain the token, so the page creates these files itself.

import { traceParameters } from './address.js';
import { getText } from './api.js';
import { el } from './dom.js';
import { date } from './time.js';

const encoder = new TextEncoder();

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

// byteOrderMark marks a CSV file as UTF-8 for Excel. Without it, a Chinese Excel reads the file as GBK.
const byteOrderMark = '\ufeff';

// save makes the browser save content as a file. The name of the file contains subject and the day
// of the instant at.
export function save(subject, at, format, content) {
  const mark = format === 'csv' ? byteOrderMark : '';
  const url = URL.createObjectURL(new Blob([mark, content], { type: `${types[format]};charset=utf-8` }));
  const anchor = el('a', { href: url, download: `${fileName(subject, at)}.${format}` });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// unsafe matches characters that must not be in the name of a file: spaces, control and bidirectional
// formatting characters, unpaired surrogates, and all ASCII characters except letters, digits, ".",
// "_" and "-". Path separators and the characters that Windows forbids are among them.
const unsafe = /(?:[\p{C}\p{Z}]|(?![\w.-])[\0-\x7f])+/gu;

const maxNameBytes = 120; // file systems allow 255 bytes for the whole name

function fileName(subject, at) {
  const name = beginning(subject.replace(unsafe, '_').replace(/^[._]+/, ''), maxNameBytes).replace(/[._]+$/, '');
  return `device-trace-${name || 'device'}-${date(at)}`;
}

// beginning returns the longest beginning of a string that has at most max bytes in UTF-8. It does not
// split a character.
function beginning(name, max) {
  let [end, size] = [0, 0];
  for (const character of name) {
    size += encoder.encode(character).length;
    if (size > max) break;
    end += character.length;
  }
  return name.slice(0, end);
}
