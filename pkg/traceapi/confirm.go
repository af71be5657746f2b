package traceapi

import (
	"context"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/query"
	"devicetrace/pkg/summary"
)

// maxStatuses is the maximum number of statuses that are read in parallel.
const maxStatuses = 16

// confirm reads the status of each found device at the end of the searched days. It removes the
// lines of the devices that are not offline. The other lines get the time of the status.
//
// Each status has a share of the budget that /api/v1/status has. If the share does not settle the
// status, the line stays, and is not confirmed.
func (a api) confirm(ctx context.Context, q finderRequest, found *foundDevices) error {
	at, until := a.endOf(q.last)
	budget := shareOf(pastBudget, len(found.devices))
	began := a.now()
	read := make([]*past, len(found.devices))
	err := parallel.Do(len(read), maxStatuses, func(i int) (err error) {
		var search history.Search
		d := device{q.instanceID, event.ClientID(found.devices[i].place.clientID)}
		read[i], err = a.searchStatus(ctx, d, at, until, budget, &search)
		defer read[i].turn.release()
		if err == nil && !found.devices[i].line.confirm(search.Status(), read[i].isUnsure()) {
			found.devices[i].line = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range read {
		p.account.receipt.MS = 0 // the statuses are read in parallel
		found.account.include(p.account)
	}
	found.account.receipt.MS += float64(a.now().Sub(began)) / float64(time.Millisecond)
	return nil
}

// endOf returns the instant of the last status on a UTC day, and the latest event time that counts
// for it; see parseAt.
func (a api) endOf(date time.Time) (at, until time.Time) {
	now := a.now().UTC().Truncate(time.Millisecond)
	if end := date.Add(day - time.Millisecond); end.Before(now) {
		return end, end
	}
	return now, latest(now)
}

// isUnsure reports whether the status of a past may be wrong because not all events could be read.
func (p *past) isUnsure() bool { return p.isCut || len(p.unreadable) > 0 }

// confirm sets the time since which a device is offline, and returns true. If the status shows that
// the device is not offline, confirm returns false. If the status is unsure, it changes nothing.
func (l *deviceLine) confirm(status history.Status, isUnsure bool) (show bool) {
	if isUnsure {
		status = status.IfSettled()
	}
	switch {
	case status.State == history.Offline:
		l.State, l.OfflineSince, l.Confirmed = summary.Offline, status.Since, true
		return true
	default:
		return isUnsure && status.State == history.Unknown
	}
}

// shareOf returns the part of a budget that each of n searches may use. The part suffices for at
// least a device's two newest days, unless these days have very many or large objects.
func shareOf(b query.Budget, n int) query.Budget {
	n = max(n, 1)
	return query.Budget{Requests: max(b.Requests/n, 40), Bytes: max(b.Bytes/int64(n), 1<<20)}
}
