// A note in place of results that could not be fetched. It leaves the rest of the page as it is.

import { datum } from './datum.js';
import { el } from './dom.js';
import { text } from './text.js';

// failed returns the note, with the API's message and a button to try again.
export function failed(error, onRetry) {
  return el('p', { class: 'card-note failed', role: 'status' }, text('loading.failed'), ' ',
    error.message ? [datum(error.message, { limit: 300, kind: 'prose' }), ' '] : null,
    el('button', { type: 'button', class: 'link-like retry', on: { click: onRetry } }, text('retry')));
}
