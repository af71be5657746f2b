package sim

import (
	"iter"
	"time"

	"devicetrace/pkg/event"
)

// Config describes the fleet that Day simulates.
type Config struct {
	Seed uint64
	// Day is a UTC date; the time of day is ignored.
	Day time.Time
	// Devices is the number of devices.
	Devices int
	// EventsPerDevice is the mean number of events per device, from 2 to 100. Default: 10.
	EventsPerDevice float64
}

const defaultEventsPerDevice = 10

// trouble describes the devices of a fleet whose problems have the same cause.
type trouble struct {
	cause  Cause
	share  float64 // the fraction of all devices whose problems have this cause, from 0 to 1
	events float64 // events per device, on average
}

// troubles lists the groups of devices that have problems. All other devices of a fleet are
// healthy, but some of them lose connections when their broker restarts.
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

// Day returns the events of a whole fleet, one device after the other. Each device's events
// are in the order in which they happened. Only one device is in memory at a time.
func Day(c Config) iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		d := newDevice(c.Day, 1)
		mix := newMix(c.EventsPerDevice)
		for number := range c.Devices {
			d.simulate(mix, c.Seed, uint64(number))
			for i := range d.events {
				if !yield(d.events[i]) {
					return
				}
			}
		}
	}
}

// simulate generates the events of the fleet's device with the given number.
func (d *device) simulate(m mix, seed, number uint64) {
	d.seed(seed, number)
	script := scripts[m.cause(d.random.Float64())]
	d.connects, d.storms = m.connects, true
	d.equip(d.byShare(script.instances), number)
	script.run(d)
}

// mix is the composition of a fleet.
type mix struct {
	troubled float64 // a factor for the share of each trouble, from 0 to 1
	connects float64 // the number of times that a healthy device connects per day
}

const (
	// eventsPerConnect is the average number of events per connection of a healthy device. Each
	// connection has a connect event and an end event. The average is greater than 2, because some
	// brokers report the end of a connection in two events.
	eventsPerConnect = 2.03
	// stormEvents is the average number of events that broker restarts add to the day of a
	// device that is always connected.
	stormEvents = 1.55
)

// newMix returns a mix for a fleet with the given mean number of events per device. It reaches the
// mean by adjusting how often healthy devices connect. If the mean is below the default, newMix
// also reduces the share of devices with problems. Otherwise, the events of these devices alone
// could raise the mean above a small target.
func newMix(eventsPerDevice float64) mix {
	if eventsPerDevice == 0 {
		eventsPerDevice = defaultEventsPerDevice
	}
	troubled := min(eventsPerDevice/defaultEventsPerDevice, 1)
	events, devices := eventsPerDevice, 1.0
	for _, t := range troubles {
		events -= troubled * t.share * t.events
		devices -= troubled * t.share
	}
	storms := stormEvents * eventsPerDevice / (eventsPerDevice + 1)
	return mix{troubled, (events/devices - storms) / eventsPerConnect}
}

// cause returns the cause of the problems of one device, or Healthy. position is the device's
// position in the fleet, as a fraction from 0 to 1.
func (m mix) cause(position float64) Cause {
	for _, t := range troubles {
		if position -= t.share * m.troubled; position < 0 {
			return t.cause
		}
	}
	return Healthy
}

// byShare chooses an instance at random, with a probability proportional to its share.
func (d *device) byShare(instances []*instance) *instance {
	all := 0
	for _, b := range instances {
		all += b.share
	}
	position := d.random.IntN(all)
	for _, b := range instances {
		if position -= b.share; position < 0 {
			return b
		}
	}
	return instances[0]
}
