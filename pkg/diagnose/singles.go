package diagnose

import "devicetrace/pkg/history"

// singles are rules that consider each connection end or refusal on its own. Every kind of end has
// a rule. The most useful rules come first, because verdicts with the same level and count keep the
// order of this table.
var singles = []rule{
	{"not-authorized", Problem, endedAs(history.NotAuthorized)},
	{"topic-denied", Problem, endedAs(history.TopicDenied)},
	{"client-id-conflict", Problem, (*input).conflicts},
	{"keep-alive-timeout", Problem, (*input).wentSilent},
	{"keep-alive-early", Problem, (*input).tooEarly},
	{"invalid-param", Problem, endedAs(history.Invalid)},
	{"refused-login", Problem, (*input).otherDenied},
	{"refused-invalid", Problem, (*input).refusedInvalid},
	{"refused-by-broker", Notice, (*input).refusedByBroker},
	{"refused-unexplained", Notice, (*input).refusedUnexplained},
	{"no-keep-alive", Notice, (*input).noKeepAlive},
	{"network-error", Notice, lostAs(history.IO)},
	{"closed-by-client", Notice, lostAs(history.ClientClosed)},
	{"server-shutdown", Notice, (*input).endedByBroker},
	{"left-with-error", Notice, (*input).leftWithError},
	{"end-unexplained", Notice, (*input).unexplained},
	{"replaced-on-another-node", Notice, (*input).replacedElsewhere},
	{"end-inferred", Notice, (*input).replaced},
	{"no-drops", Info, (*input).noDrops},
	{"clean-disconnect", Info, (*input).leftCleanly},
	{"offline-throughout", Info, (*input).offlineThroughout},
	{"nothing-recorded", Info, (*input).nothingRecorded},
}

// ended returns the connections with a reported end of the given kind.
func (in *input) ended(kind history.Kind) []*history.Connection {
	return only(in.Connections, func(c *history.Connection) bool { return c.EndIs == history.Reported && c.Kind == kind })
}

// endedAs returns the find function for a rule. That function finds all connections with a reported
// end of the given kind. See inWords for the text.
func endedAs(kind history.Kind) func(*input) *finding {
	return func(in *input) *finding { return inWords(anyEnds(in.ended(kind), withKeepAlive)) }
}

// lostAs is like endedAs, but adds a sentence if the client may have slept after these ends.
func lostAs(kind history.Kind) func(*input) *finding {
	return func(in *input) *finding {
		f := endedAs(kind)(in)
		if f != nil && in.mayWake(f.ends) {
			f.more = []sentence{{phrase: wakesEvenly}}
		}
		return f
	}
}

// minFrequent is the minimum number of refusals, or of ends of one kind, that counts as frequent.
// One or two refusals or ends are normal in any network.
const minFrequent = 3

// isRareEnd reports whether a finding is about fewer than minFrequent ends of the given kind, and
// the last connection did not end in this way.
func (in *input) isRareEnd(f *finding, kind history.Kind) bool {
	return in.isRare(f.count) && in.last() != nil && in.last().Kind != kind
}

func anyEnds(connections []*history.Connection, more func(*history.Connection) []sentence) *finding {
	if len(connections) == 0 {
		return nil
	}
	return ofEnds(connections, more)
}

// replacedElsewhere finds connections whose end is inferred and after which the client never came
// back to their node, as if the node had stopped. It returns nil if several clients share the
// identifier, because each of them may use a different node.
func (in *input) replacedElsewhere() *finding {
	found, _ := in.inferred()
	if len(found) == 0 {
		return nil
	}
	return ofMoves(found, sentence{phrase: noEnd}).with(values{"nodes": nodesOf(found)})
}

// replaced finds connections whose end was not reported, but is inferred from the next connection.
// It omits the connections that replacedElsewhere finds.
func (in *input) replaced() *finding {
	_, found := in.inferred()
	if len(found) == 0 {
		return nil
	}
	return ofMoves(found, sentence{phrase: noEnd})
}

// inferred returns the connections whose end is inferred, each with the client's next connection.
// left holds the connections that replacedElsewhere finds, and others holds the rest.
func (in *input) inferred() (left, others []succession) {
	if in.Summary.Unreported == 0 {
		return nil, nil
	}
	newest := map[string]int{} // node → the index of its newest connection
	for i, c := range in.Connections {
		newest[c.Node] = i
	}
	for i, c := range in.Connections {
		s := in.succession(i)
		switch {
		case c.EndIs != history.Inferred:
		case s.moved() && newest[c.Node] == i && !in.isShared():
			left = append(left, s)
		default:
			others = append(others, s)
		}
	}
	return left, others
}

// noDrops returns a finding if the client had connections and nothing went wrong.
func (in *input) noDrops() *finding {
	for _, c := range in.Connections {
		if kind := c.Kind; kind != history.StillOpen && kind != history.Disconnected || isLeftWithError(c) {
			return nil
		}
	}
	if len(in.Connections) == 0 || len(in.Refusals) > 0 {
		return nil
	}
	return &finding{count: len(in.Connections)}
}

// offlineThroughout returns a finding if the client was already offline before the span and has no
// events in the span.
func (in *input) offlineThroughout() *finding {
	if in.Events > 0 || in.isCut() || in.Status.State != history.Offline || in.noReturn() != nil || in.stillOffline() != nil {
		return nil
	}
	return &finding{
		count:    1,
		values:   values{"since": moment(in.Status.Since)},
		evidence: []citation{citeEnd(in.last(), sentence{phrase: noneFollowed})},
		absence:  true,
	}
}

// nothingInSpan selects the text of the verdict "nothing-recorded" if older events may exist that
// were not read.
const nothingInSpan Code = "nothing-recorded-in-span"

// nothingRecorded returns a finding if nothing is known about the client.
func (in *input) nothingRecorded() *finding {
	switch {
	case in.Events > 0, in.isCut(), in.Status.State != history.Unknown:
		return nil
	case in.Span.Unsearched:
		return &finding{text: nothingInSpan}
	default:
		return &finding{}
	}
}
