package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// minRestarts is the minimum number of connections ended by the broker that suggests a restart. One
// is enough if the client then connected to a different node.
const minRestarts = 2

// These codes select the text of the verdict "broker-restart" if the broker itself reported that it
// stopped or started.
const (
	brokerStopped      Code = "broker-stopped"       // it reported that it stopped
	brokerStarted      Code = "broker-started"       // it reported only that it started, while the connection seemed open
	brokerStoppedOften Code = "broker-stopped-often" // it reported several stops or starts
	brokerGone         Code = "broker-gone"          // it reported that it stopped, and has reported nothing since
)

// brokerRestart finds connections that the broker ended because it stopped, or that it may have
// ended because it restarted. It ignores connections that fixedLength explains, and connections
// whose native reason rules out a restart.
func (in *input) brokerRestart() *finding {
	if f := in.brokerStop(); f != nil {
		return f
	}
	timed := in.timed()
	found := in.successions(func(c *history.Connection) bool {
		return c.Kind == history.Server && !broker.ExcludesRestart(c.NativeReason) && !timed[c]
	})
	if len(found) < minRestarts && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	f := ofMoves(found)
	return f.with(whenAndWhere(f.ends))
}

// brokerStop finds connections that ended because the broker certainly stopped.
func (in *input) brokerStop() *finding {
	found := in.successions(endedWithBroker)
	if len(found) == 0 {
		return nil
	}
	f := ofMoves(found)
	f.values = whenAndWhere(f.ends)
	switch newest := found[len(found)-1].ended; {
	case in.isBrokerGone():
		f.text, f.level = brokerGone, Problem
	case len(found) > 1:
		f.text = brokerStoppedOften
	case newest.NativeEvent == broker.BrokerStopped:
		f.text = brokerStopped
	default:
		f.text = brokerStarted
	}
	return f
}

// isBrokerGone reports whether the last connection ended in the span because the broker stopped, and
// nothing has been reported since.
func (in *input) isBrokerGone() bool {
	last := in.last()
	return in.Status.State == history.Offline && last.NativeEvent == broker.BrokerStopped &&
		last.End >= in.from && in.Status.LastEventAt <= last.End
}

func endedWithBroker(c *history.Connection) bool {
	return c.EndIs == history.Reported && broker.EndedWithBroker(c.NativeEvent)
}

// whenAndWhere returns three values about the given ends:
//
//   - {last} is the time of the newest end.
//   - {lately} is a phrase that states this time.
//   - {where} is a phrase that names the nodes of the connections. It is empty if no node is known.
func whenAndWhere(ended []*history.Connection) values {
	var known nodes
	var last history.Instant
	seen := map[string]bool{"": true}
	for _, c := range ended {
		last = max(last, c.End)
		if !seen[c.Node] {
			seen[c.Node] = true
			known = append(known, c.Node)
		}
	}
	where := sentence{phrase: nowhere}
	if len(known) > 0 {
		where = sentence{onNodes, values{"nodes": known}}
	}
	return values{"last": moment(last), "lately": lately(len(ended), last), "where": where}
}

// lately returns a phrase that says when something happened. If it happened more than once, the
// phrase says when it last happened.
func lately(count int, last history.Instant) sentence {
	if count == 1 {
		return sentence{onceAt, values{"last": moment(last)}}
	}
	return sentence{mostRecently, values{"last": moment(last)}}
}

// endedByBroker finds connections that the broker ended itself and that neither brokerRestart nor
// fixedLength explains.
func (in *input) endedByBroker() *finding {
	explained := endsOf(in.fixed, in.brokerRestart())
	f := anyEnds(only(in.ended(history.Server), func(c *history.Connection) bool { return !explained[c] }), withKeepAlive)
	if f == nil {
		return nil
	}
	return inWords(f.with(whenAndWhere(f.ends)))
}
