// The events of a view, fetched as they are needed.

import { askJSON } from './api.js';
import { selection, span } from './address.js';

const fetched = 1000; // rows at once

// Rows are the events in the asked order, as far as they are here.
export class Rows {
  constructor(query, signal) {
    this.parameters = { ...span(query), ...selection(query), limit: fetched };
    this.signal = signal;
    this.list = [];
    this.cursor = '';
    this.done = false;
    this.unreadable = new Map(); // key → error
    this.receipts = [];
  }

  // more fetches a further page; what is under way is not asked for twice.
  more() {
    this.under ??= this.fetch().finally(() => { this.under = null; });
    return this.under;
  }

  async fetch() {
    if (this.done) return;
    const cursor = this.cursor ? { cursor: this.cursor } : {};
    const page = await askJSON('trace', { ...this.parameters, ...cursor }, this.signal);
    this.list.push(...page.events);
    this.cursor = page.next_cursor ?? '';
    this.done = this.cursor === '';
    for (const { key, error } of page.unreadable ?? []) this.unreadable.set(key, error);
    this.receipts.push(page.receipt);
  }

  // until fetches until the list holds n rows, or all there are.
  async until(n) {
    while (!this.done && this.list.length < n) await this.more();
  }

  // find is where the first row is that passes, or -1, whatever it takes to know.
  async find(passes) {
    for (let seen = 0; ;) {
      const at = this.list.slice(seen).findIndex(passes);
      if (at >= 0) return seen + at;
      if (this.done) return -1;
      seen = this.list.length;
      await this.more();
    }
  }
}
