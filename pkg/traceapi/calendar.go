package traceapi

import (
	"slices"
	"time"

	"devicetrace/pkg/diagnose"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// calendar is a fold that sums up the days from the day of from to the day of to. If to is in the
// future, the last day ends now or with its newest event, whichever is later. An event can be later
// than now because a broker's clock runs fast.
type calendar struct {
	from, to, now time.Time
	fold          *history.Days  // nil until the end of the last day is known
	days          []diagnose.Day // newest first
}

// open starts the fold, unless it has started. newest is the time of the newest event, or now if
// there is no event.
func (c *calendar) open(newest time.Time) {
	if c.fold == nil {
		c.fold = history.NewDays(c.from, earlier(c.to, later(c.now, newest)), func(d history.DayHistory) {
			c.days = append(c.days, diagnose.DayOf(d))
		})
	}
}

// Add implements fold.
func (c *calendar) Add(e *event.Event) (done bool) {
	c.open(e.Time)
	return c.fold.Add(e)
}

// Settled implements fold. Before the first event, the end of the last day is unknown as long as
// events later than now may follow.
func (c *calendar) Settled(from time.Time) bool {
	if c.fold == nil && from.After(c.now) {
		return false
	}
	c.open(c.now)
	return c.fold.Settled(from)
}

// Bytes implements fold.
func (c *calendar) Bytes() int64 { return c.fold.Bytes() }

// finish returns the days, oldest first. All events at or after readTo have been added. If readTo is
// zero, there are no older events.
func (c *calendar) finish(readTo time.Time) []diagnose.Day {
	c.open(c.now)
	c.fold.Finish(readTo)
	slices.Reverse(c.days)
	diagnose.Trends(c.days)
	return c.days
}
