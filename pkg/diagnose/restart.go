package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// At least minRestarts connections that the broker ended suggest a restart. One is enough if the
// client then connected to a different node.
const minRestarts = 2

// These codes select the text of the verdict "broker-restart" if the broker itself reported that it
// stopped or started.
const (
	brokerStopped Code = "broker-stopped" // it reported that it stopped
	// brokerStarted is for a broker that reported only its start, while the connection was open.
	brokerStarted      Code = "broker-started"
	brokerStoppedOften Code = "broker-stopped-often" // it stopped or started several times
	// brokerGone is for a broker that stopped, after which nothing is on record.
	brokerGone Code = "broker-gone"
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

// whenAndWhere returns the values {last}, the time of the newest of the given ends, {lately}, a phrase
// with this time, and {where}, the nodes of the ended connections if they are known.
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

// lately returns a phrase that says when something happened that occurred count times, the last time
// at the given time.
func lately(count int, last history.Instant) sentence {
	if count == 1 {
		return sentence{onceAt, values{"last": moment(last)}}
	}
	return sentence{mostRecently, values{"last": moment(last)}}
}

// endedByBroker finds connections that the broker ended itself, and that no verdict of a pattern
// explains. If the broker's words name a cause, fixedLength does not explain it, except for a time
// limit.
func (in *input) endedByBroker() *finding {
	fixed := in.fixedLength()
	explained := in.timed()
	for c := range explained {
		explained[c] = causeOf(c) == "" || fixed.text == fixedLengthLimit
	}
	if f := in.brokerRestart(); f != nil {
		for _, c := range f.ends {
			explained[c] = true
		}
	}
	f := anyEnds(only(in.ended(history.Server), func(c *history.Connection) bool { return !explained[c] }), withKeepAlive)
	if f == nil {
		return nil
	}
	return inWords(f.with(whenAndWhere(f.ends)))
}
