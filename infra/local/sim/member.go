package sim

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// member is a device of a fleet.
type member struct {
	*device
	fleet   *fleet
	site    int
	group   string
	flaps   bool
	leaves  time.Duration // when the device goes down for good, or never
	reloads time.Duration // how long after its start a roll-out reaches the device
}

// member returns the fleet's device with the given number. The number alone decides on the device's
// site, group and fate.
func (f *fleet) member(number uint64) *member {
	m := &member{device: f.device, fleet: f, leaves: never}
	m.seed(f.config.Seed, number)
	m.equip(f.broker, number)
	m.flaps = number%100 == 7
	m.site = int(number) % len(sites)
	m.group = fleetGroups[int(number)/len(sites)%len(fleetGroups)]
	m.clientID = clientID(m.group, number)
	m.username = fmt.Sprintf("%s-%03d", sites[m.site], int(number)/len(sites))
	m.home = network(m.site) + "." + strconv.Itoa(1+int(number)/len(sites)%254)
	m.reloads = m.between(0, 2*time.Minute)
	if number%75 == 11 {
		m.leaves = f.at(0.2 + 0.5*m.random.Float64())
	}
	return m
}

// live simulates all days of the device. It is already connected when they begin.
func (m *member) live() {
	c := m.open(-m.about(oneDay/2), m.address())
	for {
		at := m.finish(&c)
		if at >= m.leaves || !m.start.Add(at).Before(m.until) {
			return
		}
		c = m.connect(at, m.address())
	}
}

// finish ends a connection and returns when the next one begins.
func (m *member) finish(c *connection) time.Duration {
	at := min(m.usualEnd(c), m.leaves)
	next := never
	for _, i := range m.fleet.incidents {
		if hit := i.reaches(m, c); c.began < hit && hit < at && m.start.Add(hit).Before(m.until) {
			i.facts().Devices = append(i.facts().Devices, m.clientID)
			next = i.strike(m, c, hit)
			break
		}
	}
	if next == never {
		m.disconnect(c, at, m.usualReason())
		next = at + time.Second + min(m.about(20*time.Second), 3*time.Minute)
	}
	return m.place(next)
}

// place chooses the node of the next connection, which is often the same node again. It returns
// when the connection begins: at the given time or, if an incident prevents that, later.
func (m *member) place(at time.Duration) time.Duration {
	if m.chance(0.3) {
		m.node = m.random.IntN(len(m.broker.nodes))
	}
	for _, i := range m.fleet.incidents {
		at = i.delays(m, at)
	}
	return at
}

// address returns the address of the next connection. A flapping device is mobile, so its address
// changes.
func (m *member) address() string {
	if m.flaps {
		return m.anyAddress()
	}
	return m.home
}

const (
	meanConnection  = 10 * time.Hour   // the mean length of a healthy device's connections
	shortConnection = 10 * time.Minute // the mean length of a flapping device's connections
)

// usualEnd returns when a connection ends if nothing unusual happens.
func (m *member) usualEnd(c *connection) time.Duration {
	at := max(c.began, 0)
	if m.flaps {
		return at + 5*time.Second + m.about(shortConnection)
	}
	// This draws candidates at twice the mean rate and rejects some of them, so that the ends
	// follow the rhythm.
	for {
		at += m.about(meanConnection / 2)
		if m.chance(rhythm(at) / 2) {
			return at
		}
	}
}

// rhythm returns how often connections end at the given time, relative to the mean of the day. It
// peaks at 16:00 UTC.
func rhythm(at time.Duration) float64 {
	return 1 + 0.7*math.Sin(2*math.Pi*(at-10*time.Hour).Hours()/24)
}

// usualReason returns why a connection ends if nothing unusual happens.
func (m *member) usualReason() end {
	if m.flaps {
		return oneOf(m.device, []end{silent, silent, silent, reset, reset, closedByClient})
	}
	return oneOf(m.device, []end{goodbye, goodbye, goodbye, goodbye, closedByClient, closedByClient, closedByClient, reset, silent, silent})
}
