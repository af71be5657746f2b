// Package record makes events durable: one put for each touched partition.
//
// What always holds:
//
//   - Append returns nil only after a confirmed put contains every one of its events.
//   - A key is used for one put's content. The run's identifier is 128 random bits,
//     and a sequence number is spent before encoding begins, whatever comes of it.
//   - Every object of a run holds all rows of the run's earlier objects. So only
//     the highest counts, and lower ones may be deleted once a higher one is
//     confirmed.
//   - A partition has one put in flight. What arrives meanwhile shares the next.
//
// An instance of a function may be frozen after any answer and never thaw:
// nothing is left to do later, and nothing runs in the background. A snapshot from
// which instances are cloned is taken before the first call, when no run is open;
// a process cloned later must Close the writer first.
package record

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
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

// ErrBusy: more is waiting to be written than MaxPending allows. Nothing of the
// call was recorded; the sender should try again.
var ErrBusy = errors.New("too many events are waiting to be written")

// Store is what a writer needs of an object store.
type Store interface {
	Put(ctx context.Context, key string, body io.ReaderAt, size int64) error
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
	Delete(ctx context.Context, keys ...string) error
}

// Config of a Writer. The zero value of each field means its default.
type Config struct {
	// Shards is the number of device partitions a day, for a bucket that is not yet
	// in use: 16 (the default), 256 or 4096.
	Shards int
	// RunRows ends a run once it holds so many rows. Default 512.
	RunRows int
	// RunBytes ends a run once an object of it is so large. Default 1 MiB.
	RunBytes int
	// RunAge ends a run so long after it began. Default 10 minutes.
	RunAge time.Duration
	// MaxPending bounds the events that wait for their put, in bytes of memory.
	// Default 64 MiB. A larger batch is taken while no other waits.
	MaxPending int64
	// MaxOpen bounds the rows of open runs, in bytes of memory, about: beyond it all runs
	// that are idle end. Default 96 MiB.
	MaxOpen int64
	// PutTimeout bounds one put with its repetitions. Default 20 seconds.
	PutTimeout time.Duration
	// Random supplies the 128 random bits of each run identifier. It must not repeat, not
	// even across processes: a repeated identifier loses events. Default crypto/rand.
	Random io.Reader
	// Now is the clock. It decides only when runs end. Default time.Now.
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

// Validate names the field that is out of range.
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
	pending atomic.Int64 // bytes of the batches that are not finished
	open    atomic.Int64 // bytes of the runs that are open

	mu         sync.Mutex
	layout     layout.Layout // zero until the marker was seen
	partitions map[layout.Partition]*partition
	swept      time.Time
}

// New is a writer without open runs. It asks the store nothing.
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

// Append returns nil once all events are durable: one put for each partition that
// they touch, all at the same time. After an error any of them may have been
// recorded, and sending all of them again is right: what was recorded twice is
// shown once.
//
// Errors: ErrBusy; layout.ErrConflict through errors.Is; else the outcome is
// unknown and may be better on the next try.
func (w *Writer) Append(ctx context.Context, events []event.Event) error {
	if len(events) == 0 {
		return nil
	}
	l, err := w.claim(ctx)
	if err != nil {
		return err
	}
	w.sweep(ctx)
	size := sizeOf(events...)
	if w.pending.Add(size) > max(w.config.MaxPending, size) {
		w.pending.Add(-size)
		return ErrBusy
	}
	return w.appendAll(ctx, split(l, events))
}

// mostPuts is how many puts of one call are under way at a time.
const mostPuts = 64

// appendAll waits for every partition: only then the outcome is known.
func (w *Writer) appendAll(ctx context.Context, parts map[layout.Partition]*part) error {
	var awaits []func() error
	for where, part := range parts {
		p, b := w.gather(ctx, where, part)
		awaits = append(awaits, func() error { return p.await(ctx, b) })
	}
	return parallel.Do(len(awaits), mostPuts, func(i int) error { return awaits[i]() })
}

// gather adds rows to the batch of a partition that waits for its put.
func (w *Writer) gather(ctx context.Context, where layout.Partition, rows *part) (*partition, *batch) {
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
	p.gathering.add(ctx, rows)
	return p, p.gathering
}

// Close ends all runs and deletes what they superseded. The writer may be used
// again: new runs begin. Objects that could not be deleted are left to compaction.
func (w *Writer) Close(ctx context.Context) error {
	return w.retire(ctx, func(*run) bool { return true })
}

// sweep ends runs that are over, at most once in a run's life, so that a partition
// without new events does not hold its rows for ever. It ends all where they have
// become too large.
func (w *Writer) sweep(ctx context.Context) {
	now, full := w.config.Now(), w.open.Load() > w.config.MaxOpen
	w.mu.Lock()
	since := now.Sub(w.swept)
	due := full || since >= w.config.RunAge || since < 0 // the clock was ahead
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

// retire forgets the idle partitions whose run is over, or that have none.
func (w *Writer) retire(ctx context.Context, over func(*run) bool) error {
	var superseded []string
	w.mu.Lock()
	for where, p := range w.partitions {
		if p.gathering != nil || !p.tryTurn() {
			continue // in use, so not over
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

func (w *Writer) delete(ctx context.Context, keys []string) error {
	for len(keys) > 0 {
		n := min(len(keys), objstore.MaxPage)
		if err := w.store.Delete(ctx, keys[:n]...); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}
