package history

import (
	"cmp"
	"math"
	"time"

	"devicetrace/pkg/event"
)

// Search finds the status of a client after its newest event. The caller adds events, newest first,
// until the status is settled. Search keeps only the events that may still decide the status, so a
// flood of refusals uses no memory. The zero value is ready to use. A Search is not safe for
// concurrent use.
type Search struct {
	events statusLog
	newest Instant // the time of the newest event; unknown before the first call to Add
	since  Instant // if known, the events from this instant on settle the status
}

// Add adds the next older event and returns false. If the newer events already settle the status,
// Add ignores e and returns true, and older events need not be read. The events must be distinct
// and in the opposite order of event.Compare.
//
// Add returns true only if e is more than a minute older than the start of the newest connection,
// because a connection's events can be out of order. To save time, Add checks the status only when
// the number of kept events has doubled, so it may keep twice as many events as necessary. Settled
// has neither restriction.
func (s *Search) Add(e *event.Event) (settled bool) {
	at := At(e.Time)
	if s.events.isDue(at) {
		if s.isSettled(at + 1) {
			return true
		}
		s.events.postpone()
	}
	s.newest = cmp.Or(s.newest, at)
	s.events.add(e, interpret(wordsOf(e)))
	return false
}

// Settled reports whether the status is settled; see Status.Settled. All events at or after the
// given instant must have been added.
func (s *Search) Settled(from time.Time) bool {
	return s.events.began >= At(from) && s.isSettled(At(from))
}

func (s *Search) isSettled(from Instant) bool {
	if !s.statusSince(from).settled {
		return false
	}
	s.since = from
	return true
}

// Status returns the status after the added events.
func (s *Search) Status() Status {
	status := s.statusSince(s.since)
	status.settled = status.settled && !s.since.IsZero()
	return status
}

// statusSince returns the status according to the events at or after an instant. It ignores earlier
// events, because other events of the same time may not have been added yet.
func (s *Search) statusSince(from Instant) Status {
	return s.events.status(from, math.MaxInt64, s.newest)
}

// Bytes returns the approximate memory in bytes that the search occupies, including the memory for
// finding the status.
func (s *Search) Bytes() int64 { return s.events.log.Bytes() }
