// Package record makes events durable, with one put for each partition they touch.
//
// A run is one writer's open, growing set of rows in a partition. Each put of a run is a
// segment that holds all of its rows, under the next sequence number.
//
// What always holds:
//
//   - Append returns nil only after confirmed puts contain all of its events.
//   - No key is used for two contents. A run's identifier is 128 random bits, and a sequence
//     number is used up before encoding begins, even if the put then fails.
//   - Every object of a run holds all rows of the run's earlier objects. Only the highest
//     one counts, and lower ones may be deleted once a higher one is confirmed.
//   - A partition has at most one put in flight. Events that arrive meanwhile share the next.
//
// The platform may freeze an instance of a function after any response and never thaw it.
// Therefore a writer leaves nothing for later and runs nothing in the background. Snapshots
// from which instances are cloned must be taken while no run is open: before the first
// call, or after Close.
package record

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/parallel"
)

// ErrBusy means that more bytes are waiting to be written than Config.MaxPending allows.
// No event of the call was recorded. The sender should try again later.
var ErrBusy = errors.New("too many events are waiting to be written")

// Store lists the methods of an object store that a writer calls.
type Store interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config configures a Writer. The zero value of a field means its default.
type Config struct {
	// Shards is the number of shards of a new bucket: 16 (the default), 256 or 4096. For
	// a bucket in use it must be that bucket's number.
	Shards int
	// RunRows is the number of rows at which a run ends. Default 512.
	RunRows int
	// RunBytes is the size of a run's object, in bytes, at which the run ends. Default 1 MiB.
	RunBytes int
	// RunAge is the age at which a run ends. Default 10 minutes.
	RunAge time.Duration
	// MaxPending is the memory budget, in bytes, for events that wait for their put. A call
	// that exceeds the budget on its own is accepted while no other event waits. Default
	// 64 MiB.
	MaxPending int64
	// MaxOpen is the approximate memory budget, in bytes, for the rows of open runs. When
	// it is exceeded, all idle runs end. Default 96 MiB.
	MaxOpen int64
	// PutTimeout limits the time of one put, retries included. Default 20 seconds.
	PutTimeout time.Duration
	// Random supplies the 128 random bits of each run identifier. A repeated identifier can
	// lose events, so two writers, even in different processes, must not read the same bits.
	// It must be safe for concurrent use. Default crypto/rand.Reader.
	Random io.Reader
	// Now is the clock. It decides only when runs end. It must be safe for concurrent use.
	// Default time.Now.
	Now func() time.Time
	// Log receives a warning for each failed deletion of superseded objects. Default none.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Shards = cmp.Or(c.Shards, 16)
	c.RunRows = cmp.Or(c.RunRows, 512)
	c.RunBytes = cmp.Or(c.RunBytes, 1<<20)
	c.RunAge = cmp.Or(c.RunAge, 10*time.Minute)
	c.MaxPending = cmp.Or(c.MaxPending, 64<<20)
	c.MaxOpen = cmp.Or(c.MaxOpen, 96<<20)
	c.PutTimeout = cmp.Or(c.PutTimeout, 20*time.Second)
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate returns an error that names the first field that is out of range.
func (c Config) Validate() error {
	c = c.withDefaults()
	if err := (layout.Layout{Shards: c.Shards}).Validate(); err != nil {
		return err
	}
	switch {
	case c.RunRows < 0:
		return fmt.Errorf("RunRows must not be negative: %d", c.RunRows)
	case c.RunBytes < 0:
		return fmt.Errorf("RunBytes must not be negative: %d", c.RunBytes)
	case c.RunAge < 0:
		return fmt.Errorf("RunAge must not be negative: %v", c.RunAge)
	case c.MaxPending < 0:
		return fmt.Errorf("MaxPending must not be negative: %d", c.MaxPending)
	case c.MaxOpen < 0:
		return fmt.Errorf("MaxOpen must not be negative: %d", c.MaxOpen)
	case c.PutTimeout < 0:
		return fmt.Errorf("PutTimeout must not be negative: %v", c.PutTimeout)
	}
	return nil
}

// Writer appends events to the partitions of a bucket. It is safe for concurrent use.
type Writer struct {
	store   Store
	config  Config
	pending atomic.Int64 // bytes of unfinished batches
	open    atomic.Int64 // bytes of open runs

	mu         sync.Mutex
	layout     layout.Layout // zero until claimed
	partitions map[layout.Partition]*partition
	swept      time.Time // the time of the last sweep
}

// New returns a writer without open runs. It makes no requests.
func New(store Store, config Config) (*Writer, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure recorder: %w", err)
	}
	return &Writer{
		store:      store,
		config:     config.withDefaults(),
		partitions: map[layout.Partition]*partition{},
	}, nil
}

// Append returns nil once all events are durable. It costs one put for each partition that
// the events touch, up to 64 in parallel, plus an occasional bulk delete of superseded
// objects. The first call also claims the layout; see Claim.
//
// After an error, some of the events may have been recorded. Appending all of them again is
// safe, because readers show an event only once.
//
// Errors, to be tested with errors.Is: ErrBusy and layout.ErrConflict mean that nothing was
// recorded. After any other error, of the store or of ctx, the outcome is unknown and a
// retry may succeed.
func (w *Writer) Append(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	l, err := w.claim(ctx)
	if err != nil {
		return err
	}
	w.sweep(ctx)
	size := sizeOf(events)
	if w.pending.Add(size) > max(w.config.MaxPending, size) {
		w.pending.Add(-size)
		return ErrBusy
	}
	return w.appendAll(ctx, split(l, events))
}

// maxPuts is the maximum number of puts that one call has in flight.
const maxPuts = 64

// appendAll records the shares of a call. It waits for every partition, even after an
// error, because the outcome is known only then.
func (w *Writer) appendAll(ctx context.Context, shares map[layout.Partition]*share) error {
	var awaits []func() error
	for where, s := range shares {
		p, b := w.gather(ctx, where, s)
		awaits = append(awaits, func() error { return p.await(ctx, b) })
	}
	return parallel.Do(len(awaits), maxPuts, func(i int) error { return awaits[i]() })
}

// gather adds a share to the batch that waits for the partition's next put.
func (w *Writer) gather(ctx context.Context, where layout.Partition, s *share) (*partition, *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.partitions[where]
	if p == nil {
		p = &partition{writer: w, where: where, turn: make(chan struct{}, 1)}
		w.partitions[where] = p
	}
	if p.gathering == nil {
		p.gathering = &batch{done: make(chan struct{})}
	}
	p.gathering.add(ctx, s)
	return p, p.gathering
}

// Close ends all idle runs and deletes the objects they superseded, with one request for
// each 1,000. It returns the error of a failed delete; compaction deletes any object that
// remains. The writer stays usable: the next Append begins new runs.
func (w *Writer) Close(ctx context.Context) error {
	return w.retire(ctx, func(*run) bool { return true })
}

// sweep ends the runs that are over, at most once per RunAge, so that a partition without
// new events does not hold its rows for ever. If open runs exceed MaxOpen, it ends all
// idle runs.
func (w *Writer) sweep(ctx context.Context) {
	now, full := w.config.Now(), w.open.Load() > w.config.MaxOpen
	w.mu.Lock()
	since := now.Sub(w.swept)
	due := full || since >= w.config.RunAge || since < 0 // the clock was set back
	if due {
		w.swept = now
	}
	w.mu.Unlock()
	if !due {
		return
	}
	if err := w.retire(ctx, func(r *run) bool { return full || r.over(now, w.config) }); err != nil {
		w.config.Log.Warn("delete superseded objects", "error", err)
	}
}

// retire forgets the idle partitions that have no run or whose run is over, and deletes
// what those runs superseded.
func (w *Writer) retire(ctx context.Context, over func(*run) bool) error {
	var superseded []string
	w.mu.Lock()
	for where, p := range w.partitions {
		if p.gathering != nil || !p.tryTurn() {
			continue // in use
		}
		if p.run == nil || over(p.run) {
			superseded = append(superseded, p.endRun()...)
			delete(w.partitions, where)
		}
		p.endTurn()
	}
	w.mu.Unlock()
	return w.delete(ctx, superseded)
}

// delete deletes keys, objstore.MaxPage of them per request.
func (w *Writer) delete(ctx context.Context, keys []string) error {
	for some := range slices.Chunk(keys, objstore.MaxPage) {
		if err := w.store.Delete(ctx, some...); err != nil {
			return err
		}
	}
	return nil
}
