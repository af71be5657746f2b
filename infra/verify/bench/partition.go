package main

import (
	"slices"
	"strconv"
	"strings"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
)

// partitionEvents is about so many events, all of the first shard of so many, in the
// order of arrival, and the devices they are of.
//
// Of a fleet only every 16th or 256th device is in one shard. So as not to make up the
// other ones, the devices of a small fleet are renamed: each gets the next number
// that falls into the shard. The result is a partition of a fleet 16 or 256 times as
// large, numbers with gaps and all.
func partitionEvents(shards, rows int) (events []event.Event, devices []device) {
	names := newNames(shards)
	last, name := "", ""
	for e := range sim.Day(sim.Config{Seed: fleetSeed, Day: today, Devices: rows, EventsPerDevice: eventsPerDevice}) {
		if string(e.ClientID) != last {
			if len(events) >= rows {
				break
			}
			last, name = string(e.ClientID), names.next(string(e.ClientID))
			devices = append(devices, device{string(e.InstanceID), name})
		}
		e.ClientID = event.ClientID(name)
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return events, devices
}

// names are client identifiers of one shard.
type names struct {
	layout layout.Layout
	shard  layout.Shard
	number int
}

func newNames(shards int) *names {
	l := layout.Layout{Shards: shards}
	return &names{layout: l, shard: l.AllShards()[0]}
}

// next is a name like another one, but for its number, which is its last eight digits
// or more.
func (n *names) next(like string) string {
	stem := strings.TrimRight(like, "0123456789")
	for {
		n.number++
		digits := strconv.Itoa(n.number)
		name := stem + strings.Repeat("0", max(8-len(digits), 0)) + digits
		if n.layout.ShardOf(event.ClientID(name)) == n.shard {
			return name
		}
	}
}

// draw is at most n of all devices, fewer in a short run.
func (b *bench) draw(all []device, n int) []device {
	if b.scale < leastScale {
		n = max(n/10, 5)
	}
	return some(all, n)
}

// some is at most n of all devices, evenly drawn.
func some(all []device, n int) []device {
	if len(all) <= n {
		return all
	}
	picked := make([]device, n)
	for i := range picked {
		picked[i] = all[i*len(all)/n]
	}
	return picked
}
