package diagnose

import (
	"slices"

	"devicetrace/pkg/history"
)

// finding is the result of a rule: a verdict that has not been put into words yet.
type finding struct {
	count    int
	when     []history.Instant // sorted times of the ends or refusals; nil if the verdict does not mention times
	values   values
	evidence []citation
	level    Level                 // the verdict's level; if empty, the rule's level applies
	text     Code                  // the verdict's key in verdictTexts; if empty, the rule's code is the key
	next     Code                  // the key of the verdict whose advice applies; if empty, text is the key
	more     []sentence            // sentences to add to the verdict's field More
	ends     []*history.Connection // the connections whose ends the verdict is about; nil if it is not about ends
	absence  bool                  // whether the verdict is about the time since the end that evidence cites
	isFirst  bool                  // whether no end or refusal before the first one can have the same verdict
}

// with sets the values for the placeholders in the verdict's text, and returns f.
func (f *finding) with(v values) *finding {
	f.values = v
	return f
}

// ofEnds returns a finding about the ends of connections. The evidence cites the newest of them, so
// they must be sorted by start or end time. For each cited connection c, more(c) returns sentences
// to add to the evidence.
func ofEnds(connections []*history.Connection, more func(*history.Connection) []sentence) *finding {
	return &finding{
		ends:     connections,
		count:    len(connections),
		when:     inOrder(connections, func(c *history.Connection) history.Instant { return c.End }),
		evidence: citeEnds(connections, more),
	}
}

// first returns the time of the first end, refusal or login that the finding is about. The time is
// unknown if the finding is not about any of these.
func (f *finding) first() history.Instant {
	switch {
	case len(f.when) > 0:
		return f.when[0]
	case len(f.evidence) > 0:
		return f.evidence[0].Time
	default:
		return 0
	}
}

// endsOf returns the set of connections whose ends the given findings are about. A finding may be
// nil.
func endsOf(findings ...*finding) map[*history.Connection]bool {
	set := map[*history.Connection]bool{}
	for _, f := range findings {
		if f == nil {
			continue
		}
		for _, c := range f.ends {
			set[c] = true
		}
	}
	return set
}

// ofRefusals returns a finding about refusals, which must be sorted by time.
func ofRefusals(refusals []*history.Refusal) *finding {
	return &finding{
		count:    len(refusals),
		when:     inOrder(refusals, func(r *history.Refusal) history.Instant { return r.Time }),
		evidence: citeRefusals(refusals),
	}
}

// ofMoves returns a finding about ended connections, each paired with the client's next connection.
// See citeMoves for the evidence.
func ofMoves(successions []succession, more ...sentence) *finding {
	ends := make([]*history.Connection, len(successions))
	for i, s := range successions {
		ends[i] = s.ended
	}
	return &finding{
		ends:     ends,
		count:    len(successions),
		when:     inOrder(successions, endTime),
		evidence: citeMoves(successions, more...),
	}
}

func endTime(s succession) history.Instant { return s.ended.End }

// inOrder returns the times of the given ends or refusals in ascending order.
func inOrder[T any](things []T, timeOf func(T) history.Instant) []history.Instant {
	when := make([]history.Instant, len(things))
	for i, thing := range things {
		when[i] = timeOf(thing)
	}
	slices.Sort(when)
	return when
}
