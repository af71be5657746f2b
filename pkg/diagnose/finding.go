package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

// finding is a verdict without words.
type finding struct {
	count    int
	when     []time.Time // it happened, in order; none where the words say it themselves
	values   values
	evidence []exhibit
	level    Level // where it is not the rule's
	text     Code  // of its words, where they are not the rule's
}

// with adds the values that its words name.
func (f *finding) with(v values) *finding {
	f.values = v
	return f
}

// ofEnds is what is found of connections, in order of time but for when they ended.
func ofEnds(connections []*history.Connection, more func(*history.Connection) []saying) *finding {
	return &finding{
		count:    len(connections),
		when:     inOrder(connections, func(c *history.Connection) time.Time { return c.End.Time }),
		evidence: endsOf(connections, more),
	}
}

// ofRefusals is what is found of refusals in order of time.
func ofRefusals(refusals []*history.Refusal) *finding {
	return &finding{
		count:    len(refusals),
		when:     inOrder(refusals, func(d *history.Refusal) time.Time { return d.Time.Time }),
		evidence: refusalsOf(refusals),
	}
}

// ofMoves is what is found of connections and what followed them.
func ofMoves(successions []succession, more ...saying) *finding {
	return &finding{
		count:    len(successions),
		when:     inOrder(successions, endTime),
		evidence: movesOf(successions, more...),
	}
}

func endTime(s succession) time.Time { return s.ended.End.Time }
