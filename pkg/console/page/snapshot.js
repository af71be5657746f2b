// A snapshot of a view, for a file that people read later. It states the instant that it is about,
// instead of words such as "now", which would no longer be true.

import { ms } from './time.js';

// settledReport returns a report in which open connections are open at the report's end, rather than
// still open.
export const settledReport = (report) => (report.isOver ? report : { ...report, openAt: ms(report.to) });

// snapshotOf returns a copy of a view:
//   - If the status is that of now, it becomes the status at the instant for which the API returned
//     it, or at madeAt if there is no status.
//   - A span that ends in the future ends where the report ends.
//   - Results that are still loading count as failed.
//   - marked is the instant to mark in the timeline, or null. If the span ends now, it is the end.
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

// settled returns a copy of a Loading that no longer changes.
function settled(one) {
  const error = one.error ?? (one.isLoading ? true : null);
  return Object.assign(Object.create(one), { loading: null, watchers: [], error });
}
