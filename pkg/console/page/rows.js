// The events of a view, fetched on demand.

import { traceParameters } from './address.js';
import { getJSON } from './api.js';

const pageSize = 1000;

// Rows holds the events fetched so far, in the order that the query requests.
export class Rows {
  constructor(query, signal) {
    this.parameters = { ...traceParameters(query), limit: pageSize };
    this.signal = signal;
    this.list = [];
    this.cursor = '';
    this.done = false;
    this.unreadable = new Map(); // object key → error
    this.receipts = [];
  }

  // fetchMore fetches the next page. If a fetch is already in progress, it returns the promise of
  // that fetch instead.
  fetchMore() {
    this.pending ??= this.fetchPage().finally(() => { this.pending = null; });
    return this.pending;
  }

  async fetchPage() {
    if (this.done) return;
    const cursor = this.cursor ? { cursor: this.cursor } : {};
    const page = await getJSON('trace', { ...this.parameters, ...cursor }, this.signal);
    this.list.push(...page.events);
    this.cursor = page.next_cursor ?? '';
    this.done = this.cursor === '';
    for (const { key, error } of page.unreadable ?? []) this.unreadable.set(key, error);
    this.receipts.push(page.receipt);
  }

  // fetchUntil fetches pages until the list has at least n rows or there are no more rows.
  async fetchUntil(n) {
    while (!this.done && this.list.length < n) await this.fetchMore();
  }

  // findIndex returns the index of the first matching row, or -1 if none matches. It fetches pages
  // until a row matches, so it may fetch all rows.
  async findIndex(matches) {
    for (let seen = 0; ;) {
      const at = this.list.slice(seen).findIndex(matches);
      if (at >= 0) return seen + at;
      if (this.done) return -1;
      seen = this.list.length;
      await this.fetchMore();
    }
  }
}
