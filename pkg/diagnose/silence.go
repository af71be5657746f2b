package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// longKeepAlive is the shortest keep alive that may be too long for the network. Common load
	// balancers and NAT gateways forget a connection after 4 to 6 minutes without traffic. For
	// example, Azure Load Balancer does so after 4 min by default, AWS Network Load Balancer after
	// 350 s. RFC 5382 (REQ-5), however, requires a NAT to wait for more than two hours.
	longKeepAlive = 240 * time.Second
	// graceFactor is the multiple of the keep alive after which a broker closes a silent
	// connection (MQTT 5.0, 3.1.2.10).
	graceFactor = 1.5
	// silenceSlack and silenceShare limit how late a broker may close a silent connection. A broker
	// may be late because it checks for silence only from time to time. The limit is
	// silenceShare times the silence that the broker allows, but at least silenceSlack.
	silenceSlack = 5 * time.Second
	silenceShare = 0.1
	// At least minSilent connections that timed out without any packet after CONNECT count as a
	// pattern, provided that they are more than half of all connections that timed out.
	minSilent = 3
	// minMargin is the minimum number of timeouts that keepAliveMargin reports. A single one may be
	// a coincidence.
	minMargin = 2
	// A connection suggests that its keep alive is too long only if the connection timed out within
	// luckFactor times the keep alive. With too long a keep alive, the network forgets the
	// connection as soon as the client sends nothing for one keep alive. Only a client that happens
	// to send other packets in time stays connected longer.
	luckFactor = 4
)

// keepAliveMargin finds timeouts due to a keep alive that is too long: the network forgets the
// connection between two packets. It considers only connections with a long keep alive and a known
// length. Of these, it counts the connections that timed out within luckFactor times their keep
// alive. It returns nil if it counts fewer than minMargin connections, or no more than half of
// those that it considers.
func (in *input) keepAliveMargin() *finding {
	var found []*history.Connection
	long := 0
	for _, c := range in.Connections {
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

// ofTimeouts returns a finding about connections that timed out. The finding states the newest
// connection's keep alive.
func ofTimeouts(found []*history.Connection) *finding {
	return ofEnds(found, withKeepAlive).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// saidNothing reports whether the client sent nothing after CONNECT. This is so if the connection
// timed out and lasted no longer than a broker waits for a silent client.
func saidNothing(c *history.Connection) bool {
	lasted, known := c.Lasted()
	if !known || c.Kind != history.NoHeart || c.KeepAlive.Value == 0 {
		return false
	}
	patience := time.Duration(graceFactor * float64(c.KeepAlive.Value))
	return lasted <= patience+max(silenceSlack, time.Duration(silenceShare*float64(patience)))
}
