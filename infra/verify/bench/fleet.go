package main

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
)

// today is the UTC day of all simulated events. The day is in the past, so its partitions get no
// more events.
var today = time.Date(2025, 11, 20, 0, 0, 0, 0, time.UTC)

const (
	seed            = 1
	eventsPerDevice = 10
	sampledDevices  = 2000 // approximate size of a sample of the fleet
)

// instance is the broker instance of all devices. A query reads only the objects of its own
// instance, so more instances would not change any figure.
const instance = "i"

// device identifies a device. The benchmark queries one day of its events.
type device struct{ client event.ClientID }

// byArrival compares events by the time at which a recorder receives them.
func byArrival(a, b event.Event) int { return a.ReceivedAt.Compare(b.ReceivedAt) }

// fleetPart holds one day's events from some of the fleet's shards, and a sample of the devices in
// these shards.
type fleetPart struct {
	events  []event.Event // in order of arrival
	devices []device      // a random sample
}

// fleet yields one day of a fleet's events in parts of about 250,000 devices, so that the ten
// million events are never in memory all at once.
func fleet(devices int) iter.Seq[fleetPart] {
	parts := min(16, 1+devices/250_000)
	return func(yield func(fleetPart) bool) {
		for part := range parts {
			if !yield(newFleetPart(devices, part, parts)) {
				return
			}
		}
	}
}

func newFleetPart(devices, part, parts int) fleetPart {
	var p fleetPart
	random := rand.New(rand.NewPCG(seed, uint64(part)))
	last, included := event.ClientID(""), false
	for e := range sim.Day(sim.Config{Seed: seed, Day: today, Devices: devices, EventsPerDevice: eventsPerDevice}) {
		if e.ClientID != last {
			last, included = e.ClientID, shardOf16(e.ClientID)%parts == part
			if included && random.IntN(devices) < sampledDevices {
				p.devices = append(p.devices, device{e.ClientID})
			}
		}
		e.InstanceID = instance
		if included {
			p.events = append(p.events, e)
		}
	}
	slices.SortStableFunc(p.events, byArrival)
	return p
}

func shardOf16(client event.ClientID) int {
	n, _ := strconv.ParseUint(string(layout.Layout{Shards: 16}.ShardOf(client)), 16, 8)
	return int(n)
}

// partitionEvents returns the events and the devices of one partition. The events are in order of
// arrival. The partition belongs to the first shard and has at least the given number of rows.
//
// In a real fleet, only one in n devices belongs to the first of n shards. To avoid generating all
// the others, partitionEvents generates a small fleet and renumbers its devices. Each device gets
// the next number that puts its client identifier into the first shard. The identifiers in the
// partition therefore look as if they came from a fleet n times as large.
func partitionEvents(shards, rows int) (events []event.Event, devices []device) {
	names := newNames(shards)
	var last, name event.ClientID
	for e := range sim.Day(sim.Config{Seed: seed, Day: today, Devices: rows, EventsPerDevice: eventsPerDevice}) {
		if e.ClientID != last {
			if len(events) >= rows {
				break
			}
			last, name = e.ClientID, names.next(e.ClientID)
			devices = append(devices, device{name})
		}
		e.InstanceID, e.ClientID = instance, name
		events = append(events, e)
	}
	slices.SortStableFunc(events, byArrival)
	return events, devices
}

// names generates client identifiers that all fall into one shard.
type names struct {
	layout layout.Layout
	shard  layout.Shard
	number int
}

func newNames(shards int) *names {
	l := layout.Layout{Shards: shards}
	return &names{layout: l, shard: l.AllShards()[0]}
}

// next returns a new client identifier that falls into the shard. The new identifier is the given
// one with a new number at its end. next tries ascending numbers and takes the first that puts the
// identifier into the shard. The number is padded to eight digits.
func (n *names) next(like event.ClientID) event.ClientID {
	stem := strings.TrimRight(string(like), "0123456789")
	for {
		n.number++
		digits := strconv.Itoa(n.number)
		name := event.ClientID(stem + strings.Repeat("0", max(8-len(digits), 0)) + digits)
		if n.layout.ShardOf(name) == n.shard {
			return name
		}
	}
}

// sample returns n evenly spaced devices, or all devices if there are fewer than n.
func sample(all []device, n int) []device {
	if len(all) <= n {
		return all
	}
	picked := make([]device, n)
	for i := range picked {
		picked[i] = all[i*len(all)/n]
	}
	return picked
}
