package wire_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"time"

	"devicetrace/infra/local/ownform"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/check"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/webhook"
)

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	// received is the time at which the recorders receive all events.
	received = noon.Add(time.Hour)
)

const client = "c"

// prod and staging are the instances. The client has events at the same times on both.
const prod, staging event.InstanceID = "prod", "prod-staging"

// events returns n events of the client on an instance, numbered consecutively. from is the number
// of the first one. The number of an event is its time in seconds after noon. The node of an event
// is its instance, so that no event of the other instance equals it.
func events(instance event.InstanceID, from, n int) []event.Event {
	var all []event.Event
	for i := range n {
		all = append(all, event.Event{
			InstanceID: instance, ClientID: client, Action: event.Connect, ActionInfo: event.Accepted,
			Time: noon.Add(time.Duration(from+i) * time.Second), ReceivedAt: received, TimeOrigin: event.FromBroker,
			NativeEvent: "connect", NativeReason: "accepted", Source: broker.Events, Node: string(instance),
		})
	}
	return all
}

// scenario plays the traffic of one day. Each instance uses one partition. The scenario sends
// deliveries to the webhooks of two recorders, makes queries, runs compactions and replays the
// quarantine. It continues after a failed operation, as brokers and timers would.
type scenario struct {
	dir     string
	store   objstore.Store // reaches the bucket through the proxy that injects faults
	writers [2]*record.Writer
	doors   [2]*webhook.Handler
	// acked holds the number of acknowledged events of each instance. The call
	// events(instance, 0, acked[instance]) returns these events.
	acked   map[event.InstanceID]int
	kept    int // number of deliveries that were reported as quarantined
	junk    int // number of deliveries with an item that must be quarantined
	refused int // number of operations that reported a failure or an incomplete result
}

// sends is the number of times a broker sends a batch before it gives up.
const sends = 4

const token = "secret"

func (s *scenario) run(ctx context.Context) error {
	s.acked = map[event.InstanceID]int{}
	for i := range s.writers {
		if err := s.start(i); err != nil {
			return err
		}
	}
	return inTurn(
		func() error { return s.send(ctx, 0, prod, 3, "") },
		func() error { return s.send(ctx, 0, prod, 2, `{"junk":true}`) },
		func() error { return s.send(ctx, 0, staging, 4, "") },
		func() error { return s.send(ctx, 1, prod, 2, "") },
		func() error { return s.ask(ctx, prod) },
		func() error { return s.compact(ctx) },
		func() error { return s.ask(ctx, prod) },
		func() error { return s.replay(ctx) },
		func() error { return s.send(ctx, 0, prod, 2, "") },
		func() error { return s.send(ctx, 1, staging, 1, "") },
		func() error { return s.close(ctx) },
		func() error { return s.compact(ctx) },
		func() error { return s.ask(ctx, prod, staging) },
	)
}

// start starts recorder i as the recorder function would.
func (s *scenario) start(i int) (err error) {
	if s.writers[i], err = record.New(s.store, record.Config{Shards: 16}); err != nil {
		return err
	}
	var tokens serve.Tokens
	if err := tokens.Add(token); err != nil {
		return err
	}
	s.doors[i], err = webhook.New(webhook.Config{
		Recorder: s.writers[i], Store: s.store, Tokens: tokens, AdminToken: token, Now: func() time.Time { return received },
	})
	return err
}

func inTurn(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// request posts a body to a recorder's webhook handler and returns the status of the response. door
// is the recorder's index.
func (s *scenario) request(ctx context.Context, door int, path, body string) int {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhooks/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	response := httptest.NewRecorder()
	s.doors[door].ServeHTTP(response, r)
	return response.Code
}

// send posts the next n events of an instance to the recorder with the index door. It repeats the
// request until a response acknowledges the events, and gives up after sends requests. If junk is
// not empty, each delivery also contains junk as an additional item.
func (s *scenario) send(ctx context.Context, door int, instance event.InstanceID, n int, junk string) error {
	data, err := ownform.Encode(events(instance, s.acked[instance], n))
	if err != nil {
		return err
	}
	body, want := string(data), http.StatusOK
	if junk != "" {
		body, want = strings.TrimSuffix(body, "]")+","+junk+"]", http.StatusBadRequest
	}
	for range sends {
		if junk != "" {
			s.junk++
		}
		switch status := s.request(ctx, door, "events/"+string(instance), body); status {
		case want:
			s.acked[instance] += n
			if junk != "" {
				s.kept++
			}
			return nil
		case http.StatusServiceUnavailable:
			s.refused++
		default:
			return fmt.Errorf("response %d to %s, want %d", status, body, want)
		}
	}
	return errors.New("never acknowledged")
}

// replay replays the whole quarantine, which must add no event.
func (s *scenario) replay(ctx context.Context) error {
	objects, err := objstore.All(ctx, s.store, layout.QuarantinePrefix, "")
	if err != nil {
		s.refused++
		return nil
	}
	for _, object := range objects {
		day, digest, err := layout.ParseQuarantineKey(object.Key)
		if err != nil {
			return err
		}
		id := quarantine.ID{Day: day, Digest: digest}
		switch status := s.request(ctx, 1, "quarantine/"+id.String()+"/replay", ""); status {
		case http.StatusUnprocessableEntity:
		// This failure is allowed: the store was unreachable, or an object was damaged in transit.
		case http.StatusServiceUnavailable, http.StatusInternalServerError:
			s.refused++
		default:
			return fmt.Errorf("response %d to the replay of %q", status, id)
		}
	}
	return nil
}

// ask makes a query on each given instance and returns an error if a result is wrong. A result must
// contain only acknowledged events of the instance. It must contain all of them, unless the query
// fails or reports unreadable objects.
func (s *scenario) ask(ctx context.Context, instances ...event.InstanceID) error {
	reader, err := query.New(s.store, query.Config{Retreat: time.Microsecond})
	if err != nil {
		return err
	}
	for _, instance := range instances {
		result, err := reader.Trace(ctx, query.Request{InstanceID: instance, ClientID: client, From: noon, To: noon.Add(time.Hour)})
		want := events(instance, 0, s.acked[instance])
		for _, e := range result.Events {
			if !slices.Contains(want, e) {
				return fmt.Errorf("shown, but never acknowledged: %+v", e)
			}
		}
		if err != nil || len(result.Unreadable) > 0 {
			s.refused++
		} else if err := same(result.Events, want); err != nil {
			return err
		}
	}
	return nil
}

func same(got, want []event.Event) error {
	if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
		return fmt.Errorf("%d events are shown, want these %d", len(got), len(want))
	}
	return nil
}

func (s *scenario) compact(ctx context.Context) error {
	// The stand-in takes the times of objects from the wall clock, which it also needs to check the
	// times in signatures. All objects are therefore only seconds old. The compactor's clock is a
	// year ahead, so that they are old enough to be merged.
	later := time.Now().AddDate(1, 0, 0)
	c, err := compact.New(s.store, compact.Config{Dir: s.dir, Quiet: time.Nanosecond, Now: func() time.Time { return later }})
	if err != nil {
		return err
	}
	report, err := c.Run(ctx, compact.Share{})
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

// prove checks that the bucket is valid and that queries show every acknowledged event exactly
// once. It then compacts each partition into one object and repeats these checks. The given store
// must inject no faults.
func (s *scenario) prove(ctx context.Context, store objstore.Store) error {
	sound := scenario{dir: s.dir, store: store, acked: s.acked}
	err := inTurn(
		func() error { return sound.ask(ctx, prod, staging) },
		func() error { return s.proveBucket(ctx, store) },
		func() error { return sound.compact(ctx) },
		func() error { return proveCompacted(ctx, store) },
		func() error { return sound.ask(ctx, prod, staging) },
		func() error { return s.proveBucket(ctx, store) },
	)
	if err == nil && sound.refused > 0 {
		err = errors.New("refused without a fault")
	}
	return err
}

// proveCompacted returns an error unless each instance has exactly one object.
func proveCompacted(ctx context.Context, store objstore.Store) error {
	for _, instance := range []event.InstanceID{prod, staging} {
		objects, err := objstore.All(ctx, store, layout.InstancePrefix(instance), "")
		if err != nil || len(objects) != 1 {
			return errors.Join(err, fmt.Errorf("compaction left %d objects of %s", len(objects), instance))
		}
	}
	return nil
}

func (s *scenario) proveBucket(ctx context.Context, store objstore.Store) error {
	report, err := check.Bucket(ctx, store, check.Options{})
	if err != nil {
		return err
	}
	if err := report.Err(); err != nil {
		return err
	}
	if report.Events != int64(s.allAcked()) || report.Foreign > 0 {
		return fmt.Errorf("the bucket has %d events, want %d; %d objects are foreign", report.Events, s.allAcked(), report.Foreign)
	}
	// A delivery may be in quarantine even if no response reported it as quarantined, because a put
	// that fails may still take effect.
	if report.Quarantined < s.kept || report.Quarantined > s.junk {
		return fmt.Errorf("%d bodies are in quarantine, want %d to %d", report.Quarantined, s.kept, s.junk)
	}
	return nil
}

// allAcked returns the number of acknowledged events in all instances together.
func (s *scenario) allAcked() (n int) {
	for _, acked := range s.acked {
		n += acked
	}
	return n
}
