// The days around a span: one row of figures per UTC day, oldest first. The page fetches the days
// after the results, because it can show the results without the days.

import { getJSON } from './api.js';
import { Loading } from './loading.js';
import { day, ms, utcDate, utcDayOf } from './time.js';

export const week = 7;
export const month = 30;

let preferred = week; // the number of days that the user chose last, until the page is closed

export class Days extends Loading {
  constructor(query, count = preferred) {
    super();
    // searched is the start of the day after the newest day that was not read. If all days were
    // read, it is the start of the earliest day. It is null if the last day was not read.
    Object.assign(this, { query, count, today: utcDayOf(Date.now()), rows: new Map(), searched: null, receipts: [] });
  }

  // first and last are the first instants of the first and the last day to show. If the span lies
  // within the count days up to today, the last day to show is today. Otherwise, the span is in the
  // middle of the days to show.
  get last() {
    const end = Math.min(utcDayOf(this.query.to), this.today);
    const start = Math.min(utcDayOf(this.query.from), end);
    return start > this.today - this.count * day ? this.today : Math.min(this.today, end + Math.floor(this.count / 2) * day);
  }

  get first() {
    return this.last - (this.count - 1) * day;
  }

  // list returns { at, row } for each day to show. at is the first instant of the day. row is
  // undefined if the day is not known yet.
  list() {
    return [...Array(this.count).keys()].map((i) => {
      const at = this.first + i * day;
      return { at, row: this.rowOf(at) };
    });
  }

  // rowOf returns the row of the day that contains an instant, or undefined.
  rowOf(at) {
    return this.rows.get(utcDate(at));
  }

  // known returns the rows of the days that have been read, newest first. It starts at the last day
  // to show, goes back, and stops at the first day that has not been read.
  known() {
    const isKnown = (at) => this.rowOf(at) && !this.rowOf(at).not_read;
    const rows = [];
    for (let at = this.last; isKnown(at); at -= day) rows.push(this.rowOf(at));
    return rows;
  }

  // covers reports whether the span includes a part of the day that begins at the given instant.
  covers(at) {
    return at <= this.query.to && this.query.from < at + day;
  }

  // isComplete reports whether all rows to show have been loaded.
  isComplete() {
    return Boolean(this.answer) && this.list().every(({ row }) => row);
  }

  // adopt takes over the rows of another Days object if it is about the same device. The page shows
  // these rows until the rows have been loaded again.
  adopt(other) {
    if (other?.query.instance !== this.query.instance || other.query.client !== this.query.client) return;
    [this.rows, this.searched] = [other.rows, other.searched];
  }

  // load fetches the rows. If that fails, error holds the error. A load that is still running is
  // aborted.
  load(signal) {
    return this.fetchWith(signal, (either) => this.fetch(either), (answer) => this.take(answer));
  }

  fetch(signal) {
    const { instance, client } = this.query;
    return getJSON('days', { instance, client, from: utcDate(this.first), to: utcDate(this.last) }, signal);
  }

  take(answer) {
    const earliest = answer.days[answer.days.findLastIndex((row) => row.not_read) + 1];
    this.answer = answer;
    this.searched = ms(earliest?.day);
    this.rows = new Map([...this.rows, ...answer.days.map((row) => [row.day, row])]);
    this.receipts.push(answer.receipt);
  }

  // choose changes the number of days to show, and loads the days that are missing.
  async choose(count, signal) {
    preferred = count;
    this.count = count;
    if (this.isComplete()) this.change({});
    else await this.load(signal);
  }
}
