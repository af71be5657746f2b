package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// input holds the data for all rules: a history, and values derived from it that several rules need.
type input struct {
	history.History
	from, to history.Instant                       // the span
	cluster  []*history.Connection                 // the result of sameLength
	timeouts []timeout                             // the result of timeoutsOf
	away     map[*history.Connection]time.Duration // the result of absences
	places   *finding                              // the result of twoPlaces
	programs *finding                              // the result of twoPrograms
	sleep    *finding                              // the result of sleepsBetween
	asleep   map[*history.Connection]bool          // the set of connections that sleep is about
	fixed    *finding                              // the result of fixedLength
	flaps    *finding                              // the result of flapping
}

func newInput(h history.History) *input {
	in := &input{History: h, from: history.At(h.Span.From), to: history.At(h.Span.To), cluster: sameLength(h.Connections)}
	in.timeouts = timeoutsOf(h.Connections)
	in.away = in.absences()
	in.places = in.twoPlaces()
	in.programs = in.twoPrograms()
	in.sleep = in.sleepsBetween()
	in.asleep = endsOf(in.sleep)
	in.fixed = in.fixedLength()
	in.flaps = in.flapping()
	return in
}

// last returns the newest known connection, or nil. It may have ended before the span.
func (in *input) last() *history.Connection { return in.Status.Connection }

// isCut reports whether the span was cut. The events before a cut are not known.
func (in *input) isCut() bool { return !in.CutBefore.IsZero() }

// hides reports whether events since t may be missing because the span was cut.
func (in *input) hides(t history.Instant) bool { return in.isCut() && t < in.from }

// isRare reports whether count, a number of ends or refusals of one kind, is less than minFrequent.
// If the span was cut, isRare returns false, because earlier ends or refusals may be missing.
func (in *input) isRare(count int) bool { return count < minFrequent && !in.isCut() }

// offlineFor returns how long the client has been offline at the end of the span. If the client is
// not offline then, it returns 0.
func (in *input) offlineFor() time.Duration {
	if in.Status.State != history.Offline {
		return 0
	}
	return in.to.Sub(in.Status.Since)
}
