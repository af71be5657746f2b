package proof_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
)

// receiving is a scenario that delivers events through webhooks and through a trigger. Some
// deliveries are good, some are partly bad, and some are bad as a whole. The scenario also replays
// the whole quarantine, including an item that an older version quarantined. The budget admits only
// one delivery at a time, so if a fault prevented the release of memory, the recorder would refuse
// all later deliveries.
func receiving(i *injection) error {
	s := newSending(i)
	post := func(p parcel) func() error {
		return func() error { return s.try(func() (bool, error) { return s.post(s.door, p, s.clock) }) }
	}
	replay := func() error { return s.try(func() (bool, error) { return s.replay(s.door, s.process) }) }
	for n, step := range []func() error{
		post(parcel{events: span(clientA, 0, 2)}),
		post(parcel{events: append(span(clientB, 0, 1), at(clientC, 0)), junk: true}),
		post(parcel{events: on(staging, at(clientA, 0), at(clientB, 0), timeless(clientA)), junk: true}),
		post(parcel{junk: true}),
		replay,
		post(parcel{events: append(span(clientA, 1, 2), at(clientA, -dayMS)), junk: true}), // the first event of the span repeats one from the first step
		post(parcel{events: []event.Event{notice(clientA, 4)}, trigger: true}),
		post(parcel{events: []event.Event{notice(clientA, 5)}, trigger: true, junk: true}),
		post(parcel{events: []event.Event{timeless(clientA), timeless(clientA), timeless(clientB)}}),
		post(parcel{events: on(staging, timeless(clientA), timeless(clientB), at(clientA, 1))}),
		post(parcel{events: []event.Event{at(clientA, 6), timeless(clientA)}, junk: true}),
		post(parcel{events: []event.Event{message(clientA, 7), message(clientA, 7), message(clientC, 8)}, trigger: true}),
		func() error { _ = s.writer.Close(i.t.Context()); s.restarted(); return nil },
		replay,
		post(parcel{events: []event.Event{message(clientA, 7), withoutTime(notice(clientA, 0))}, trigger: true}), // the message was already delivered
		post(parcel{events: span(clientA, 9, 1)}),
	} {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
	}
	return i.ending()
}

func TestEveryFaultBehindAWebhook(t *testing.T) {
	w := newWorld(t, t.TempDir())
	replayable := append(span(clientA, 100, 2), at(clientC, 100), timeless(clientA))
	for _, instance := range instances {
		w.keepReplayable(parcel{events: on(instance, replayable...)}, noon.Add(-time.Minute))
	}
	everyFault(t, w.clone, receiving)
}

// newRecorder returns the webhooks of a new recorder whose clock always shows noon.
func (w *world) newRecorder(store objstore.Store) *door {
	return w.newDoor(w.newWriter(store, record.Config{}), store, func() time.Time { return noon })
}

// faultAt returns a store that injects the given fault into every put whose key has the prefix.
func (w *world) faultAt(prefix string, fault objstore.Fault) *objstore.Faulty {
	return objstore.NewFaulty(w.store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpPut && strings.HasPrefix(c.Key, prefix) {
			return fault
		}
		return objstore.Fault{}
	})
}

// partlyBad returns the body of a delivery whose last item is junk, and the events of the
// other items.
func partlyBad(t *testing.T) (events []event.Event, body string) {
	events = span(clientA, 0, 2)
	body, err := parcel{events: events, junk: true}.body()
	require.NoError(t, err)
	return events, body
}

// A recorder must record the good events of a delivery before it quarantines the delivery. If
// it could not record them, the quarantine must stay empty.
func TestNothingIsQuarantinedBeforeItsEventsAreRecorded(t *testing.T) {
	_, body := partlyBad(t)
	for name, fault := range map[string]objstore.Fault{
		"before": {Before: objstore.ErrFault}, "midway": {Midway: objstore.ErrFault}, "after": {After: objstore.ErrFault},
	} {
		w := newWorld(t, t.TempDir())
		door := w.newRecorder(w.faultAt(layout.EventsPrefix, fault))
		require.Equal(t, http.StatusServiceUnavailable, request(t.Context(), door, "events/prod", strings.NewReader(body)), name)
		ids, err := items(t.Context(), w.store)
		require.NoError(t, err)
		require.Empty(t, ids, name)
	}
}

// If a recorder crashes after it has recorded a delivery's good events, but before it has
// quarantined the delivery, no event may be lost or shown twice. The test simulates the crash with
// a fault in the put into the quarantine. The response must be 503, so that the sender redelivers.
func TestACrashBetweenEventsAndQuarantine(t *testing.T) {
	events, body := partlyBad(t)
	w := newWorld(t, t.TempDir())
	w.deliver(events, noon, 0)
	crashing := w.newRecorder(w.faultAt(layout.QuarantinePrefix, objstore.Fault{Before: errCrash}))
	require.Equal(t, http.StatusServiceUnavailable, request(t.Context(), crashing, "events/prod", strings.NewReader(body)))
	for _, rejected := range []int{0, 1} {
		result, err := w.newReader(w.store, query.Config{}).Trace(t.Context(), all(prod, clientA))
		require.NoError(t, err)
		require.Len(t, result.Events, len(events))
		ids, err := items(t.Context(), w.store)
		require.NoError(t, err)
		require.Len(t, ids, rejected)
		require.Equal(t, http.StatusBadRequest, request(t.Context(), w.newRecorder(w.store), "events/prod", strings.NewReader(body)))
	}
}

// If the put into the quarantine fails, whatever the fault, the response must ask the sender to
// retry.
func TestARejectionIsReportedOnlyOnceItIsKept(t *testing.T) {
	_, body := partlyBad(t)
	hold := make(chan struct{})
	for name, fault := range map[string]objstore.Fault{
		"before": {Before: objstore.ErrFault}, "midway": {Midway: objstore.ErrFault},
		"after": {After: objstore.ErrFault}, "late": {Late: hold},
	} {
		w := newWorld(t, t.TempDir())
		door := w.newRecorder(w.faultAt(layout.QuarantinePrefix, fault))
		require.Equal(t, http.StatusServiceUnavailable, request(t.Context(), door, "events/prod", strings.NewReader(body)), name)
		require.ErrorIs(t, door.Event(t.Context(), []byte(body)), objstore.ErrFault, name)
	}
	close(hold)
}

// A replay must give each event the received time of the quarantined item, not the time of the
// replay. Otherwise every replay would turn an event that carries no time into a new event.
func TestAReplayRepeatsTheReceivedTime(t *testing.T) {
	w := newWorld(t, t.TempDir())
	received := noon.Add(time.Minute)
	id, err := quarantine.Keep(t.Context(), w.store, quarantine.Item{
		ReceivedAt: received, Route: broker.Events, InstanceID: prod, Body: []byte(`{"client_id":"a","action":"connect"}`),
	})
	require.NoError(t, err)
	now := received
	door := w.newDoor(w.newWriter(w.store, record.Config{}), w.store, func() time.Time { now = now.Add(time.Hour); return now })
	for range 3 {
		require.Equal(t, http.StatusOK, request(t.Context(), door, "quarantine/"+id.String()+"/replay", nil))
	}
	result, err := w.newReader(w.store, query.Config{}).Trace(t.Context(), all(prod, clientA))
	require.NoError(t, err)
	require.Len(t, result.Events, 1)
	require.Equal(t, received, result.Events[0].Time)
	require.Equal(t, received, result.Events[0].ReceivedAt)
}

// unreadBody is a body that must not be read.
type unreadBody struct{ t *testing.T }

func (u unreadBody) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}

// While one delivery occupies the whole budget, the recorder must refuse other deliveries
// without reading their bodies. Afterwards it must accept deliveries again.
func TestAFullBudgetRefusesUnreadDeliveries(t *testing.T) {
	w := newWorld(t, t.TempDir())
	arrived, hold := make(chan struct{}), make(chan struct{})
	slow := objstore.NewFaulty(w.store, func(c objstore.Call) objstore.Fault {
		if c.Op == objstore.OpPut && strings.HasPrefix(c.Key, layout.EventsPrefix) {
			close(arrived)
			return objstore.Fault{Until: hold}
		}
		return objstore.Fault{}
	})
	door := w.newDoor(w.newWriter(slow, record.Config{}), slow, func() time.Time { return noon })
	events := span(clientA, 0, 2)
	body, err := parcel{events: events}.body()
	require.NoError(t, err)
	// For each opening brace, the recorder acquires memory for a possible event. A body full of
	// braces therefore needs the whole budget.
	events[0].Protocol = strings.Repeat("{", 8<<20-len(body)-len(`"protocol":"",`))
	body, err = parcel{events: events}.body()
	require.NoError(t, err)
	events[0].Bound()
	delivery := w.deliver(events, noon, door.next)
	first := make(chan int, 1)
	go func() { first <- request(t.Context(), door, "events/prod", strings.NewReader(body)) }()
	<-arrived
	require.Equal(t, http.StatusTooManyRequests, request(t.Context(), door, "events/prod", unreadBody{t}))
	slow.SetHook(nil)
	close(hold)
	require.Equal(t, http.StatusOK, <-first)
	w.acknowledge(delivery)
	acknowledged, err := w.post(door, parcel{events: span(clientA, 2, 2), junk: true}, noon)
	require.NoError(t, err)
	require.True(t, acknowledged)
	w.soundAndSettled()
}
