package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// longKeepAlive is the shortest keep alive that may be too long for the network. Common load
	// balancers and NAT gateways forget a connection after 4 to 6 minutes without traffic (Azure
	// Load Balancer: 4 min by default; AWS Network Load Balancer: 350 s), although RFC 5382,
	// REQ-5 requires a NAT to wait for two hours.
	longKeepAlive = 240 * time.Second
	// graceFactor is the multiple of the keep alive after which a broker closes a silent
	// connection (MQTT 5.0, 3.1.2.10).
	graceFactor = 1.5
	// Brokers check for silence only from time to time, so they may notice it late. The delay is at
	// most silenceSlack or silenceShare times the length of the silence, whichever is longer.
	silenceSlack = 5 * time.Second
	silenceShare = 0.1
	// minSilent is the minimum number of timeouts without any packet after CONNECT that count as
	// a pattern. They must also be more than half of all timeouts.
	minSilent = 3
	// minMargin is the minimum number of timeouts with a long keep alive that count as a
	// pattern. A single timeout may be chance.
	minMargin = 2
	// luckFactor limits how long a connection can last in a network that forgets connections within
	// one keep alive. With luck, it lasts for up to luckFactor times the keep alive.
	luckFactor = 4
)

// keepAliveMargin finds connections with a long keep alive that timed out within luckFactor times
// the keep alive. The network may forget such a connection between two packets. keepAliveMargin
// finds nothing unless more than half of the connections with a long keep alive timed out in this
// way.
func (in *input) keepAliveMargin() *finding {
	var found []*history.Connection
	long := 0
	for i := range in.Connections {
		c := &in.Connections[i]
		lasted, known := c.Lasted()
		if !known || c.KeepAlive.Value < longKeepAlive {
			continue
		}
		long++
		if c.Kind == history.NoHeart && lasted <= luckFactor*c.KeepAlive.Value {
			found = append(found, c)
		}
	}
	if len(found) < minMargin || 2*len(found) <= long {
		return nil
	}
	return ofTimeouts(found)
}

// silentAfterConnect finds connections that timed out because the client sent nothing after
// CONNECT. It ignores connections with a long keep alive, because keepAliveMargin covers them.
func (in *input) silentAfterConnect() *finding {
	timeouts := in.ended(history.NoHeart)
	var found []*history.Connection
	for _, c := range timeouts {
		if saidNothing(c) && c.KeepAlive.Value < longKeepAlive {
			found = append(found, c)
		}
	}
	if len(found) < minSilent || 2*len(found) <= len(timeouts) {
		return nil
	}
	return ofTimeouts(found)
}

// ofTimeouts returns a finding about connections that timed out. The finding states the keep alive
// of the newest one.
func ofTimeouts(found []*history.Connection) *finding {
	return ofEnds(found, withKeepAlive).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// saidNothing reports whether the client sent nothing after CONNECT. That is so if the broker
// closed the connection for silence, and the whole connection lasted no longer than that silence.
func saidNothing(c *history.Connection) bool {
	lasted, known := c.Lasted()
	if !known || c.Kind != history.NoHeart || c.KeepAlive.Value == 0 {
		return false
	}
	patience := time.Duration(graceFactor * float64(c.KeepAlive.Value))
	return lasted <= patience+max(silenceSlack, time.Duration(silenceShare*float64(patience)))
}
