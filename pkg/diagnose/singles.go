package diagnose

import "devicetrace/pkg/history"

// singles say what ends and refusals mean one by one: every kind of end that there is
// has its verdict. Of one level and number, the more useful comes first.
var singles = []rule{
	{"not-authorized", Problem, endedAs(history.NotAuthorized)},
	{"topic-denied", Problem, endedAs(history.TopicDenied)},
	{"client-id-conflict", Problem, endedOften(history.Conflict)},
	{"keep-alive-timeout", Problem, endedOften(history.NoHeart)},
	{"invalid-param", Problem, endedAs(history.Invalid)},
	{"refused-login", Problem, (*record).otherDenied},
	{"refused-invalid", Problem, (*record).refusedInvalid},
	{"refused-by-broker", Notice, (*record).refusedByBroker},
	{"network-error", Notice, endedAs(history.IO)},
	{"closed-by-client", Notice, endedAs(history.ClientClosed)},
	{"server-shutdown", Notice, endedAs(history.Server)},
	{"end-unexplained", Notice, (*record).unexplained},
	{"replaced-on-another-node", Notice, (*record).replacedElsewhere},
	{"end-inferred", Notice, (*record).replaced},
	{"no-drops", Info, (*record).noDrops},
	{"clean-disconnect", Info, endedAs(history.Disconnected)},
	{"offline-throughout", Info, (*record).offlineThroughout},
	{"nothing-recorded", Info, (*record).nothingRecorded},
}

// ended are the connections that were reported to end so.
func (r *record) ended(kind history.Kind) []*history.Connection {
	var found []*history.Connection
	for i := range r.Connections {
		if c := &r.Connections[i]; c.EndIs == history.Reported && c.Kind == kind {
			found = append(found, c)
		}
	}
	return found
}

func endedAs(kind history.Kind) func(*record) *finding {
	return func(r *record) *finding { return anyEnds(r.ended(kind), keepAliveOf) }
}

// often is more ends of a kind than the odd one or two that any network has.
const often = 3

// endedOften finds ends of a kind that is nothing to mend where it is rare and the
// client came back from it.
func endedOften(kind history.Kind) func(*record) *finding {
	return func(r *record) *finding {
		f := endedAs(kind)(r)
		if f != nil && f.count < often && r.last() != nil && r.last().Kind != kind {
			f.level = Notice
		}
		return f
	}
}

func (r *record) unexplained() *finding { return anyEnds(r.ended(history.Unexplained), nothingMore) }

func anyEnds(connections []*history.Connection, more func(*history.Connection) []saying) *finding {
	if len(connections) == 0 {
		return nil
	}
	return ofEnds(connections, more)
}

// replacedElsewhere finds inferred ends after which the client was on another node.
func (r *record) replacedElsewhere() *finding { return r.inferred(true) }

// replaced finds the other inferred ends.
func (r *record) replaced() *finding { return r.inferred(false) }

func (r *record) inferred(elsewhere bool) *finding {
	var found []succession
	for i := range r.Connections {
		s := r.succession(i)
		if s.ended.EndIs == history.Inferred && s.moved() == elsewhere {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return ofMoves(found, saying{text: noEnd})
}

// noDrops finds that there was nothing wrong.
func (r *record) noDrops() *finding {
	for i := range r.Connections {
		if kind := r.Connections[i].Kind; kind != history.StillOpen && kind != history.Disconnected {
			return nil
		}
	}
	if len(r.Connections) == 0 || len(r.Refusals) > 0 {
		return nil
	}
	return &finding{count: len(r.Connections)}
}

// offlineThroughout finds that the client was offline before and did not come.
func (r *record) offlineThroughout() *finding {
	if r.Events > 0 || r.Status.State != history.Offline || r.noReturn() != nil {
		return nil
	}
	return &finding{
		count:    1,
		values:   values{"since": moment(r.Status.Since.Time)},
		evidence: []exhibit{endOf(r.last(), saying{text: noneFollowed})},
	}
}

// nothingRecorded finds that nobody knows the client.
func (r *record) nothingRecorded() *finding {
	if r.Events > 0 || r.Status.State != history.Unknown {
		return nil
	}
	return &finding{}
}
