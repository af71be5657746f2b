package wire_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"devicetrace/pkg/check"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const client = "c"

var where = layout.Layout{Shards: 16}.PartitionOf(client, noon)

// events are n events of the client, from the given one on.
func events(from, n int) []event.Event {
	var all []event.Event
	for i := range n {
		t := noon.Add(time.Duration(from+i) * time.Second)
		all = append(all, event.Event{
			InstanceID: "i", ClientID: client, Action: event.Connect, ActionInfo: event.Accepted,
			Time: t, ReceivedAt: t, TimeOrigin: event.FromBroker, NativeEvent: "connect", Source: "events",
		})
	}
	return all
}

// scenario is a day of a partition: two recorders, queries, compactions. It goes on after
// every error, as brokers and timers do.
type scenario struct {
	dir     string
	store   objstore.Store // over the wire that has faults
	writers [2]*record.Writer
	acked   int // events that were acknowledged, from the first on
	refused int // answers that were none
}

// sends is how often a broker sends a batch before it gives up.
const sends = 4

func (s *scenario) run(ctx context.Context) error {
	for i := range s.writers {
		w, err := record.New(s.store, record.Config{Shards: 16})
		if err != nil {
			return err
		}
		s.writers[i] = w
	}
	return inTurn(
		func() error { return s.send(ctx, 0, 3) },
		func() error { return s.send(ctx, 0, 2) },
		func() error { return s.send(ctx, 1, 2) },
		func() error { return s.ask(ctx) },
		func() error { return s.compact(ctx) },
		func() error { return s.ask(ctx) },
		func() error { return s.send(ctx, 0, 2) },
		func() error { return s.close(ctx) },
		func() error { return s.compact(ctx) },
		func() error { return s.ask(ctx) },
	)
}

func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// send sends the next n events until they are acknowledged.
func (s *scenario) send(ctx context.Context, writer, n int) (err error) {
	batch := events(s.acked, n)
	for range sends {
		if err = s.writers[writer].Append(ctx, batch); err == nil {
			s.acked += n
			return nil
		}
		s.refused++
	}
	return fmt.Errorf("never acknowledged: %w", err)
}

// ask accepts what was acknowledged, an error, or an answer that names what it could not
// read.
func (s *scenario) ask(ctx context.Context) error {
	answer, err := trace(ctx, s.store)
	if err != nil {
		s.refused++
		return nil
	}
	want := events(0, s.acked)
	for _, e := range answer.Events {
		if int(e.Time.Sub(noon).Seconds()) >= s.acked {
			return fmt.Errorf("answered an event that was never sent: %v", e.Time)
		}
	}
	if len(answer.Unreadable) > 0 {
		s.refused++
		return nil
	}
	return same(answer.Events, want)
}

func trace(ctx context.Context, store query.Store) (query.Result, error) {
	reader, err := query.New(store, query.Config{Retreat: time.Microsecond})
	if err != nil {
		return query.Result{}, err
	}
	return reader.Trace(ctx, query.Request{InstanceID: "i", ClientID: client, From: noon, To: noon.Add(time.Hour)})
}

func same(got, want []event.Event) error {
	if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
		return fmt.Errorf("answered %d events, of %d", len(got), len(want))
	}
	return nil
}

func (s *scenario) compact(ctx context.Context) error {
	// The stand-in dates objects by the wall clock, as it judges signatures.
	later := time.Now().AddDate(1, 0, 0)
	c, err := compact.New(s.store, compact.Config{Dir: s.dir, Quiet: time.Nanosecond, Now: func() time.Time { return later }})
	if err != nil {
		return err
	}
	report, err := c.Run(ctx)
	if err != nil || len(report.Failed) > 0 || len(report.Unreadable) > 0 {
		s.refused++
	}
	return nil
}

func (s *scenario) close(ctx context.Context) error {
	for _, w := range s.writers {
		if err := w.Close(ctx); err != nil {
			s.refused++
		}
	}
	return nil
}

// prove looks at what is left, over a wire without faults: all that was acknowledged,
// once, in a bucket that nothing is wrong with, then in one object.
func (s *scenario) prove(ctx context.Context, store objstore.Store) error {
	if err := proveWhole(ctx, store, s.acked); err != nil {
		return err
	}
	sound := scenario{dir: s.dir, store: store}
	if err := sound.compact(ctx); err != nil {
		return err
	}
	objects, err := objstore.All(ctx, store, where.Prefix(), "")
	if err != nil || len(objects) != 1 || sound.refused > 0 {
		return errors.Join(err, fmt.Errorf("compaction left %d objects", len(objects)))
	}
	return proveWhole(ctx, store, s.acked)
}

func proveWhole(ctx context.Context, store objstore.Store, acked int) error {
	answer, err := trace(ctx, store)
	if err != nil {
		return err
	}
	report, err := check.Bucket(ctx, store, check.Options{})
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return err
	}
	if len(answer.Unreadable) > 0 || report.Events != int64(acked) || report.Foreign > 0 {
		return fmt.Errorf("%d events of %d in the bucket, %d objects cannot be read", report.Events, acked, len(answer.Unreadable))
	}
	return same(answer.Events, events(0, acked))
}
