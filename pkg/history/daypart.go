package history

import (
	"time"

	"devicetrace/pkg/event"
)

const (
	// maxDayEvents is the maximum number of events of a day that Days keeps. If a day has more
	// events, Days divides it into parts and reports only its counts.
	maxDayEvents = 20_000
	// Neighboring parts of a day overlap, because a connection's events can be out of order, and
	// because the two events of a session takeover must be in the same part to be paired. On each
	// side of the boundary, the overlap extends over overlapMS or overlapEvents, whichever is
	// reached first.
	overlapMS     = Instant(maxDisorder / time.Millisecond)
	overlapEvents = 2_000
)

const dayMS = Instant(24 * time.Hour / time.Millisecond)

// startOfDay returns the start of the UTC day that contains t.
func startOfDay(t Instant) Instant { return t - t%dayMS }

// day is a UTC day with parts that are not finished yet. Each part is being read, or waits until
// the client's status at its start is settled.
type day struct {
	DayHistory
	from, to Instant // the first and the last millisecond
	events   int     // the number of events so far
	newest   Instant // the time of the newest event; unknown if there is none
}

func newDay(to Instant) *day {
	from := startOfDay(to)
	return &day{DayHistory: DayHistory{Day: from.Time()}, from: from, to: to}
}

// countRefusal counts a refusal whose event the day need not keep, and reports whether it did so.
// The day need not keep the event if the day yields only counts and the refusal does not concern
// connections.
func (d *day) countRefusal(m *meaning) bool {
	if !d.CountsOnly || !m.isRefusal || m.concernsConnections() {
		return false
	}
	d.Summary.Refusals++
	return true
}

// isFirstIn reports whether the first of the given parts, if any, belongs to the day.
func (d *day) isFirstIn(parts []*part) bool { return len(parts) > 0 && parts[0].day == d }

// part is a range of a day together with its events. Most days have only one part.
type part struct {
	day         *day
	from, until Instant // the part is the range [from, until)
	log         Log
	first, last Instant // log contains all events between these two instants, both inclusive
	concerning  int     // the number of events in log that concern connections
	refusals    int     // the number of refusals in log that do not concern connections

	// The following fields are set while the part waits; see waiting.
	newestBefore Instant // the time of the newest event before first; unknown until this event is added
	// began is the latest known start of a connection in the events between this part and the next
	// older part that waits.
	began Instant
}

// newPart returns an empty part of a day, for the events from the start of the day to last.
func newPart(d *day, last Instant) *part {
	return &part{day: d, from: d.from, until: last + 1, log: Log{NewestFirst: true}, first: d.from, last: last}
}

// count counts an event of the day at t. It must be called before the event is added. If the day
// now has too many events, count makes the day yield only counts.
func (p *part) count(t Instant) {
	p.day.newest = max(p.day.newest, t)
	p.day.events++
	if p.day.events == maxDayEvents+1 {
		p.day.CountsOnly = true
		p.dropRefusals()
	}
}

// add adds e, whose meaning is m, to the log.
func (p *part) add(e *event.Event, m *meaning) {
	p.log.Add(e)
	switch {
	case m.concernsConnections():
		p.concerning++
	case m.isRefusal:
		p.refusals++
	}
}

// dropRefusals empties the log and counts its refusals. The day then yields only counts.
// dropRefusals does nothing if the log is empty or contains an event that concerns connections.
func (p *part) dropRefusals() {
	if p.log.size == 0 || p.concerning > 0 {
		return
	}
	p.day.CountsOnly = true
	p.day.Summary.Refusals += p.refusals
	p.log, p.refusals = Log{NewestFirst: true}, 0
}

// finish adds the results of the part to its day. before is the status just before the part. isCut
// means that this status is not settled, because older events were not read.
func (p *part) finish(before Status, isCut bool) {
	h := Of(&p.log, Span{From: p.first.Time(), To: p.last.Time(), Cut: isCut}, before)
	d := p.day
	d.Cut = d.Cut || isCut
	if d.CountsOnly {
		d.addPart(&h, p.from, p.until, p.until > d.to)
	} else {
		d.addWhole(&h)
	}
}
