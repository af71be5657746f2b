// A list of devices that the API returns page by page.

import { getJSON } from './api.js';
import { Loading } from './loading.js';

// DeviceList holds the devices fetched so far, in the order of the API. answer is the latest
// response, or null.
export class DeviceList extends Loading {
  constructor(parameters) {
    super();
    Object.assign(this, { parameters, answer: null, list: [], receipts: [] });
  }

  // loadMore fetches the next page.
  loadMore(signal) {
    const cursor = this.answer?.next_cursor;
    return this.fetchWith(signal, (either) => getJSON('devices', { ...this.parameters, ...(cursor ? { cursor } : {}) }, either), (answer) => {
      this.answer = answer;
      this.list.push(...answer.devices);
      this.receipts.push(answer.receipt);
    });
  }

  // isDone reports whether there are no more pages.
  get isDone() {
    return this.answer !== null && !this.answer.next_cursor;
  }
}
