package diagnose

import (
	"time"

	"devicetrace/pkg/history"
)

const (
	// longKeepAlive: common load balancers and NAT gateways forget a connection on
	// which nothing was sent for 4 to 6 minutes (Azure Load Balancer: 4 min by default;
	// AWS Network Load Balancer: 350 s), though RFC 5382, REQ-5 asks NAT for two hours.
	longKeepAlive = 240 * time.Second
	// graceFactor is after how many keep alives of silence a broker gives up (MQTT 5.0,
	// 3.1.2.10).
	graceFactor = 1.5
	// silentSlack is how much later brokers notice, for they look now and then.
	silentSlack = 5 * time.Second
	silentShare = 0.1
	// silentCount timeouts right after the beginning are no accident, if they are most.
	silentCount = 3
	// marginCount timeouts are more than one bad moment.
	marginCount = 2
	// marginWithin is how many keep alives a connection can last by luck, if the network
	// forgets it within one.
	marginWithin = 4
)

// keepAliveMargin finds timeouts of connections whose keep alive is longer than what
// the network between may remember, and that mostly did not outlast it by far.
func (r *record) keepAliveMargin() *finding {
	var found []*history.Connection
	long := 0
	for i := range r.Connections {
		c := &r.Connections[i]
		length, known := c.Lasted()
		if !known || c.KeepAlive.Value < longKeepAlive {
			continue
		}
		long++
		if c.Kind == history.NoHeart && length <= marginWithin*c.KeepAlive.Value {
			found = append(found, c)
		}
	}
	if len(found) < marginCount || 2*len(found) <= long {
		return nil
	}
	return ofEnds(found, keepAliveOf).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// silentAfterConnect finds timeouts after which the broker had heard nothing since CONNECT.
func (r *record) silentAfterConnect() *finding {
	timeouts := r.ended(history.NoHeart)
	var found []*history.Connection
	for _, c := range timeouts {
		if saidNothing(c) && c.KeepAlive.Value < longKeepAlive {
			found = append(found, c)
		}
	}
	if len(found) < silentCount || 2*len(found) <= len(timeouts) {
		return nil
	}
	return ofEnds(found, keepAliveOf).with(values{"keep_alive": length(found[len(found)-1].KeepAlive.Value)})
}

// saidNothing reports whether the broker gave up as soon as it could.
func saidNothing(c *history.Connection) bool {
	length, known := c.Lasted()
	if !known || c.Kind != history.NoHeart || c.KeepAlive.Value == 0 {
		return false
	}
	patience := time.Duration(graceFactor * float64(c.KeepAlive.Value))
	return length <= patience+max(silentSlack, time.Duration(silentShare*float64(patience)))
}
