package diagnose

import (
	"slices"
	"time"

	"devicetrace/pkg/history"
)

// finding is the result of a rule: a verdict that is not in words yet.
type finding struct {
	count    int
	when     []time.Time // sorted times of the ends or refusals; empty if the text names the times itself
	values   values
	evidence []citation
	level    Level // replaces the level of the rule, unless empty
	text     Code  // the key of the text, if that is not the code of the rule
}

// with sets the values of the names in the text.
func (f *finding) with(v values) *finding {
	f.values = v
	return f
}

// ofEnds returns a finding about the ends of connections. The connections must be in order of
// time, but their ends need not be. more returns further sentences about a connection.
func ofEnds(connections []*history.Connection, more func(*history.Connection) []sentence) *finding {
	return &finding{
		count:    len(connections),
		when:     inOrder(connections, func(c *history.Connection) time.Time { return c.End.Time }),
		evidence: citeEnds(connections, more),
	}
}

// ofRefusals returns a finding about refusals, which must be in order of time.
func ofRefusals(refusals []*history.Refusal) *finding {
	return &finding{
		count:    len(refusals),
		when:     inOrder(refusals, func(r *history.Refusal) time.Time { return r.Time.Time }),
		evidence: citeRefusals(refusals),
	}
}

// ofMoves returns a finding about the ends of connections and about the connections that
// followed.
func ofMoves(successions []succession, more ...sentence) *finding {
	return &finding{
		count:    len(successions),
		when:     inOrder(successions, endTime),
		evidence: citeMoves(successions, more...),
	}
}

func endTime(s succession) time.Time { return s.ended.End.Time }

// inOrder returns the sorted times of the given things.
func inOrder[T any](things []T, timeOf func(T) time.Time) []time.Time {
	when := make([]time.Time, len(things))
	for i, thing := range things {
		when[i] = timeOf(thing)
	}
	slices.SortFunc(when, time.Time.Compare)
	return when
}
