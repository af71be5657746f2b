package traceapi

import (
	"time"

	"devicetrace/pkg/query"
)

// pastBudget limits the cost of a status and of a list of days. A diagnosis with since=1 may use it
// twice, because it includes a list of days.
var pastBudget = query.Budget{Requests: 2000, Bytes: 64 << 20}

// reach says how much of a device's past to read.
type reach struct {
	// from and to are the range that is always read. from is the start of a UTC day.
	from, to time.Time
	// earliest is the start of the earliest UTC day that is read if the fold needs older events.
	earliest time.Time
	// isEager means that all days since earliest are read at once if the fold needs older events.
	// Otherwise, one more day is read, then two, four and so on.
	isEager bool
	// budget limits the requests and bytes. If it is not zero, api.maxEvents also applies.
	budget query.Budget
}

// maxListed is the maximum number of days whose partitions are listed one by one. The partitions of
// more days are listed together; see query.Stream.Extend.
const maxListed = 3

// request returns the request for the range. If the range has more than maxListed days, no event
// matches the request, and Stream.Extend must read the range.
func (r reach) request(d device) query.Request {
	q := query.Request{
		InstanceID: d.instanceID, ClientID: d.clientID, Descending: true, From: r.from, To: r.to, Earliest: r.earliest, Budget: r.budget,
		Explain: true, // see account.count
	}
	if startOfDay(r.to).Sub(r.from) >= maxListed*day {
		q.From = r.to.Add(time.Millisecond)
	}
	return q
}

// next returns how far back to read next if all events at or after read have been read.
func (r reach) next(read time.Time) time.Time {
	switch {
	case read.After(r.from):
		return r.from
	case r.isEager:
		return r.earliest
	default: // one more day, then two, four and so on
		return read.Add(-r.from.Sub(read) - day)
	}
}
