package proof_test

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/quarantine"
)

// identity identifies an event. In these tests, no two events with a time of their own have the
// same instance, client and time. An event without a time gets the time of receipt, and an
// identifier that no other event of the instance has.
type identity struct {
	instance event.InstanceID
	client   string
	ms       int64
	id       string
}

func identityOf(e event.Event) identity {
	return identity{e.InstanceID, string(e.ClientID), e.Time.UnixMilli(), e.SourceEventID}
}

// ledger holds what the senders know: which events they sent, and which of these were
// acknowledged.
type ledger struct {
	mu        sync.Mutex
	delivered map[identity]map[event.Event]bool
	// acknowledged maps each acknowledged event to the received time of its first acknowledged
	// delivery.
	acknowledged map[identity]time.Time
	checked      int
	kept         time.Time                   // earlier events have expired; results may lack them
	deliveries   map[event.InstanceID]uint32 // number of calls to nextID

	// junk contains the deliveries with an item that no recorder understands, and maps each of them
	// to its valid events. rejected contains the deliveries that a response has reported as
	// quarantined.
	junk     map[arrival][]event.Event
	rejected map[arrival]bool
	// replayable maps each item that an older version of the recorder quarantined to the item's
	// events. Once an item has been replayed, queries must show its events.
	replayable map[quarantine.ID][]event.Event
}

// arrival identifies a quarantined delivery by its instance, its body, its id, and the time at which
// a recorder received it, in Unix milliseconds.
type arrival struct {
	instance event.InstanceID
	body     string
	ms       int64
	id       string
}

func newLedger() *ledger {
	return &ledger{
		delivered: map[identity]map[event.Event]bool{}, acknowledged: map[identity]time.Time{}, deliveries: map[event.InstanceID]uint32{},
		junk: map[arrival][]event.Event{}, rejected: map[arrival]bool{}, replayable: map[quarantine.ID][]event.Event{},
	}
}

// clone returns an independent copy.
func (l *ledger) clone() *ledger {
	c := &ledger{
		delivered: map[identity]map[event.Event]bool{}, acknowledged: maps.Clone(l.acknowledged), deliveries: maps.Clone(l.deliveries),
		junk: maps.Clone(l.junk), rejected: maps.Clone(l.rejected), replayable: maps.Clone(l.replayable),
	}
	for id, deliveries := range l.delivered {
		c.delivered[id] = maps.Clone(deliveries)
	}
	return c
}

// sendJunk records a delivery with an item that no recorder understands. The delivery's other items
// are the valid events in good.
func (l *ledger) sendJunk(item arrival, good []event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.junk[item] = good
}

// reject records that a response reported the delivery as quarantined.
func (l *ledger) reject(item arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rejected[item] = true
}

// nextID returns the bits that identify a new delivery. It never returns the same bits twice for one
// instance, but deliveries to different instances get the same bits.
func (l *ledger) nextID(instance event.InstanceID) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deliveries[instance]++
	return l.deliveries[instance]
}

// deliver records that a delivery with the given bits delivered the events at the given time. It
// returns the events as the recorder derives them. ReceivedAt is the given time. An event without a
// time also gets the given time as its Time, and an identifier that contains the bits.
func (l *ledger) deliver(events []event.Event, received time.Time, bits uint32) []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var delivery []event.Event
	for i, e := range events {
		e = receivedAt(e, received)
		if e.TimeOrigin == event.FromReceiver {
			e.Time, e.SourceEventID = e.ReceivedAt, fmt.Sprintf("%08x-%05d", bits, i)
		}
		if l.delivered[identityOf(e)] == nil {
			l.delivered[identityOf(e)] = map[event.Event]bool{}
		}
		l.delivered[identityOf(e)][e] = true
		delivery = append(delivery, e)
	}
	return delivery
}

// acknowledge records that a delivery was acknowledged.
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

// due returns the events that a query for a client on an instance must show if the query begins
// now, each with the received time of its first acknowledged delivery.
func (l *ledger) due(instance event.InstanceID, client string) map[identity]time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	due := maps.Clone(l.acknowledged)
	maps.DeleteFunc(due, func(id identity, _ time.Time) bool {
		return id.instance != instance || id.client != client || l.hasExpired(id)
	})
	return due
}

// expire marks all events before the given instant as expired.
func (l *ledger) expire(before time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = before
}

func (l *ledger) hasExpired(id identity) bool { return id.ms < l.kept.UnixMilli() }

// forgive removes from due the events that have expired since the call to l.due.
func (l *ledger) forgive(due map[identity]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(due, func(id identity, _ time.Time) bool { return l.hasExpired(id) })
}

// check returns an error if events, the response to a query, is wrong. The map due must come from a
// call to l.due before the query. The response must contain each event in due, with a received time
// that is not later than the one in due. It must not contain an event twice, or an event that was
// never delivered. Its events must be sorted by time.
func (l *ledger) check(due map[identity]time.Time, events []event.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.checked += len(events)
	shown := map[identity]event.Event{}
	var last int64
	for _, e := range events {
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
			return fmt.Errorf("lost: %v; %d events are due, %d are shown", id, len(due), len(events))
		}
		if e.ReceivedAt.After(received) {
			return fmt.Errorf("not the first delivery of %v: %v is shown, %v was acknowledged", id, e.ReceivedAt, received)
		}
	}
	return nil
}
