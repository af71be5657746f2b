package sim

import "time"

// habit is how the connections of a device follow each other.
type habit struct {
	lasts   func(d *device) time.Duration
	ends    func(d *device) end
	pause   func(d *device) time.Duration
	address func(d *device) string
}

// follow connects again and again from an instant on, at most so many times, and
// returns when the device would connect next. The last connection that begins before
// until ends when it ends, or not in this day.
func (d *device) follow(h habit, from, until time.Duration, most int) time.Duration {
	at := from
	for range most {
		if at >= until {
			break
		}
		c := d.connect(at, h.address(d))
		at = d.endAt(&c, c.began+h.lasts(d), h)
	}
	return at
}

// endAt ends a connection, unless its node is restarted before, and returns when the
// next one begins: at once where it is that one that ends the older one.
func (d *device) endAt(c *connection, at time.Duration, h habit) time.Duration {
	if storm := d.stormAt(c); storm < at {
		return d.restarted(c, storm)
	}
	why := h.ends(d)
	d.disconnect(c, at, why)
	if why == takenOver {
		return at
	}
	d.wander()
	return at + h.pause(d)
}

// wander lets the load balancer choose again.
func (d *device) wander() {
	if d.chance(0.3) {
		d.node = d.random.IntN(len(d.broker.nodes))
	}
}

// betweenNodes is from the restart of one node of a broker to that of the next.
const betweenNodes = 5 * time.Minute

// stormAt is when the node of a connection is restarted, long after the day if it
// is not.
func (d *device) stormAt(c *connection) time.Duration {
	at := d.broker.restart + time.Duration(c.node)*betweenNodes
	if !d.storms || d.broker.restart == 0 || at <= c.began {
		return 2 * oneDay
	}
	return at
}

// restarted ends a connection with its node and returns when the device connects
// again, to another node where there is one, as all others do.
func (d *device) restarted(c *connection, at time.Duration) time.Duration {
	at += d.between(0, 2*time.Second)
	d.disconnect(c, at, shutDown)
	if nodes := len(d.broker.nodes); nodes > 1 {
		d.node = (c.node + 1 + d.random.IntN(nodes-1)) % nodes
	}
	return at + time.Second + d.about(20*time.Second)
}

// mostlyHome is a device that is at home but for every fourth connection.
func mostlyHome(d *device) string {
	if d.chance(0.25) {
		return d.anyAddress()
	}
	return d.home
}

func atHome(d *device) string { return d.home }

// mixed ends in several ways, each as often as it is named.
func mixed(ways ...end) func(*device) end {
	return func(d *device) end { return oneOf(d, ways) }
}

func pauses(shortest, mean time.Duration) func(*device) time.Duration {
	return func(d *device) time.Duration { return shortest + min(d.about(mean), 10*mean) }
}
