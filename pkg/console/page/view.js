// A view is what was asked and what came back.

import { link, write } from './address.js';
import { plain } from './datum.js';
import { statusLine } from './status.js';
import { text } from './text.js';
import { iso, momentsIn, stampIn } from './time.js';

export class View {
  // status is null where it could not be had; that alone hides nothing else.
  constructor(query, report, status, rows) {
    Object.assign(this, { query, report, status, rows });
    const { connections, refusals } = report;
    // What devices and brokers say that looks like a time of ours: ours have another form here.
    this.quoted = momentsIn(JSON.stringify([query, connections, refusals, report.status, report.verdicts.map(({ evidence }) => evidence.map((one) => one.native_reason))]));
  }

  name() {
    return plain(this.query.client, 80);
  }

  link() {
    return link(this.query);
  }

  // stamp writes an instant of the span.
  get stamp() {
    return stampIn(this.query);
  }

  path() {
    return write(this.query);
  }

  // isEmpty: there is nothing to draw, whatever a filter leaves.
  isEmpty() {
    const { connections, refusals } = this.report;
    return !connections.length && !refusals.length && !this.rows.list.length;
  }

  // filter is the words that events are filtered by; empty for none.
  filter() {
    return [this.query.action, this.query.info].filter(Boolean).join(', ');
  }

  isIncomplete() {
    return Boolean(this.report.incomplete || this.status?.incomplete || this.rows.unreadable.size);
  }

  receipts() {
    return [this.report.receipt, this.status?.receipt, ...this.rows.receipts];
  }

  // heading is what a ticket begins with, in lines.
  heading() {
    return [
      `${text('title')}: ${plain(this.query.client)}`,
      `${text('subject.instance')}: ${plain(this.query.instance)}`,
      `${text('form.range')}: ${iso(this.query.from)} – ${iso(this.query.to)}`,
      statusLine(this.status),
    ];
  }
}
