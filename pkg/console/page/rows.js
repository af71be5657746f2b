// The events of a view, fetched as they are needed.

import { traceParameters } from './address.js';
import { getJSON } from './api.js';

const pageSize = 1000;

// Rows holds the events that were fetched so far, in the order of the query.
export class Rows {
  constructor(query, signal) {
    this.parameters = { ...traceParameters(query), limit: pageSize };
    this.signal = signal;
    this.list = [];
    this.cursor = '';
    this.done = false;
    this.unreadable = new Map(); // key → error
    this.receipts = [];
  }

  // fetchMore fetches the next page. Calls during a fetch share it.
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

  // fetchUntil fetches until the list has n rows, or all rows if there are fewer.
  async fetchUntil(n) {
    while (!this.done && this.list.length < n) await this.fetchMore();
  }

  // findIndex returns the index of the first matching row, or -1. It may fetch all rows.
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
