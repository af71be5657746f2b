// What the finder lists: devices that contain a text, were last on a node, or dropped for a reason.

import { withoutEmpty } from './address.js';
import { utcDate, utcDayOf } from './time.js';

const maxFound = 20; // devices in a page of the finder

// noSearch is the change to a query of the fleet that closes the finder.
export const noSearch = { text: '', node: '', reason: '' };

// searchParameters returns the API parameters for the devices that a query of the fleet lists, or
// null if it lists none. A query about today searches for a text in the day before, too. The
// devices of a node or a reason always come from the query's day.
export function searchParameters({ instance, day, text, node, reason }, now) {
  const date = utcDate(day);
  if (text) return { instance, q: text, limit: maxFound, ...(day === utcDayOf(now) ? {} : { day: date }) };
  if (node || reason) return { instance, ...withoutEmpty({ node, reason }), order: 'drops', day: date, limit: maxFound };
  return null;
}
