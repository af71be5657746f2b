package history

import (
	"time"

	"devicetrace/pkg/event"
)

// Days derives a history for each UTC day of a range. The caller adds the client's events, newest
// first, until Add or Settled returns true. If neither does, the caller calls Finish. Days passes
// the histories to a function, newest day first. It passes on a history as soon as the client's
// status at the start of the day is settled. Every day gets a history, even if it has no events.
//
// The history of a day is the result of Of for the events of the day and the status before them, as
// if all older events were known. In two cases, Days passes on only counts:
//
//   - If a day has more than 20,000 events, Days does not keep them all. Instead, it divides the
//     day into parts that overlap. The counts are the same as without the division, unless events
//     of a takeover or of overlapping connections are out of order by more than a minute or by more
//     than 2,000 events.
//   - If the logs of several days take too much memory, Days drops those that have only refusals.
//
// So a flood of refusals takes little memory, and time in proportion to its size. Days is not safe
// for concurrent use. NewDays makes it; the zero value is not usable.
type Days struct {
	from Instant // the start of the earliest day
	to   Instant // the end of the range
	done func(DayHistory)

	// reading holds the parts to which events are added, newest first. There is usually one part.
	// There are two while they overlap, and none after the earliest day.
	reading  []*part
	boundary Instant // the boundary between the two parts in reading
	oldest   Instant // the time of the oldest event so far

	waiting waiting // parts whose events have all been added
}

// NewDays returns a Days for the UTC days from the day of from to the day of to. The newest day
// ends at to, inclusive, which may be in the middle of the day. The methods of Days call done with
// the history of each day, newest first; NewDays itself does not call it.
func NewDays(from, to time.Time, done func(DayHistory)) *Days {
	d := &Days{from: startOfDay(At(from)), to: At(to), done: done}
	d.begin(d.to)
	return d
}

// begin begins the day that ends at the given instant, unless it is before the range.
func (d *Days) begin(to Instant) {
	d.reading = nil
	if to >= d.from {
		d.reading = []*part{newPart(newDay(to), to)}
	}
}

// Add adds the next older event and returns false. If neither e nor older events are needed, Add
// ignores e and returns true. The events must be distinct and in the opposite order of
// event.Compare. Add ignores events after the range. See Search.Add for when Add notices that a
// status is settled.
func (d *Days) Add(e *event.Event) (done bool) {
	t := At(e.Time)
	if t > d.to {
		return false
	}
	d.close(t + 1)
	if len(d.reading) > 0 {
		d.reading[0].count(t)
		d.divide(t)
	}
	d.waiting.notice(t)
	d.release(t)
	m := interpret(wordsOf(e))
	d.waiting.add(e, m)
	d.read(e, m)
	d.oldest = t
	return d.isDone()
}

// read adds e, whose meaning is m, to the current day.
func (d *Days) read(e *event.Event, m *meaning) {
	if len(d.reading) == 0 || d.reading[0].day.countRefusal(m) {
		return
	}
	for _, p := range d.reading {
		p.add(e, m)
	}
}

// Settled reports whether no older events are needed. All events at or after the given instant must
// have been added. Settled closes the days that began at or after this instant, and passes on their
// histories if possible.
func (d *Days) Settled(from time.Time) bool {
	d.close(At(from))
	for d.waiting.before.began >= At(from) && d.settle(At(from)) {
	}
	return d.isDone()
}

// Bytes returns the approximate memory in bytes that d occupies, including the memory for the
// histories that it will pass on.
func (d *Days) Bytes() int64 {
	bytes := d.waiting.bytes + d.waiting.before.log.Bytes()
	for _, p := range d.reading {
		bytes += p.log.Bytes()
	}
	return bytes
}

// Finish passes on the histories of all remaining days. No more events may be added.
//
// A zero readTo means that the client has no older events. The history of each remaining day is then
// the result of Of, as usual. Otherwise, all events at or after readTo have been added, older events
// may exist, and the remaining days are passed on as follows:
//
//   - A day at or after readTo has a history as usual if the status at its start is settled.
//     Otherwise, it has the history of a span that was cut at the start of the day; see Span.Cut.
//   - The day that contains readTo has the history of a span that was cut at readTo. But if no event
//     of the day is known, the day is marked as NotRead.
//   - All older days are marked as NotRead.
func (d *Days) Finish(readTo time.Time) {
	isCut := !readTo.IsZero()
	if !isCut {
		d.close(0)
		readTo = d.oldest.Time()
	}
	d.Settled(readTo)
	for len(d.waiting.parts) > 0 {
		status := d.waiting.status(At(readTo))
		d.finish(status, isCut && !status.settled)
	}
	if len(d.reading) > 0 {
		d.stop(At(readTo))
	}
}

// stop passes on the day that contains readTo and marks all older days as not read.
func (d *Days) stop(readTo Instant) {
	p := d.reading[0]
	d.reading = nil
	if p.day.newest >= readTo {
		p.first, p.from = readTo, readTo
		d.waiting.push(p)
		d.finish(Status{}, true)
	} else {
		p.day.NotRead = true
		d.done(p.day.DayHistory)
	}
	for from := p.day.from - dayMS; from >= d.from; from -= dayMS {
		d.done(DayHistory{Day: from.Time(), NotRead: true})
	}
}

// isDone reports whether all histories have been passed on.
func (d *Days) isDone() bool { return len(d.reading) == 0 && len(d.waiting.parts) == 0 }

// close closes the days that began at or after an instant. All their events must have been added.
func (d *Days) close(from Instant) {
	for len(d.reading) > 0 && d.reading[0].day.from >= from {
		p := d.reading[0] // if a second part overlaps p, p contains all events of that part
		d.waiting.push(p)
		d.begin(p.day.from - 1)
	}
}

// divide prepares the parts of the current day for an event at t. If there is one part and it has
// enough events, divide begins a second one. Events of the same millisecond stay together.
func (d *Days) divide(t Instant) {
	p := d.reading[0]
	isNewMoment := t < d.oldest
	switch {
	case len(d.reading) == 1 && p.log.size >= maxDayEvents && isNewMoment:
		d.reading = append(d.reading, newPart(p.day, t))
		d.boundary = t - overlapMS
	case len(d.reading) == 2:
		d.overlap(t)
	}
}

// overlap prepares the parts of the current day for an event at t if two parts already overlap. In
// the middle of the overlap, it sets the boundary. At the end of the overlap, it closes the newer
// part.
func (d *Days) overlap(t Instant) {
	newer, older := d.reading[0], d.reading[1]
	if older.log.size == overlapEvents {
		d.boundary = max(d.boundary, t)
	}
	if t < d.oldest && (t < d.boundary-overlapMS || older.log.size >= 2*overlapEvents) {
		newer.first, newer.from, older.until = t+1, d.boundary, d.boundary
		d.waiting.push(newer)
		d.reading = d.reading[1:]
	}
}

// release finishes waiting parts, newest first, as long as the status before them is settled. The
// next older event is at t.
func (d *Days) release(t Instant) {
	for d.waiting.isDue(t) {
		if !d.settle(t + 1) {
			d.waiting.before.postpone()
		}
	}
}

// settle finishes the newest waiting part if the status before that part is settled, and reports
// whether it did so. All events at or after the given instant must have been added.
func (d *Days) settle(from Instant) bool {
	if len(d.waiting.parts) == 0 {
		return false
	}
	status := d.waiting.status(from)
	if !status.settled {
		return false
	}
	d.finish(status, false)
	return true
}

// finish finishes the newest waiting part. If the history of its day is then complete, finish
// passes it on. before and isCut are as in part.finish.
func (d *Days) finish(before Status, isCut bool) {
	p := d.waiting.pop()
	p.finish(before, isCut)
	if !p.day.isFirstIn(d.waiting.parts) && !p.day.isFirstIn(d.reading) {
		d.done(p.day.DayHistory)
	}
}
