package proof_test

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"devicetrace/pkg/event"
)

// identity tells the events of these tests apart.
type identity struct {
	client string
	ms     int64
}

func identityOf(e event.Event) identity { return identity{string(e.ClientID), e.Time.UnixMilli()} }

// ledger is what the senders know: what was delivered, and what was acknowledged.
type ledger struct {
	mu        sync.Mutex
	delivered map[identity]map[event.Event]bool
	// acknowledged are the events with the least received time of a delivery that was
	// acknowledged.
	acknowledged map[identity]time.Time
	checked      int
}

func newLedger() *ledger {
	return &ledger{delivered: map[identity]map[event.Event]bool{}, acknowledged: map[identity]time.Time{}}
}

// deliver notes a delivery of events at a time, and returns it.
func (l *ledger) deliver(events []event.Event, received time.Time) []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var delivery []event.Event
	for _, e := range events {
		e = receivedAt(e, received)
		if l.delivered[identityOf(e)] == nil {
			l.delivered[identityOf(e)] = map[event.Event]bool{}
		}
		l.delivered[identityOf(e)][e] = true
		delivery = append(delivery, e)
	}
	return delivery
}

// acknowledge notes that a delivery was acknowledged.
func (l *ledger) acknowledge(delivery []event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range delivery {
		first, known := l.acknowledged[identityOf(e)]
		if !known || e.ReceivedAt.Before(first) {
			l.acknowledged[identityOf(e)] = e.ReceivedAt
		}
	}
}

// due is what a query of a client that begins now must show.
func (l *ledger) due(client string) map[identity]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	due := maps.Clone(l.acknowledged)
	maps.DeleteFunc(due, func(id identity, _ time.Time) bool { return id.client != client })
	return due
}

// check compares an answer with what was due when its query began: each of those
// events once, by its first delivery, and nothing that was never delivered.
func (l *ledger) check(due map[identity]time.Time, answer []event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checked += len(answer)
	shown := map[identity]event.Event{}
	var last int64
	for _, e := range answer {
		id := identityOf(e)
		if _, twice := shown[id]; twice {
			return fmt.Errorf("shown twice: %v", id)
		}
		if !l.delivered[id][e] {
			return fmt.Errorf("invented: %+v", e)
		}
		if id.ms < last {
			return fmt.Errorf("out of order: %v", id)
		}
		shown[id], last = e, id.ms
	}
	for id, received := range due {
		e, found := shown[id]
		if !found {
			return fmt.Errorf("lost: %v of %d acknowledged, %d shown", id, len(due), len(answer))
		}
		if e.ReceivedAt.After(received) {
			return fmt.Errorf("not the first delivery of %v: %v is shown, %v was acknowledged", id, e.ReceivedAt, received)
		}
	}
	return nil
}
