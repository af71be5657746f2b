package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// input holds the data for all rules: a history, and what several rules derive from it.
type input struct {
	history.History
	from, to history.Instant                       // the span
	cluster  []*history.Connection                 // the connections found by sameLength
	timeouts []timeout                             // the connections found by timeoutsOf
	away     map[*history.Connection]time.Duration // how long the client was offline after each known end
	places   *finding                              // what twoPlaces finds
	programs *finding                              // what twoPrograms finds
	sleep    *finding                              // what sleepsBetween finds
}

func newInput(h history.History) *input {
	in := &input{History: h, from: history.At(h.Span.From), to: history.At(h.Span.To), cluster: sameLength(h.Connections)}
	in.timeouts = timeoutsOf(h.Connections)
	in.away = in.absences()
	in.places = in.twoPlaces()
	in.programs = in.twoPrograms()
	in.sleep = in.sleepsBetween()
	return in
}

// last returns the newest known connection, or nil. It may have ended before the span.
func (in *input) last() *history.Connection { return in.Status.Connection }

// isCut reports whether the span was cut. If it was, earlier events are not known.
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
