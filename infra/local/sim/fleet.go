package sim

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// FleetConfig describes the fleet that Fleet simulates.
type FleetConfig struct {
	// Instance is the broker instance of all devices. Default: fleet.
	Instance event.InstanceID
	// Source is the source of the events: SourceMochi (the default), or one of broker.EMQX,
	// broker.Mosquitto and broker.VerneMQ. Only SourceMochi reports the connections that a restart
	// ends.
	Source string
	// Devices is the number of devices. Default: 300.
	Devices int
	Seed    uint64
	// Day is the UTC day of the incidents; the time of day is ignored.
	Day time.Time
	// DaysBefore is the number of days before Day that Fleet also simulates, without incidents.
	DaysBefore int
	// Until is when the simulation ends. Default: the end of Day. It must be at least three
	// hours after the start of Day, so that there is time for the incidents.
	Until time.Time
}

// SourceMochi is the source of events from the local broker.
const SourceMochi = "mochi"

// FleetDays is a simulated fleet: its events, and what a user should find in them.
type FleetDays struct {
	// Events is sorted by event time.
	Events []event.Event
	// Incidents is sorted by time.
	Incidents []Incident
	// Flapping lists the devices that drop many times a day.
	Flapping []event.ClientID
	// Gone lists the devices that go down on the day of the incidents and stay down.
	Gone []event.ClientID
}

// Fleet simulates the devices of one broker instance with several nodes. Most devices are healthy
// and drop a few times a day, more often in the afternoon than at night. One device in a hundred
// flaps, and one in 75 goes down for good. The three incidents are a node's restart, the outage of
// a network, and a roll-out of bad credentials. All events are in memory. A healthy device may have
// no events at all on one day. The same configuration always produces the same events.
func Fleet(c FleetConfig) FleetDays {
	f := newFleet(c)
	for number := range uint64(cmp.Or(c.Devices, 300)) {
		f.simulate(number)
	}
	slices.SortStableFunc(f.days.Events, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
	for _, i := range f.incidents {
		f.days.Incidents = append(f.days.Incidents, *i.facts())
	}
	return f.days
}

// fleet holds the state of a simulation by Fleet.
type fleet struct {
	config    FleetConfig
	broker    *instance
	device    *device       // simulates one member after the other
	day       time.Duration // when the day of the incidents begins
	span      time.Duration // the length of that day, up to the end of the simulation
	incidents []incident    // sorted by time
	days      FleetDays
}

var dialects = map[string]*dialect{
	"": &mochi, SourceMochi: &mochi, broker.EMQX: &emqx, broker.Mosquitto: &mosquitto, broker.VerneMQ: &verneMQ,
}

// The groups of a fleet. Most devices are meters. Bad credentials reach the cameras.
var fleetGroups = []string{
	"GID_meter", "GID_gateway", "GID_meter", "GID_camera", "GID_meter", "GID_gateway", "GID_meter", "GID_meter",
}

// sites are the places of a fleet's devices. Each has a network of its own.
var sites = []string{"berlin", "hanoi", "lima", "lyon", "oslo", "turin"}

func newFleet(c FleetConfig) *fleet {
	f := &fleet{config: c, day: time.Duration(c.DaysBefore) * oneDay, span: oneDay}
	f.broker = &instance{
		id: cmp.Or(c.Instance, "fleet"), dialect: dialects[c.Source],
		nodes: []string{"edge-1", "edge-2", "edge-3"}, groups: fleetGroups,
	}
	f.device = newDevice(c.Day.UTC().AddDate(0, 0, -c.DaysBefore), c.DaysBefore+1)
	if !c.Until.IsZero() && c.Until.Before(f.device.until) {
		f.device.until = c.Until
		f.span = c.Until.Sub(f.device.start) - f.day
	}
	f.incidents = f.plan()
	return f
}

// at returns the whole minute at the given fraction of the day of the incidents.
func (f *fleet) at(fraction float64) time.Duration {
	return f.day + time.Duration(fraction*float64(f.span)).Truncate(time.Minute)
}

// simulate adds the events of the fleet's device with the given number.
func (f *fleet) simulate(number uint64) {
	m := f.member(number)
	m.live()
	f.days.Events = append(f.days.Events, m.events...)
	switch {
	case m.flaps:
		f.days.Flapping = append(f.days.Flapping, m.clientID)
	case m.leaves < never:
		f.days.Gone = append(f.days.Gone, m.clientID)
	}
}

// network returns the first three bytes of a site's addresses.
func network(site int) string { return "10.20." + strconv.Itoa(site+1) }
