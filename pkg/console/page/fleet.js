// The figures of a fleet in a span, as the API returns them.

import { timestamp } from './address.js';
import { getJSON, getText } from './api.js';
import { spanOfFleet, stepOf } from './fleetspan.js';
import { Loading } from './loading.js';
import { ms } from './time.js';

// Fleet holds the figures of a fleet. The first response has the counts of events. more is the
// response that takes longer: it has the figures of the day before and, for a whole day, the
// numbers of devices. more is null until it arrives.
export class Fleet extends Loading {
  constructor(query, span, answer) {
    super();
    Object.assign(this, { query, span, answer, more: null, receipts: [answer.receipt] });
  }

  loadMore(signal) {
    const parameters = { ...parametersOf(this.query, this.span), devices: this.isWhole ? 1 : 0, compare: 1 };
    return this.fetchWith(signal, (either) => getJSON('fleet', parameters, either), (more) => {
      this.more = more;
      this.receipts.push(more.receipt);
    });
  }

  // isWhole reports whether the span is a UTC day, so that devices can be counted.
  get isWhole() {
    return this.query.from === null;
  }

  // isAbsent reports whether the whole instance has no events.
  get isAbsent() {
    return this.answer.instance_known === false;
  }

  get isEmpty() {
    const { connects, refusals, ends } = this.answer.totals;
    return connects + refusals + ends === 0;
  }

  // hasEventsBefore reports whether the same span a day earlier is known to have events.
  get hasEventsBefore() {
    return [...this.more?.reasons ?? [], ...this.more?.nodes ?? []].some(({ before }) => before > 0);
  }

  // before returns how many events a reason or a node had a day earlier, or null if that is not
  // known. list is "reasons" or "nodes", and isSame finds the reason or the node in the list.
  before(list, isSame) {
    if (!this.more) return null;
    const found = this.more[list].find(isSame);
    return found ? found.before : 0;
  }

  // worstMinute fetches the start of the minute with the most drops or refusals between from and
  // to. The steps of the first response are too coarse for this, because they may be longer than a
  // minute.
  async worstMinute({ from, to }, of, signal) {
    const parameters = { instance: this.query.instance, from: timestamp(from), to: timestamp(to), step: '1m', devices: 0 };
    const { steps, receipt } = await getJSON('fleet', parameters, signal);
    this.receipts.push(receipt);
    return ms(steps.reduce((worst, one) => (one[of] > worst[of] ? one : worst)).time);
  }

  // csv fetches the figures of the steps as a CSV file.
  csv(signal) {
    return getText('fleet', { ...parametersOf(this.query, this.span), devices: 0, format: 'csv' }, signal);
  }

  // shows reports whether these figures answer a query.
  shows(query) {
    return ['instance', 'day', 'from', 'to'].every((name) => this.query[name] === query[name]);
  }
}

const parametersOf = ({ instance }, span) => ({ instance, from: timestamp(span.from), to: timestamp(span.to), step: stepOf(span) });

// fetchFleet fetches the first response for a query.
export async function fetchFleet(query, now, signal) {
  const span = spanOfFleet(query, now);
  return new Fleet(query, span, await getJSON('fleet', { ...parametersOf(query, span), devices: 0 }, signal));
}
