// Snapshots of views, for files that people read later. A snapshot contains instants instead of words
// such as "now", which would no longer be true.

import { ms } from './time.js';

// settledReport returns a report in which no connection is labeled "still open". Open connections are
// labeled with the instant at which the report ends.
export const settledReport = (report) => (report.isOver ? report : { ...report, openAt: ms(report.to) });

// snapshotOf returns a copy of a view:
//   - A status for "now" becomes the status at the instant that the API returned, or at madeAt if there
//     is no status.
//   - A span that ends in the future is cut at the end of the report.
//   - Results that are still loading count as failed.
//   - marked is the instant to mark in the timeline: the chosen instant, otherwise the end of a span
//     that ends now, otherwise null.
export function snapshotOf(view, madeAt) {
  const { report, query, status } = view;
  const end = report.isOver ? null : ms(report.to);
  return Object.assign(Object.create(view), {
    report: settledReport(report),
    query: { ...query, to: Math.min(query.to, end ?? query.to), at: query.at ?? ms(status?.at) ?? madeAt },
    days: settled(view.days),
    scope: settled(view.scope),
    marked: query.at ?? end,
    madeAt,
  });
}

// settled returns a copy of a Loading that no longer changes. If it is still loading, the copy has
// failed.
function settled(one) {
  const error = one.error ?? (one.isLoading ? true : null);
  return Object.assign(Object.create(one), { loading: null, watchers: [], error });
}
