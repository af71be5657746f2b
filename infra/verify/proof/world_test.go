package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
	"devicetrace/pkg/segment"
)

var (
	noon    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	later   = noon.AddDate(0, 0, 3) // a time after the last day with events
	layouts = layout.Layout{Shards: 16}
)

// prod and staging are the instances of every world. The same clients have events at the same times
// on both instances, so only the prefixes of keys keep the instances apart. One instance's name is
// a prefix of the other's.
const prod, staging event.InstanceID = "prod", "prod-staging"

var instances = []event.InstanceID{prod, staging}

// Clients A and B are in the same shard, and client C is in another one.
var (
	clientA = "a"
	clientB = sibling(clientA, true)
	clientC = sibling(clientA, false)
	clients = []string{clientA, clientB, clientC}
)

// sibling returns a client that is in the same shard as the given client if same is true, and
// in a different shard if same is false.
func sibling(of string, same bool) string {
	for i := 0; ; i++ {
		client := fmt.Sprint("client", i)
		if (layouts.ShardOf(event.ClientID(client)) == layouts.ShardOf(event.ClientID(of))) == same {
			return client
		}
	}
}

// at returns an event of the given client on the instance prod, ms milliseconds after noon.
func at(client string, ms int) event.Event {
	t := noon.Add(time.Duration(ms) * time.Millisecond)
	return event.Event{
		InstanceID: prod, ClientID: event.ClientID(client), Action: event.Connect, ActionInfo: event.Accepted,
		Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker,
		NativeEvent: "connect", NativeReason: "accepted", Source: broker.Events, Node: string(prod),
	}
}

// on returns copies of the events, moved to the given instance. Segments do not store the instance.
// The events' node is therefore the name of the instance, so that the ledger notices an event that a
// query shows on the wrong instance.
func on(instance event.InstanceID, events ...event.Event) []event.Event {
	moved := slices.Clone(events)
	for i := range moved {
		moved[i].InstanceID, moved[i].Node = instance, string(instance)
	}
	return moved
}

// timeless returns an event of the given client that has no time of its own. It returns equal
// events for the same client.
func timeless(client string) event.Event { return withoutTime(at(client, 0)) }

// withoutTime returns the event without its time. The ledger's deliver method adds the time of
// receipt and an identifier.
func withoutTime(e event.Event) event.Event {
	e.Time, e.TimeOrigin = time.Time{}, event.FromReceiver
	return e
}

func receivedAt(e event.Event, t time.Time) event.Event {
	e.ReceivedAt = t.Truncate(time.Millisecond)
	return e
}

// span returns n events of a client, one millisecond apart. from is the time of the first event, in
// milliseconds after noon.
func span(client string, from, n int) (events []event.Event) {
	for i := range n {
		events = append(events, at(client, from+i))
	}
	return events
}

func partitionOf(e event.Event) layout.Partition {
	return layouts.PartitionOf(e.InstanceID, e.ClientID, e.Time)
}

// put stores the events as a segment with the given name and returns its key.
func put(t testing.TB, store objstore.Store, where layout.Partition, name layout.Name, events ...event.Event) string {
	data, err := segment.Encode(segment.FromEvents(events))
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), name.Key(where), bytes.NewReader(data), int64(len(data))))
	return name.Key(where)
}

// fresh returns the name of the fresh segment with sequence number seq in run n.
func fresh(n, seq int) layout.Name { return layout.Name{Run: fmt.Sprintf("%032x", n), Seq: seq} }

// world combines a bucket with the senders' ledger. The bucket's store is a historian, which
// checks every put and every delete.
type world struct {
	t     testing.TB
	dir   string
	store *historian
	*ledger
}

// newWorld returns a world in which every object was written three days before noon, so that every
// run counts as ended.
func newWorld(t testing.TB, dir string) *world {
	return newWorldAt(t, dir, func() time.Time { return noon.AddDate(0, 0, -3) })
}

// newWorldAt returns a world whose store uses now as its clock.
func newWorldAt(t testing.TB, dir string, now func() time.Time) *world {
	store := memstore.New()
	store.Now = now
	return &world{t: t, dir: dir, store: newHistorian(store), ledger: newLedger()}
}

// markedWorld returns a world whose bucket contains the layout marker.
func markedWorld(t testing.TB, dir string) *world {
	w := newWorld(t, dir)
	require.NoError(t, w.store.Put(t.Context(), layouts.Marker(), bytes.NewReader(nil), 0))
	return w
}

// clone returns an independent world with the same objects and ledger.
func (w *world) clone() *world {
	c := newWorld(w.t, w.dir)
	for key := range w.store.there {
		data := w.store.contents[key]
		require.NoError(w.t, c.store.Put(w.t.Context(), key, bytes.NewReader(data), int64(len(data))))
	}
	c.ledger = w.ledger.clone()
	return c
}

// seed stores the events as a segment and records them as acknowledged. The segment has sequence
// number seq in run n. It belongs to the partition of the first event. seed returns the segment's
// key.
func (w *world) seed(n, seq int, events ...event.Event) string {
	for _, e := range events {
		w.acknowledge(w.deliver([]event.Event{e}, e.ReceivedAt, 0))
	}
	return put(w.t, w.store, partitionOf(events[0]), fresh(n, seq), events...)
}

// newWriter returns a writer. If config.Background is nil, the writer finishes each delete before
// its next put, so that the order of its calls is always the same.
func (w *world) newWriter(store record.Store, config record.Config) *record.Writer {
	if config.Background == nil {
		config.Background = func(f func()) { f() }
	}
	writer, err := record.New(store, config)
	require.NoError(w.t, err)
	return writer
}

func (w *world) newReader(store query.Store, config query.Config) *query.Reader {
	config.Retreat = 1
	reader, err := query.New(store, config)
	require.NoError(w.t, err)
	return reader
}

// newCompactor returns a compactor. If config.Now is nil, the compactor's clock shows a time after
// the last day with events. If config.IntN is nil, the compactor visits the instances and their
// shards in a fixed order.
func (w *world) newCompactor(store compact.Store, config compact.Config) *compact.Compactor {
	if config.Now == nil {
		config.Now = func() time.Time { return later }
	}
	if config.IntN == nil {
		config.IntN = func(int) int { return 0 }
	}
	config.Quiet, config.Dir = 1, w.dir
	compactor, err := compact.New(store, config)
	require.NoError(w.t, err)
	return compactor
}

// all returns a query request whose time range covers all events of a client on an instance.
func all(instance event.InstanceID, client string) query.Request {
	return query.Request{InstanceID: instance, ClientID: event.ClientID(client), From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 0, 2)}
}

// today returns a query request that covers only one partition: the client's events in the
// hour after noon.
func today(instance event.InstanceID, client string) query.Request {
	q := all(instance, client)
	q.From, q.To = noon, noon.Add(time.Hour)
	return q
}

// ask makes a query and checks that the result contains every event that was acknowledged before
// the query. The caller must pass a range that covers all of the client's events. If the query has
// a limit, ask reads all pages and checks their events together.
func (w *world) ask(reader *query.Reader, q query.Request) error {
	due := w.due(q.InstanceID, string(q.ClientID))
	var events []event.Event
	for {
		result, err := reader.Trace(w.t.Context(), q)
		if err != nil {
			return err
		}
		if len(result.Unreadable) > 0 {
			return fmt.Errorf("unreadable: %v", result.Unreadable)
		}
		events = append(events, result.Events...)
		if q.Cursor = result.NextCursor; q.Cursor == "" {
			break
		}
	}
	if q.Descending {
		slices.Reverse(events)
	}
	return w.check(due, events)
}

// little returns the configuration of a reader that can hold only a few rows of each object, and
// may therefore read an object many times during a query. whole is the value of Config.WholeBytes.
func little(whole int64) query.Config {
	return query.Config{WholeBytes: whole, BudgetBytes: 400_000}
}

// sound checks the whole bucket. It returns an error if the historian has noticed a broken rule,
// the quarantine is incomplete, or a new reader returns the wrong events for any client on any
// instance.
func (w *world) sound() error {
	var errs []error
	for _, complaint := range w.store.broken() {
		errs = append(errs, errors.New(complaint))
	}
	errs = append(errs, w.quarantineSound())
	for _, client := range clients {
		reader := w.newReader(w.store, query.Config{})
		for _, instance := range instances {
			errs = append(errs, w.ask(reader, all(instance, client)))
		}
	}
	return errors.Join(errs...)
}

// settle compacts the bucket. It returns an error unless every partition ends up as one object.
func (w *world) settle() error {
	compactor := w.newCompactor(w.store, compact.Config{})
	report, err := compactor.Run(w.t.Context(), compact.Share{})
	if err != nil {
		return err
	}
	if len(report.Failed)+len(report.Stuck)+len(report.Unreadable)+report.Missed > 0 {
		return fmt.Errorf("compact to the end: %+v", report)
	}
	objects, err := objstore.All(w.t.Context(), w.store, layout.EventsPrefix, "")
	if err != nil {
		return err
	}
	for _, listing := range compact.Listings(objects) {
		runs, compacted := layout.SplitRuns(listing.Segments)
		if len(runs)+len(compacted) > 1 {
			return fmt.Errorf("partition %s holds %d runs and %d compacted objects", listing.Partition, len(runs), len(compacted))
		}
	}
	return nil
}
