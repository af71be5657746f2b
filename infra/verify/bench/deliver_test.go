package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/sim"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// recorderKind is a way to deploy the recorder.
type recorderKind struct {
	name   string
	calls  int           // the maximum number of calls that an instance works on at the same time
	linger time.Duration // see record.Config.Linger
	window time.Duration // if not 0, a queue's trigger delivers all events of this time in one call
}

// recorderKinds returns the deployments that TestDeliveries compares.
func recorderKinds(t *testing.T) []recorderKind {
	concurrency := concurrency(t)
	return []recorderKind{
		{name: "go1", calls: 1},
		{name: "concurrent", calls: concurrency},
		{name: "linger=250ms", calls: concurrency, linger: 250 * time.Millisecond},
		{name: "linger=1s", calls: concurrency, linger: time.Second},
		{name: "trigger", calls: 1, window: time.Second},
	}
}

// concurrency returns the recorder's instanceConcurrency in s.concurrent.yaml. The recorder is the
// first function there.
func concurrency(t *testing.T) int {
	text, err := os.ReadFile("../../operate/s.concurrent.yaml")
	require.NoError(t, err)
	match := regexp.MustCompile(`instanceConcurrency: (\d+)`).FindSubmatch(text)
	require.NotNil(t, match, "s.concurrent.yaml has no instanceConcurrency")
	n, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	return n
}

// TestDeliveries simulates one day of a million devices, for each deployment of the recorder. It
// counts the requests to the store and the time for which instances are charged, and prints the
// figures in the format of Go benchmarks. Each event comes in a webhook of its own.
//
// To save time, 1/240 of the devices live their day 240 times as fast, in six minutes. So as many
// webhooks arrive per second as from a million devices, even in storms. If SCALE is below 0.1, the
// day is even shorter. If SCALE is not set, as in make test, the fleet is also smaller, and the test
// only shows that everything works. The recorder's writers are real. Time is simulated; see slowStore.
func TestDeliveries(t *testing.T) {
	scale, err := parseScale(os.Getenv("SCALE"))
	require.NoError(t, err)
	compressed, devices := 240, 1_000_000/240
	if scale < 0.1 {
		compressed, devices = 960, 1_000_000/960
	}
	small := os.Getenv("SCALE") == "" || testing.Short()
	if small {
		compressed, devices = 960, 100
	}
	events := compressedDay(devices, compressed)
	puts, kinds := map[string]int{}, recorderKinds(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { puts[kind.name] = measureDeliveries(t, kind, events) })
		})
	}
	if !small && len(puts) == len(kinds) {
		require.Less(t, puts["concurrent"], puts["go1"])
		require.Less(t, puts["linger=250ms"], puts["concurrent"])
		require.Less(t, puts["linger=1s"], puts["linger=250ms"])
		require.Less(t, puts["trigger"], puts["go1"])
	}
}

// measureDeliveries delivers the events, prints the figures, and returns the number of puts.
func measureDeliveries(t *testing.T, kind recorderKind, events []event.Event) (puts int) {
	bucket := memstore.New()
	require.NoError(t, layout.Claim(t.Context(), bucket, layout.Layout{Shards: 16}))
	r := &recorderFleet{kind: kind, store: objstore.NewCounting(slowStore{discard{bucket}})}
	before := cpu()
	require.NoError(t, r.deliver(t.Context(), events))
	r.print(len(events), cpu()-before)
	return len(r.store.Of(objstore.OpPut))
}

// compressedDay returns the events of a day in order of arrival. Their received times are moved
// closer together, so that the day is shorter by the factor compressed.
func compressedDay(devices, compressed int) (events []event.Event) {
	for e := range sim.Day(sim.Config{Seed: seed, Day: today, Devices: devices, EventsPerDevice: eventsPerDevice}) {
		e.InstanceID = instance
		e.ReceivedAt = today.Add(e.ReceivedAt.Sub(today) / time.Duration(compressed))
		events = append(events, e)
	}
	slices.SortStableFunc(events, byArrival)
	return events
}

// recorderFleet holds the instances of the recorder. A call goes to the oldest instance with
// capacity for it, or to a new instance.
type recorderFleet struct {
	kind  recorderKind
	store *objstore.Counting

	mu        sync.Mutex
	instances []*recorderInstance
	calls     int
	took      samples // the time until each call was acknowledged, in ms
	err       error   // of the first failed call
}

// recorderInstance is an instance of the recorder. Its time is charged whenever it has at least one
// call.
type recorderInstance struct {
	writer *record.Writer
	calls  int // calls in progress
	since  time.Time
	busy   time.Duration
}

// deliver makes each call at its time, and then waits for all of them to end.
func (r *recorderFleet) deliver(ctx context.Context, events []event.Event) error {
	var calls sync.WaitGroup
	began := time.Now()
	for part := range r.parts(events) {
		time.Sleep(time.Until(began.Add(part[len(part)-1].ReceivedAt.Sub(today))))
		calls.Go(func() { r.call(ctx, part) })
	}
	calls.Wait()
	for _, i := range r.instances {
		if err := i.writer.Close(ctx); err != nil {
			return err
		}
	}
	return r.err
}

// parts splits the events into calls.
func (r *recorderFleet) parts(events []event.Event) deliveries {
	if r.kind.window > 0 {
		return gathered(events, r.kind.window)
	}
	return inBatches(events, 1)
}

func (r *recorderFleet) call(ctx context.Context, events []event.Event) {
	began := time.Now()
	i, err := r.acquire()
	if err == nil {
		err = i.writer.Append(ctx, events)
		r.release(i)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	r.took = append(r.took, milliseconds(time.Since(began)))
	if r.err == nil {
		r.err = err
	}
}

// acquire returns an instance that has capacity for one more call.
func (r *recorderFleet) acquire() (*recorderInstance, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := slices.IndexFunc(r.instances, func(i *recorderInstance) bool { return i.calls < r.kind.calls })
	if n < 0 {
		writer, err := record.New(r.store, record.Config{Linger: r.kind.linger})
		if err != nil {
			return nil, err
		}
		n = len(r.instances)
		r.instances = append(r.instances, &recorderInstance{writer: writer})
	}
	i := r.instances[n]
	if i.calls++; i.calls == 1 {
		i.since = time.Now()
	}
	return i, nil
}

func (r *recorderFleet) release(i *recorderInstance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i.calls--; i.calls == 0 {
		i.busy += time.Since(i.since)
	}
}

// print prints the figures. used is the total CPU time of all calls.
func (r *recorderFleet) print(events int, used time.Duration) {
	var busy time.Duration
	for _, i := range r.instances {
		busy += i.busy
	}
	n := float64(events)
	puts, deletes := len(r.store.Of(objstore.OpPut)), len(r.store.Of(objstore.OpDelete))
	for _, f := range []struct {
		value float64
		unit  string
	}{
		{float64(r.calls) / n, "calls/event"}, {float64(puts) / n, "puts/event"}, {float64(deletes) / n, "deletes/event"},
		{float64(puts+deletes) / n, "requests/event"}, {milliseconds(busy) / n, "billed-ms/event"}, {milliseconds(used) / n, "cpu-ms/event"},
		{float64(len(r.instances)), "instances"}, {r.took.median(), "p50-ms"}, {r.took.percentile(99), "p99-ms"},
	} {
		fmt.Printf("BenchmarkDeliveries/%s 1 %.5g %s\n", r.kind.name, f.value, f.unit)
	}
}

// putCPU is the assumed CPU time of a put. It cannot be measured here, because computing takes no
// time on the simulated clock. It equals the target of the figure "webhook of one event: CPU".
const putCPU = 300 * time.Microsecond

// slowStore is a store whose requests take as long as requests to OSS. Each put takes longer by the
// time that a recorder instance needs for putCPU.
type slowStore struct{ objstore.Store }

func (s slowStore) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	time.Sleep(likeOSS() + time.Duration(float64(putCPU)/small.vcpu))
	return s.Store.Put(ctx, key, body, size)
}

func (s slowStore) List(ctx context.Context, prefix, after string) (objstore.Page, error) {
	time.Sleep(likeOSS())
	return s.Store.List(ctx, prefix, after)
}

func (s slowStore) Delete(ctx context.Context, keys ...string) error {
	time.Sleep(likeOSS())
	return s.Store.Delete(ctx, keys...)
}
