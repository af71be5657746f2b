// A view is a query together with its results.

import { linkTo, pathOf } from './address.js';
import { plain } from './datum.js';
import { lastOf } from './scopeline.js';
import { statusLine } from './status.js';
import { text } from './text.js';
import { iso, momentsIn, ms, stampIn } from './time.js';
import { newestDrop } from './trend.js';
import { filterLabel } from './vocabulary.js';

export class View {
  // status is null if reading the status failed. The page still shows the other results in that
  // case.
  constructor(query, report, status, rows, { days, scope, near }) {
    Object.assign(this, { query, status, rows, days, scope, near, earlier: [] });
    this.show(report);
  }

  // show sets the report of the view.
  show(report) {
    this.report = report;
    const { connections, refusals, verdicts } = report;
    const reasons = verdicts.map(({ evidence }) => evidence.map((one) => one.native_reason));
    // quoted is the set of texts from devices and brokers that look like times in the API's
    // sentences. The page must not convert these texts to the displayed zone. Real times in the
    // data have another format, so they are not in the set.
    this.quoted = momentsIn(JSON.stringify([this.query, connections, refusals, report.status, reasons]));
  }

  // replace replaces the report with a more complete report. It keeps the receipt of the old
  // report, because the view's cost includes both receipts.
  replace(report) {
    this.earlier.push(this.report.receipt);
    this.show(report);
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

  // headlines returns the verdicts to show. A view without events leaves out verdicts of the level
  // "info", which would only say that there are no events.
  headlines() {
    const { verdicts } = this.report;
    return this.isEmpty() ? verdicts.filter(({ level }) => level !== 'info') : verdicts;
  }

  hasHeadline() {
    return this.headlines().length > 0;
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

  // beginsUnknown reports whether the state at the start of the span is unknown, but a search of
  // earlier days could find it. It returns false if the device is known to have no events at all.
  // It also returns false if the report begins later than the span because there were too many
  // events.
  beginsUnknown() {
    if (this.isAbsent() || this.report.cut_before) return false;
    const isNew = this.query.at === null && this.status?.state === 'unknown' && !this.status.last_event_at && !this.status.cut;
    return this.report.timeline[0]?.state === 'unknown' && !isNew;
  }

  // isUnknownDevice reports whether no events of the device are on record.
  isUnknownDevice() {
    const last = this.status?.last_event_at ?? this.report.status?.last_event_at;
    return this.query.at === null && this.isEmpty() && !last;
  }

  // askScope asks for the scope of the chosen drop or refused login, { at, of }. If chosen is null,
  // it asks for the scope of the last one.
  askScope(chosen, signal) {
    const { instance, client } = this.query;
    const about = chosen ?? lastOf(this);
    return this.scope.ask(about && { instance, client, ...about }, signal);
  }

  // unwatch removes the functions that update elements which are no longer on the page.
  unwatch() {
    for (const one of [this.days, this.scope, this.near]) one.unwatch();
  }

  hasDrops() {
    return this.report.summary.drops > 0;
  }

  // lastDrop returns the newest known drop, or null if the span itself has drops; see newestDrop.
  lastDrop() {
    if (this.hasDrops()) return null;
    const { last_drop: drop, to } = this.report;
    return drop ? { drop, isAfter: false } : newestDrop(this.days, ms(to));
  }

  isIncomplete() {
    return Boolean(this.report.incomplete || this.status?.incomplete || this.rows.unreadable.size);
  }

  receipts() {
    return [this.report.receipt, this.status?.receipt, ...this.rows.receipts, ...this.earlier, ...this.days.receipts, ...this.scope.receipts, ...this.near.receipts];
  }

  // ticket returns the given lines as plain text, together with the view's device, instance, range,
  // status and link.
  ticket(...lines) {
    return [
      `${text('title')}: ${plain(this.query.client)}`,
      `${text('subject.instance')}: ${plain(this.query.instance)}`,
      `${text('form.range')}: ${iso(this.query.from)} – ${iso(this.query.to)}`,
      statusLine(this),
      '',
      ...lines,
      '',
      this.link(),
    ].join('\n');
  }
}
