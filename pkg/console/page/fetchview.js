// Fetches everything that a view shows, with parallel requests.

import { deviceParameters } from './address.js';
import { APIError, getJSON } from './api.js';
import { preferences } from './preferences.js';
import { Rows } from './rows.js';
import { endsNow, extended } from './span.js';
import { ms } from './time.js';
import { View } from './view.js';

// fetchView fetches the results of a query. It uses the report and the status in known, if they are
// there, instead of fetching them again.
export async function fetchView(query, known, signal) {
  const rows = new Rows(query, signal);
  const [report, status] = await Promise.all([known.report ?? diagnosis(query, signal), known.status ?? statusNow(query, signal), rows.fetchMore()]);
  return new View(query, report, status, rows);
}

// fetchLatestView fetches the results of a query. If the query's span ends now, the results include
// events that are later than now. A broker with a fast clock can report such events. If the status
// names such an event, fetchLatestView moves the end of the span to this event. It then fetches the
// results again.
export async function fetchLatestView(query, signal) {
  const isLatest = endsNow(query, Date.now());
  const view = await fetchView(query, {}, signal);
  const last = ms(view.status?.last_event_at);
  if (!isLatest || last === null || last <= query.to) return view;
  const further = await fetchView({ ...query, ...extended(query, last) }, { status: view.status }, signal);
  further.rows.receipts.push(view.report.receipt, ...view.rows.receipts);
  return further;
}

const diagnosis = (query, signal) => getJSON('diagnosis', { ...deviceParameters(query), lang: preferences.lang }, signal);

// statusNow returns the current status. It returns null if the failure is temporary or the device
// has too many events. Even then, the report may be readable, because the report covers fewer days.
async function statusNow({ instance, client }, signal) {
  try {
    return await getJSON('status', { instance, client }, signal);
  } catch (error) {
    if (error instanceof APIError && (error.isTemporary || error.hasTooManyEvents)) return null;
    throw error;
  }
}
