// A view is a query together with its results.

import { linkTo, pathOf } from './address.js';
import { plain } from './datum.js';
import { statusLine } from './status.js';
import { text } from './text.js';
import { iso, momentsIn, stampIn } from './time.js';
import { filterLabel } from './vocabulary.js';

export class View {
  // status is null if reading the status failed. The page still shows the other results in that
  // case.
  constructor(query, report, status, rows) {
    Object.assign(this, { query, report, status, rows });
    const { connections, refusals, verdicts } = report;
    const reasons = verdicts.map(({ evidence }) => evidence.map((one) => one.native_reason));
    // quoted is the set of texts from devices and brokers that look like times in the API's
    // sentences. The page must not convert these texts to the displayed zone. Real times in the
    // data have another format, so they are not in the set.
    this.quoted = momentsIn(JSON.stringify([query, connections, refusals, report.status, reasons]));
  }

  name() {
    return plain(this.query.client, 80);
  }

  link() {
    return linkTo(this.query);
  }

  path() {
    return pathOf(this.query);
  }

  // stamp is the function that formats times in the view's span.
  get stamp() {
    return stampIn(this.query);
  }

  // isEmpty reports whether the view has no connections, no refusals and no events. Events that the
  // filter hides do not count.
  isEmpty() {
    const { connections, refusals } = this.report;
    return !connections.length && !refusals.length && !this.rows.list.length;
  }

  // isAbsent reports whether the whole instance has no events.
  isAbsent() {
    return this.report.instance_known === false;
  }

  // filter returns the text that the events are filtered by, or "" if there is no filter.
  filter() {
    const { action, info } = this.query;
    return [action, info && filterLabel(info)].filter(Boolean).join(', ');
  }

  isIncomplete() {
    return Boolean(this.report.incomplete || this.status?.incomplete || this.rows.unreadable.size);
  }

  receipts() {
    return [this.report.receipt, this.status?.receipt, ...this.rows.receipts];
  }

  // ticket returns the given lines as plain text, together with the view's device, instance, range,
  // status and link.
  ticket(...lines) {
    return [
      `${text('title')}: ${plain(this.query.client)}`,
      `${text('subject.instance')}: ${plain(this.query.instance)}`,
      `${text('form.range')}: ${iso(this.query.from)} – ${iso(this.query.to)}`,
      statusLine(this.status),
      '',
      ...lines,
      '',
      this.link(),
    ].join('\n');
  }
}
