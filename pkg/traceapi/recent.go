package traceapi

import (
	"cmp"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// recent is a fold that keeps the events of a range, and some of those after it. In earlier events,
// it searches for the device's status at the start of the range. If the range has too many events,
// recent moves the start forward.
type recent struct {
	from, to       time.Time      // the range
	events         history.Log    // the events of the range, and those after it that are kept
	maxBytes       int64          // the maximum memory of events, in bytes; before may use the rest of api.turnBytes
	before         history.Search // the search for the status at the start of the range
	newest, oldest time.Time      // the times of the newest and the oldest event of the range, or zero
	isCut          bool           // whether from was moved; see history.Span

	following  int         // the number of events after the range so far
	later      time.Time   // the time of the newest event in events that is after the range, or zero
	spare      history.Log // the oldest events after the range, at most maxFollowing/2; see follow
	spareLater time.Time   // the time of the newest event in spare, or zero
}

// newRecent returns an empty fold for a range. maxBytes is the maximum memory of its events, in
// bytes.
func newRecent(from, to time.Time, maxBytes int64) *recent {
	empty := history.Log{NewestFirst: true}
	return &recent{from: from, to: to, events: empty, spare: empty, maxBytes: maxBytes}
}

// Add implements fold.
func (r *recent) Add(e *event.Event) (done bool) {
	if e.Time.After(r.to) {
		r.follow(e)
		return false
	}
	if r.events.Bytes() > r.maxBytes && e.Time.Before(r.oldest) {
		r.cutAt(r.oldest)
	}
	if e.Time.Before(r.from) {
		return r.before.Add(e)
	}
	if r.newest.IsZero() {
		r.newest, r.spare = e.Time, history.Log{}
	}
	r.oldest = e.Time
	r.events.Add(e)
	return false
}

// maxFollowing is the maximum number of events after the range that recent keeps.
const maxFollowing = 1000

// follow adds an event after the range. It keeps only the oldest of these events, which are next to
// the range: at least the last maxFollowing/2. When events has maxFollowing of them, spare has the
// last maxFollowing/2, and replaces events.
func (r *recent) follow(e *event.Event) {
	if r.following%(maxFollowing/2) == 0 {
		r.events, r.later = r.spare, cmp.Or(r.spareLater, e.Time)
		r.spare, r.spareLater = history.Log{NewestFirst: true}, e.Time
	}
	r.following++
	r.events.Add(e)
	r.spare.Add(e)
}

func (r *recent) cutAt(from time.Time) {
	if from.After(r.from) {
		r.from, r.isCut = from, true
	}
}

// Settled implements fold.
func (r *recent) Settled(from time.Time) bool { return r.before.Settled(from) }

// Bytes implements fold.
func (r *recent) Bytes() int64 { return r.events.Bytes() + r.spare.Bytes() + r.before.Bytes() }

// history returns the history of the range, which ends at to; see api.knownTo. p is the part of the
// past that r has received. If it was cut, so is the history, which then begins no earlier than p.
// earliest is the start of the earliest day that can have events.
func (r *recent) history(p *past, to, earliest time.Time) history.History {
	span := history.Span{From: r.from, To: to, Cut: r.isCut, Unsearched: p.from.After(earliest), Later: r.later}
	if p.isCut {
		span.From, span.Cut = later(r.from, earlier(p.from, to)), true // p can begin after the range
	}
	return history.Of(&r.events, span, r.before.Status())
}
