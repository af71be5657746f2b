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
// lines of devices that are not offline. The other lines get the time since which their device has
// been offline.
//
// Reading a status may take an equal share of the budget of /api/v1/status. If the share is too
// small to determine the status, the line stays, but is not confirmed.
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

// endOf returns the end of a UTC day, or now if the day is not over. It also returns the latest event
// time that counts for a status at that instant; see parseAt.
func (a api) endOf(date time.Time) (at, until time.Time) {
	now := a.now().UTC().Truncate(time.Millisecond)
	if end := date.Add(day - time.Millisecond); end.Before(now) {
		return end, end
	}
	return now, latest(now)
}

// isUnsure reports whether a status may be wrong because some events could not be read.
func (p *past) isUnsure() bool { return p.isCut || len(p.unreadable) > 0 }

// confirm sets the time since which a device has been offline, and returns true. If the status shows
// that the device is not offline, confirm returns false. If the status is unsure and does not settle
// the state, confirm returns true and leaves the line unchanged.
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

// shareOf returns the share of a budget that each of n searches may use. The share suffices for at
// least a device's two newest days, unless these days have very many or very large objects.
func shareOf(b query.Budget, n int) query.Budget {
	n = max(n, 1)
	return query.Budget{Requests: max(b.Requests/n, 40), Bytes: max(b.Bytes/int64(n), 1<<20)}
}
