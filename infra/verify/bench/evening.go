package main

import (
	"context"
	"time"

	"devicetrace/pkg/event"
)

// eveningHour is when the open day is looked at.
const eveningHour = 18

// evening is a simulated day of 35,000 events in the partition, one webhook an event,
// at eveningHour.
type evening struct {
	sim     *simulation
	events  []event.Event // of the whole day
	past    int           // how many of them came already
	devices []device      // of which something came
}

// evening is simulated when it is first asked for.
func (b *bench) evening(ctx context.Context) (*evening, error) {
	if b.atEvening != nil {
		return b.atEvening, nil
	}
	events, devices := partitionEvents(256, b.partitionRows(35_000))
	sim, err := newSimulation(256, b.dir)
	if err != nil {
		return nil, err
	}
	past := upTo(events, eveningHour)
	if err := sim.run(ctx, past, 1); err != nil {
		return nil, err
	}
	b.atEvening = &evening{sim, events, len(past), seenIn(past, devices)}
	return b.atEvening, nil
}

// rest is the other hours.
func (e *evening) rest(ctx context.Context) error {
	rest := e.events[e.past:]
	e.past = len(e.events)
	return e.sim.run(ctx, rest, 1)
}

// upTo is the events that arrived before an hour of the day.
func upTo(events []event.Event, hour int) []event.Event {
	until := today.Add(time.Duration(hour) * time.Hour)
	for i := range events {
		if !events[i].ReceivedAt.Before(until) {
			return events[:i]
		}
	}
	return events
}

// seenIn is the devices that events are of.
func seenIn(events []event.Event, devices []device) (seen []device) {
	clients := map[string]bool{}
	for i := range events {
		clients[string(events[i].ClientID)] = true
	}
	for _, d := range devices {
		if clients[d.client] {
			seen = append(seen, d)
		}
	}
	return seen
}
