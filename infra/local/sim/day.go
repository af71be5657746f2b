package sim

import (
	"iter"
	"time"

	"devicetrace/pkg/event"
)

// Config says how large a fleet's day is.
type Config struct {
	Seed uint64
	// Day is a UTC date; the time of day does not matter.
	Day time.Time
	// Devices is how many there are. Devices of other numbers are other devices, so
	// that parts of a fleet can be made at once: First is the number of the first one.
	Devices, First int
	// EventsPerDevice is the mean, from 2 to 100. Zero means 10.
	EventsPerDevice float64
}

const usualEventsPerDevice = 10

// trouble is a part of the fleet with a cause.
type trouble struct {
	cause  Cause
	share  float64 // of all devices
	events float64 // of a device, on average
}

// troubles are what goes wrong in a fleet. The other devices are healthy; those of
// brokers with a restart feel it.
var troubles = []trouble{
	{CrashLoop, 0.0002, 3180},
	{WrongPassword, 0.003, 100},
	{RotatedPassword, 0.0005, 98},
	{FlakyRadio, 0.002, 264},
	{CleanWorker, 0.005, 111},
	{NeverCameBack, 0.005, 7},
	{NATTimeout, 0.002, 52},
	{LongKeepAlive, 0.001, 33},
	{TokenExpiry, 0.002, 53},
	{ClonedCredential, 0.0003, 214},
	{TopicDenied, 0.0005, 90},
}

// Day is the events of a whole fleet, device after device, each in order of what
// happened. It holds no more than one device at a time.
func Day(c Config) iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		d := newDevice(c.Day)
		mix := newMix(c.EventsPerDevice)
		for number := range c.Devices {
			d.make(mix, c.Seed, uint64(c.First+number))
			for i := range d.events {
				if !yield(d.events[i]) {
					return
				}
			}
		}
	}
}

// make makes up the day of one device of the fleet.
func (d *device) make(m mix, seed, number uint64) {
	d.begin(seed, number)
	cause := m.cause(d.random.Float64())
	d.connects, d.storms = m.connects, true
	d.live(shared(d, tellers[cause]), number)
	scripts[cause](d)
}

// mix is how a fleet is made up.
type mix struct {
	troubled float64 // how much of the troubles' shares there is, 0 to 1
	connects float64 // of a healthy device
}

const (
	// eventsPerConnect of a healthy device: a connect and its end, which some brokers
	// tell in two rows.
	eventsPerConnect = 2.03
	// stormEvents is what the restarts of brokers add to a device's day, the more
	// surely the longer it is connected.
	stormEvents = 1.55
)

// newMix finds how often healthy devices connect, so that the mean is right. In a fleet
// with fewer events than usual there are fewer troubles.
func newMix(eventsPerDevice float64) mix {
	if eventsPerDevice == 0 {
		eventsPerDevice = usualEventsPerDevice
	}
	troubled := min(eventsPerDevice/usualEventsPerDevice, 1)
	events, devices := eventsPerDevice, 1.0
	for _, t := range troubles {
		events -= troubled * t.share * t.events
		devices -= troubled * t.share
	}
	storms := stormEvents * eventsPerDevice / (eventsPerDevice + 1)
	return mix{troubled, (events/devices - storms) / eventsPerConnect}
}

// cause is that of a device with a place in the fleet, 0 to 1.
func (m mix) cause(place float64) Cause {
	for _, t := range troubles {
		if place -= t.share * m.troubled; place < 0 {
			return t.cause
		}
	}
	return Healthy
}

// shared is one of the brokers, as often as its share is large.
func shared(d *device, brokers []*instance) *instance {
	all := 0
	for _, b := range brokers {
		all += b.share
	}
	place := d.random.IntN(all)
	for _, b := range brokers {
		if place -= b.share; place < 0 {
			return b
		}
	}
	return brokers[0]
}
