package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// longKeepAlive is the shortest keep alive that may be too long for the network. Common load
	// balancers and NAT gateways forget a connection after 4 to 6 minutes without traffic (Azure
	// Load Balancer: 4 min by default; AWS Network Load Balancer: 350 s), although RFC 5382 (REQ-5)
	// requires a NAT to wait for more than two hours.
	longKeepAlive = 240 * time.Second
	// graceFactor is the multiple of the keep alive after which a broker closes a silent
	// connection (MQTT 5.0, 3.1.2.10).
	graceFactor = 1.5
	// Brokers check for silence only from time to time, so they may close a silent connection late.
	// The maximum delay is the longer of two durations: silenceSlack, and silenceShare times the
	// silence.
	silenceSlack = 5 * time.Second
	silenceShare = 0.1
	// Timeouts without any packet after CONNECT count as a pattern if there are at least minSilent
	// of them, and if they are more than half of all timeouts.
	minSilent = 3
	// Timeouts with a long keep alive count as a pattern if there are at least minMargin of them. A
	// single timeout may be chance.
	minMargin = 2
	// Some networks forget a connection that is silent for one keep alive. A lucky client sends
	// other packets in time, so that its connection survives for a while. luckFactor limits this
	// time: connections that lasted longer than luckFactor times the keep alive do not count as
	// evidence of such a network.
	luckFactor = 4
)

// keepAliveMargin looks for a keep alive that is too long for the network, which forgets the
// connection between two packets. It finds the connections with a long keep alive that timed out
// within luckFactor times the keep alive. If they are not more than half of all connections with a
// long keep alive, it finds nothing.
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
// of the newest of them.
func ofTimeouts(found []*history.Connection) *finding {
	return ofEnds(found, withKeepAlive).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// saidNothing reports whether the client sent nothing after CONNECT. This is the case if the
// connection timed out and lasted no longer than a broker waits for a silent client.
func saidNothing(c *history.Connection) bool {
	lasted, known := c.Lasted()
	if !known || c.Kind != history.NoHeart || c.KeepAlive.Value == 0 {
		return false
	}
	patience := time.Duration(graceFactor * float64(c.KeepAlive.Value))
	return lasted <= patience+max(silenceSlack, time.Duration(silenceShare*float64(patience)))
}
