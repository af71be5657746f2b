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
	// graceFactor times the keep alive is the length of silence after which a broker closes the
	// connection (MQTT 5.0, 3.1.2.10).
	graceFactor = 1.5
	// Brokers check for silence only now and then. They may notice it with a delay of
	// silenceSlack, or of silenceShare of the silence, whichever is longer.
	silenceSlack = 5 * time.Second
	silenceShare = 0.1
	// minSilent is the minimum number of timeouts without any packet after CONNECT that count as
	// a pattern. They must also be more than half of all timeouts.
	minSilent = 3
	// minMargin is the minimum number of timeouts that count as a pattern. A single one may be
	// chance.
	minMargin = 2
	// luckFactor times the keep alive is the longest time that a connection can last by luck if
	// the network forgets connections within one keep alive.
	luckFactor = 4
)

// keepAliveMargin finds timeouts of connections whose keep alive is so long that the network may
// forget the connection between two packets. It finds nothing unless more than half of the
// connections with such a keep alive timed out within luckFactor times the keep alive.
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

// silentAfterConnect finds timeouts of connections in which the client sent nothing after
// CONNECT.
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

// ofTimeouts returns a finding about the given connections. It names the keep alive of the
// newest one.
func ofTimeouts(found []*history.Connection) *finding {
	return ofEnds(found, withKeepAlive).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// saidNothing reports whether the broker closed the connection for silence as early as the keep
// alive allows, so that the client sent nothing after CONNECT.
func saidNothing(c *history.Connection) bool {
	lasted, known := c.Lasted()
	if !known || c.Kind != history.NoHeart || c.KeepAlive.Value == 0 {
		return false
	}
	patience := time.Duration(graceFactor * float64(c.KeepAlive.Value))
	return lasted <= patience+max(silenceSlack, time.Duration(silenceShare*float64(patience)))
}
