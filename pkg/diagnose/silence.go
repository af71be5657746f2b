package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// longKeepAlive: common load balancers and NAT gateways forget a connection after 4 to 6
	// minutes without traffic (Azure Load Balancer: 4 min by default; AWS Network Load
	// Balancer: 350 s), though RFC 5382, REQ-5 asks NAT for two hours.
	longKeepAlive = 240 * time.Second
	// graceFactor times the keep alive is the silence after which a broker gives up (MQTT
	// 5.0, 3.1.2.10).
	graceFactor = 1.5
	// Brokers check only now and then, so they notice silence later by silenceSlack, or by
	// silenceShare of the silence if that is longer.
	silenceSlack = 5 * time.Second
	silenceShare = 0.1
	// minSilent timeouts right after connecting are no accident if they are more than half of
	// all timeouts.
	minSilent = 3
	// minMargin timeouts are more than one bad moment.
	minMargin = 2
	// luckFactor times the keep alive is the longest that a connection can last by luck if the
	// network forgets it within one keep alive.
	luckFactor = 4
)

// keepAliveMargin finds timeouts of connections whose keep alive is longer than the network
// may remember them, unless most of these connections lasted much longer.
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

// silentAfterConnect finds timeouts of clients that sent nothing after CONNECT.
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

// ofTimeouts returns a finding that names the keep alive of the newest of the connections.
func ofTimeouts(found []*history.Connection) *finding {
	return ofEnds(found, withKeepAlive).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// saidNothing reports whether the broker gave up as early as the keep alive allows.
func saidNothing(c *history.Connection) bool {
	lasted, known := c.Lasted()
	if !known || c.Kind != history.NoHeart || c.KeepAlive.Value == 0 {
		return false
	}
	patience := time.Duration(graceFactor * float64(c.KeepAlive.Value))
	return lasted <= patience+max(silenceSlack, time.Duration(silenceShare*float64(patience)))
}
