package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"devicetrace/pkg/event"
)

// Disorder is what happens to events on their way.
type Disorder uint

const (
	// Lossy loses every tenth event.
	Lossy Disorder = 1 << iota
	// Duplicated delivers every fifth event again, later.
	Duplicated
	// Shuffled delivers in random order.
	Shuffled
)

// Perturb returns the events as they would arrive. It does not change its argument.
func Perturb(events []event.Event, seed uint64, what Disorder) []event.Event {
	random := rand.New(rand.NewPCG(seed, uint64(what)))
	events = slices.Clone(events)
	if what&Lossy != 0 {
		events = slices.DeleteFunc(events, func(event.Event) bool { return random.IntN(10) == 0 })
	}
	if what&Duplicated != 0 {
		for _, e := range events {
			if random.IntN(5) == 0 {
				e.ReceivedAt = e.ReceivedAt.Add(time.Duration(1+random.IntN(45_000)) * time.Millisecond)
				events = append(events, e)
			}
		}
	}
	if what&Shuffled != 0 {
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	return events
}
