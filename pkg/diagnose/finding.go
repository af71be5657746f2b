package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/history"
)

// finding is a verdict that is not in words yet.
type finding struct {
	count    int
	when     []time.Time // the times of what was found, in order; empty if the text names the times itself
	values   values
	evidence []citation
	level    Level // replaces the rule's level unless empty
	text     Code  // the key of the text if that is not the rule's code
}

// with sets the values that the text names.
func (f *finding) with(v values) *finding {
	f.values = v
	return f
}

// ofEnds returns a finding about the ends of connections. The connections are in order of
// time, but their ends need not be.
func ofEnds(connections []*history.Connection, more func(*history.Connection) []sentence) *finding {
	return &finding{
		count:    len(connections),
		when:     inOrder(connections, func(c *history.Connection) time.Time { return c.End.Time }),
		evidence: citeEnds(connections, more),
	}
}

// ofRefusals returns a finding about refusals that are in order of time.
func ofRefusals(refusals []*history.Refusal) *finding {
	return &finding{
		count:    len(refusals),
		when:     inOrder(refusals, func(r *history.Refusal) time.Time { return r.Time.Time }),
		evidence: citeRefusals(refusals),
	}
}

// ofMoves returns a finding about connections and what followed them.
func ofMoves(successions []succession, more ...sentence) *finding {
	return &finding{
		count:    len(successions),
		when:     inOrder(successions, endTime),
		evidence: citeMoves(successions, more...),
	}
}

func endTime(s succession) time.Time { return s.ended.End.Time }

// inOrder returns the times of things in order.
func inOrder[T any](things []T, timeOf func(T) time.Time) []time.Time {
	when := make([]time.Time, len(things))
	for i, thing := range things {
		when[i] = timeOf(thing)
	}
	slices.SortFunc(when, time.Time.Compare)
	return when
}
