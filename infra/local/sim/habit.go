package sim

import (
	"math"
	"time"
)

// habit determines how long a device's connections last, how they end, how long the device then
// pauses, and from which address it connects again.
type habit struct {
	lasts   func(d *device) time.Duration
	ends    func(d *device) end
	pause   func(d *device) time.Duration
	address func(d *device) string
}

// follow simulates at most limit successive connections of a device. All of them begin in the range
// [from, until), but the last one may end later. follow returns the time at which the device would
// connect next.
func (d *device) follow(h habit, from, until time.Duration, limit int) time.Duration {
	at := from
	for range limit {
		if at >= until {
			break
		}
		c := d.connect(at, h.address(d))
		at = d.endAt(&c, c.began+h.lasts(d), h)
	}
	return at
}

// endAt ends a connection and returns the time at which the next one begins. The connection ends at
// the given time, or earlier if its node restarts. The device normally pauses before the next
// connection. But if a session takeover ends the connection, there is no pause, because the next
// connection is the one that took over the session.
func (d *device) endAt(c *connection, at time.Duration, h habit) time.Duration {
	if storm := d.stormAt(c); storm < at {
		return d.restarted(c, storm)
	}
	why := h.ends(d)
	d.disconnect(c, at, why)
	if why == takenOver {
		return at
	}
	if d.chance(0.3) { // the load balancer may choose another node
		d.node = d.random.IntN(len(d.broker.nodes))
	}
	return at + h.pause(d)
}

// betweenNodes is the time between the restarts of two successive nodes of a broker.
const betweenNodes = 5 * time.Minute

// stormAt returns the time at which a connection's node restarts. If no restart affects the
// connection, stormAt returns the maximum duration.
func (d *device) stormAt(c *connection) time.Duration {
	at := d.broker.restart + time.Duration(c.node)*betweenNodes
	if !d.storms || d.broker.restart == 0 || at <= c.began {
		return math.MaxInt64
	}
	return at
}

// restarted ends a connection because its node restarts, and returns the time of the next
// connection. The device moves to another node of the broker if there is one.
func (d *device) restarted(c *connection, at time.Duration) time.Duration {
	at += d.between(0, 2*time.Second)
	d.disconnect(c, at, shutDown)
	if nodes := len(d.broker.nodes); nodes > 1 {
		d.node = (c.node + 1 + d.random.IntN(nodes-1)) % nodes
	}
	return at + time.Second + d.about(20*time.Second)
}

// mostlyHome returns the home address with a probability of three quarters, and a random
// address otherwise.
func mostlyHome(d *device) string {
	if d.chance(0.25) {
		return d.anyAddress()
	}
	return d.home
}

func atHome(d *device) string { return d.home }

// mixed returns a function that picks one of the given kinds of end at random, each with equal
// probability.
func mixed(ways ...end) func(*device) end {
	return func(d *device) end { return oneOf(d, ways) }
}

func pauses(shortest, mean time.Duration) func(*device) time.Duration {
	return func(d *device) time.Duration { return shortest + min(d.about(mean), 10*mean) }
}
