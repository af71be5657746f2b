package diagnose

import (
	"slices"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/history"
)

// At least minRestarts connections that the broker ended suggest a restart. One is enough if the
// client then connected to a different node.
const minRestarts = 2

const (
	// brokerStopped selects the text to use if the broker reported that it stopped.
	brokerStopped Code = "broker-stopped"
	// brokerStarted selects the text to use if the broker reported only that it started, and the
	// connection had been open before.
	brokerStarted Code = "broker-started"
)

// brokerRestart finds connections that the broker ended because it stopped, or that it may have
// ended because it restarted. It ignores connections that fixedLength explains, and connections
// whose native reason rules out a restart.
func (in *input) brokerRestart() *finding {
	if f := in.brokerStop(); f != nil {
		return f
	}
	timed := in.timed()
	var found []succession
	for i, c := range in.Connections {
		if c.Kind == history.Server && !broker.ExcludesRestart(c.NativeReason) && !timed[c] {
			found = append(found, in.succession(i))
		}
	}
	if len(found) < minRestarts && !slices.ContainsFunc(found, succession.moved) {
		return nil
	}
	return ofMoves(found).with(whenAndWhere(len(found), func(i int) *history.Connection { return found[i].ended }))
}

// brokerStop finds connections that ended because the broker certainly stopped. If the broker
// reported stops at some times and only starts at others, it finds those of the newest kind.
func (in *input) brokerStop() *finding {
	native, text := broker.BrokerStopped, brokerStopped
	if in.lastEndAs(broker.BrokerStarted) > in.lastEndAs(broker.BrokerStopped) {
		native, text = broker.BrokerStarted, brokerStarted
	}
	var found []succession
	for i, c := range in.Connections {
		if c.EndIs == history.Reported && c.NativeEvent == native {
			found = append(found, in.succession(i))
		}
	}
	if len(found) == 0 {
		return nil
	}
	f := ofMoves(found).with(whenAndWhere(len(found), func(i int) *history.Connection { return found[i].ended }))
	f.text = text
	return f
}

// lastEndAs returns the time of the newest end that was reported by the given native event, or an
// unknown time.
func (in *input) lastEndAs(nativeEvent string) history.Instant {
	var last history.Instant
	for _, c := range in.Connections {
		if c.EndIs == history.Reported && c.NativeEvent == nativeEvent {
			last = max(last, c.End)
		}
	}
	return last
}

// whenAndWhere returns the values {last}, the time of the newest end, and {where}, the nodes of the
// ended connections if they are known. count is the number of connections.
func whenAndWhere(count int, ended func(i int) *history.Connection) values {
	var known nodes
	var last history.Instant
	seen := map[string]bool{"": true}
	for i := range count {
		c := ended(i)
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
	return values{"last": moment(last), "where": where}
}

// endedByBroker finds connections that the broker ended itself.
func (in *input) endedByBroker() *finding {
	ended := in.ended(history.Server)
	f := anyEnds(ended, withKeepAlive)
	if f == nil {
		return nil
	}
	return f.with(whenAndWhere(len(ended), func(i int) *history.Connection { return ended[i] }))
}
