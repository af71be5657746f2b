// Package record makes events durable, with one put for each partition that the events touch.
//
// A run is one writer's open, growing set of rows in a partition. Each put of a run stores a
// segment with all rows of the run, under the next sequence number.
//
// Invariants:
//
//   - Append returns nil only after all of its events are in objects whose puts are confirmed.
//     partition.commit makes these puts.
//   - No key is ever used for two different contents. A run's identifier has 96 random bits, so no
//     two runs share a key. Within a run, each put takes a new sequence number before encoding
//     begins. The number is never used again, even if encoding or the put fails.
//   - Every object of a run contains all rows of the run's earlier objects, so readers need only
//     the latest object. Once a put is confirmed, the run's earlier objects may be deleted.
//   - A writer has at most one put in flight for each partition. Events that arrive in the meantime
//     share the next put. With Config.Linger, a put also waits for the events of other calls.
//
// The platform may freeze a function instance after any response and never thaw it. So when Append
// returns, nothing is left to do, except that a delete of superseded objects may still be running.
// If the platform interrupts the delete, no events are lost.
//
// A snapshot from which instances are cloned must be taken while no run is open, that is, before
// the first call to Append or after Close. Otherwise, two clones would continue the same run and
// put different contents under the same key.
package record

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/parallel"
)

// MaxPartitions is the maximum number of partitions that the events of one call to Append may
// touch. The puts for more partitions could exceed the time limit of a call on Function Compute.
const MaxPartitions = 256

// SpreadError means that none of the call's events were recorded, because they belong to more than
// MaxPartitions partitions. Trying again cannot help.
type SpreadError struct{ Partitions int }

func (e *SpreadError) Error() string {
	return fmt.Sprintf("the events belong to %d partitions; at most %d are allowed", e.Partitions, MaxPartitions)
}

// Store lists the methods of an object store that a writer calls.
type Store interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config configures a Writer. The zero value of a field means its default.
type Config struct {
	// Shards is the number of shards of a new bucket: 16 (the default), 256 or 4096. If the bucket
	// is already in use, Shards must equal the bucket's number of shards.
	Shards int
	// RunRows is the number of rows at which a run ends. Default 512.
	RunRows int
	// RunBytes is the size of a run's object, in bytes, at which the run ends. Default 1 MiB.
	RunBytes int
	// RunAge is the age at which a run ends. Default 10 minutes.
	RunAge time.Duration
	// MaxOpen is the approximate memory budget, in bytes, for the rows of open runs. When
	// the budget is exceeded, all idle runs end. Default 64 MiB.
	MaxOpen int64
	// PutTimeout is the maximum duration of one put, including retries. Default: DefaultPutTimeout.
	PutTimeout time.Duration
	// Linger is how long a call to Append waits before its put, so that the events of other calls
	// can share the put. A longer Linger means fewer puts and later responses. Calls that are made
	// one at a time share nothing, so Linger only delays them. From 0 to MaxLinger. Default 0.
	//
	// The wait ends early if Close is called, or if another call with events for the same put stops
	// waiting. A call stops waiting PutTimeout before its deadline, so that the put has enough
	// time. A call does not wait at all if 2,048 or more events, including its own, are waiting for
	// their puts.
	Linger time.Duration
	// Random supplies the 96 random bits of each run identifier. Two writers, even in different
	// processes, must not read the same bits. Otherwise, both could put objects under the same key,
	// and events could be lost. Random must be safe for concurrent use. Default crypto/rand.Reader.
	Random io.Reader
	// Now is the clock. It only determines when runs end. Now must be safe for concurrent
	// use. Default time.Now.
	Now func() time.Time
	// Background runs a function that deletes superseded objects. Calls to Append take longer if
	// Background waits for the function. Default: run the function in a new goroutine.
	Background func(func())
	// Log receives a warning for each failed deletion of superseded objects. By default,
	// nothing is logged.
	Log *slog.Logger
}

// DefaultPutTimeout is shorter than the time limit of the recorder's calls on Function Compute, 15
// seconds. So a put gives up, and the sender gets a response, before the platform kills the
// process.
const DefaultPutTimeout = 12 * time.Second

func (c Config) withDefaults() Config {
	c.Shards = cmp.Or(c.Shards, 16)
	c.RunRows = cmp.Or(c.RunRows, 512)
	c.RunBytes = cmp.Or(c.RunBytes, 1<<20)
	c.RunAge = cmp.Or(c.RunAge, 10*time.Minute)
	c.MaxOpen = cmp.Or(c.MaxOpen, 64<<20)
	c.PutTimeout = cmp.Or(c.PutTimeout, DefaultPutTimeout)
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Background == nil {
		c.Background = func(f func()) { go f() }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate returns an error if a field is out of range. The error names the first such field.
func (c Config) Validate() error {
	if err := (layout.Layout{Shards: c.withDefaults().Shards}).Validate(); err != nil {
		return err
	}
	switch {
	case c.RunRows < 0:
		return fmt.Errorf("RunRows must not be negative: %d", c.RunRows)
	case c.RunBytes < 0:
		return fmt.Errorf("RunBytes must not be negative: %d", c.RunBytes)
	case c.RunAge < 0:
		return fmt.Errorf("RunAge must not be negative: %v", c.RunAge)
	case c.MaxOpen < 0:
		return fmt.Errorf("MaxOpen must not be negative: %d", c.MaxOpen)
	case c.PutTimeout < 0:
		return fmt.Errorf("PutTimeout must not be negative: %v", c.PutTimeout)
	case c.Linger < 0 || c.Linger > MaxLinger:
		return fmt.Errorf("Linger must be between 0 and %v: %v", MaxLinger, c.Linger)
	}
	return nil
}

// Writer appends events to the partitions of a bucket. It is safe for concurrent use.
type Writer struct {
	store    Store
	config   Config
	open     atomic.Int64  // approximate memory of open runs, in bytes
	encoders chan struct{} // holds an element for each segment that is being encoded
	garbage  garbage

	mu         sync.Mutex
	layout     layout.Layout // the zero Layout until the layout is claimed
	partitions map[layout.Partition]*partition
	gathered   int           // the number of rows that are waiting for their puts
	hurry      chan struct{} // closed by Close, which makes a new one for later batches
	swept      time.Time     // the time of the last sweep
}

// New returns a writer without open runs. It makes no requests.
func New(store Store, config Config) (*Writer, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure recorder: %w", err)
	}
	w := &Writer{
		store:      store,
		config:     config.withDefaults(),
		encoders:   make(chan struct{}, maxEncoders),
		partitions: map[layout.Partition]*partition{},
		hurry:      make(chan struct{}),
	}
	w.garbage = garbage{writer: w, turn: make(chan struct{}, 1)}
	return w, nil
}

// Append records events and returns nil once all of them are durable. It costs one put for each
// partition that the events touch, or several puts if the partition's events take more than 4 MiB
// of memory. Up to 64 puts run in parallel. Append may also start a request that deletes superseded
// objects, but does not wait for it. The first call also claims the layout; see Claim.
//
// A writer does not limit the memory for the events of concurrent calls; the callers must do so.
//
// After a *SpreadError or layout.ErrConflict, nothing was recorded. Any other error usually comes
// from the store or from ctx. The outcome is then unknown, because some of the events may have been
// recorded. A retry may succeed.
//
// Appending the same events again is always safe, because readers show an event only once.
func (w *Writer) Append(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	l, err := w.claim(ctx)
	if err != nil {
		return err
	}
	shares := split(l, events)
	if len(shares) > MaxPartitions {
		return &SpreadError{len(shares)}
	}
	w.sweep()
	w.garbage.start(ctx)
	return w.appendAll(ctx, shares)
}

// maxPuts is the maximum number of puts that one call to Append has in flight.
const maxPuts = 64

// appendAll records the shares of one call to Append. A share consists of the call's events for one
// partition. appendAll waits for all partitions even after an error, because only then is the
// outcome of every put known.
func (w *Writer) appendAll(ctx context.Context, shares map[layout.Partition]*share) error {
	awaits := w.gather(ctx, shares)
	return parallel.Do(len(awaits), maxPuts, func(i int) error { return awaits[i]() })
}

// gather adds each share to the batch for the next put in its partition. For each share, it returns
// a function that waits until the share's batch is committed.
func (w *Writer) gather(ctx context.Context, shares map[layout.Partition]*share) (awaits []func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range shares {
		w.gathered += len(s.rows)
	}
	for where, s := range shares {
		p, b := w.batchFor(where)
		s.due = w.due(ctx, b)
		b.add(ctx, s)
		awaits = append(awaits, func() error { return p.await(ctx, b, s) })
	}
	return awaits
}

// batchFor returns the writer's state for the given partition, and the batch for the next put there.
// The caller must hold w.mu.
func (w *Writer) batchFor(where layout.Partition) (*partition, *batch) {
	p := w.partitions[where]
	if p == nil {
		p = &partition{writer: w, where: where, turn: make(chan struct{}, 1)}
		w.partitions[where] = p
	}
	if p.gathering == nil {
		p.gathering = newBatch(w.hurry)
	}
	return p, p.gathering
}

// Close ends the linger of all calls, so that their puts begin at once, but does not wait for these
// calls. It ends all runs that have no put in flight. It deletes each ended run's superseded
// objects except the last one, which a slow reader may still need. It makes one request per 1,000
// objects. It also waits for a delete that is still running.
//
// Close returns an error if a delete fails. Compaction later deletes the objects that remain. The
// writer can still be used after Close: the next Append begins new runs.
func (w *Writer) Close(ctx context.Context) error {
	w.hurryAll()
	w.retire(func(*run) bool { return true })
	return w.garbage.empty(ctx)
}

// sweep ends idle runs that have reached a limit, such as RunAge. Without sweep, a partition
// without new events would keep its rows in memory forever. If the open runs take more memory than
// MaxOpen, sweep ends all idle runs immediately. Otherwise, it looks for idle runs at most once per
// RunAge.
func (w *Writer) sweep() {
	now, full := w.config.Now(), w.open.Load() > w.config.MaxOpen
	w.mu.Lock()
	due := full || now.Sub(w.swept).Abs() >= w.config.RunAge // Abs: the clock may be set back
	if due {
		w.swept = now
	}
	w.mu.Unlock()
	if due {
		w.retire(func(r *run) bool { return full || r.over(now, w.config) })
	}
}

// retire ends each open run for which over returns true, unless a put is in flight in the run's
// partition. It also forgets the partitions that have neither an open run nor events waiting for a
// put.
func (w *Writer) retire(over func(*run) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for where, p := range w.partitions {
		if !p.tryTurn() {
			continue // a put is in flight
		}
		if p.run != nil && over(p.run) {
			p.endRun()
		}
		if p.run == nil && p.gathering == nil {
			delete(w.partitions, where)
		}
		p.endTurn()
	}
}
