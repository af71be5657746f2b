// Fetches everything that a view shows, with parallel requests.

import { deviceParameters, statusParameters } from './address.js';
import { APIError, getJSON } from './api.js';
import { Days } from './days.js';
import { Near } from './near.js';
import { preferences } from './preferences.js';
import { Rows } from './rows.js';
import { Scope } from './scope.js';
import { endsNow, extended, isOver } from './span.js';
import { ms } from './time.js';
import { View } from './view.js';

// fetchView fetches the results of a query, except the results that known contains. If known
// contains no days, scope or near misses, the view starts without them, and the caller must load
// them.
export async function fetchView(query, known, signal) {
  const rows = new Rows(query, signal);
  const [report, status] = await Promise.all([known.report ?? diagnosis(query, signal), known.status ?? statusOf(query, signal), rows.fetchMore()]);
  return new View(query, report, status, rows, { days: known.days ?? new Days(query), scope: known.scope ?? new Scope(), near: known.near ?? new Near(query) });
}

// fetchLatestView fetches the results of a query. If the query's span ends now, the results must
// include events with later times, which a broker with a fast clock can report. If the client's
// last event in the status is later than the span, fetchLatestView extends the span to the time of
// this event and fetches the results again. The status at a past instant does not show later
// events, so with such a status the span stays as it is.
export async function fetchLatestView(query, signal) {
  const isLatest = query.at === null && endsNow(query, Date.now());
  const view = await fetchView(query, {}, signal);
  const last = ms(view.status?.last_event_at);
  if (!isLatest || last === null || last <= query.to) return view;
  const further = await fetchView({ ...query, ...extended(query, last) }, { status: view.status }, signal);
  further.rows.receipts.push(view.report.receipt, ...view.rows.receipts);
  return further;
}

// diagnosis returns the report. Its property isOver says whether the span ended before the request.
async function diagnosis(query, signal, options = {}) {
  const over = isOver(query, Date.now());
  return { ...await getJSON('diagnosis', { ...deviceParameters(query), ...options, lang: preferences.lang }, signal), isOver: over };
}

// fetchWholeReport fetches the report of a view again. This time, the API searches all days that
// are kept for the state at the start of the span. fetchWholeReport returns null if the request
// fails, because the view already has a report.
export async function fetchWholeReport({ query, report }, signal) {
  try {
    return { ...await diagnosis(query, signal, { since: 1 }), isOver: report.isOver };
  } catch (error) {
    if (error instanceof APIError) return null;
    throw error;
  }
}

// statusOf returns the status at the query's instant, or null if the request fails temporarily. The
// page may then still be able to show the report, because the report comes from another request,
// which reads other days.
async function statusOf(query, signal) {
  try {
    return await getJSON('status', statusParameters(query), signal);
  } catch (error) {
    if (error instanceof APIError && error.isTemporary) return null;
    throw error;
  }
}
