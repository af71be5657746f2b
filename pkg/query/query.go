// Package query answers what happened to one client in a span of time, reading
// only the partitions of that client and those days.
//
// What always holds: a partition is listed to its end in ascending order, and of
// every run the highest readable object is read, and every compacted object. What
// is missing by the time it is read has been superseded, so the partition is listed
// again; what was read stays read. An answer is whole, or it names the objects that
// could not be read, or there is none.
package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

var (
	// ErrCursor is a cursor that this package did not make.
	ErrCursor = errors.New("not a cursor of this API")
	// ErrUnsettled: the partition changed under the reader again and again.
	// Trying again can help.
	ErrUnsettled = errors.New("the partition keeps changing while it is read")
	// ErrTooMany: the span holds more rows of the client than MaxRows.
	ErrTooMany = errors.New("too many events of one client for one answer")
)

// Store is what a reader needs of an object store.
type Store interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
}

// Config of a Reader. The zero value of each field means its default.
type Config struct {
	// Shards is how the bucket is probably divided: 16 (the default), 256 or 4096. The
	// first answer comes a round trip sooner if that is right.
	Shards int
	// WholeBytes is up to what size an object is read whole, in one request instead
	// of two. Default 96 KiB.
	WholeBytes int64
	// CacheBytes bounds the footers of compacted objects that are kept, in bytes of
	// memory. Default 96 MiB.
	CacheBytes int64
	// MaxRows bounds what a request may read of its client, whatever its limit: each row
	// takes a kilobyte of memory or two. Default 300,000: more than a client has in
	// a day and a half that connects every second.
	MaxRows int
	// Parallel is how many partitions are read at once, and how many objects of each.
	// Default 16. With 1 there is one request at a time.
	Parallel int
	// Retreat is the longest first pause before a partition is listed again; it
	// doubles each time. Default 20 ms.
	Retreat time.Duration
	// Jitter returns a random duration from 0 to max, the pause before a partition is
	// listed again. It must be safe for concurrent use. Default uniform.
	Jitter func(max time.Duration) time.Duration
	// Now is the clock. It only times receipts and steps. It must be safe for concurrent
	// use. Default time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	c.Shards = cmp.Or(c.Shards, 16)
	c.WholeBytes = cmp.Or(c.WholeBytes, 96<<10)
	c.CacheBytes = cmp.Or(c.CacheBytes, 96<<20)
	c.MaxRows = cmp.Or(c.MaxRows, 300_000)
	c.Parallel = cmp.Or(c.Parallel, 16)
	c.Retreat = cmp.Or(c.Retreat, 20*time.Millisecond)
	if c.Jitter == nil {
		c.Jitter = func(max time.Duration) time.Duration { return rand.N(max + 1) }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate names the field that is out of range.
func (c Config) Validate() error {
	if err := (layout.Layout{Shards: c.withDefaults().Shards}).Validate(); err != nil {
		return err
	}
	switch {
	case c.WholeBytes < 0:
		return fmt.Errorf("WholeBytes must not be negative: %d", c.WholeBytes)
	case c.CacheBytes < 0:
		return fmt.Errorf("CacheBytes must not be negative: %d", c.CacheBytes)
	case c.MaxRows < 0:
		return fmt.Errorf("MaxRows must not be negative: %d", c.MaxRows)
	case c.Parallel < 0:
		return fmt.Errorf("Parallel must not be negative: %d", c.Parallel)
	case c.Retreat < 0:
		return fmt.Errorf("Retreat must not be negative: %v", c.Retreat)
	}
	return nil
}

// Reader answers requests. It is safe for concurrent use.
type Reader struct {
	store   Store
	config  Config
	footers *footerCache

	mu     sync.Mutex
	layout layout.Layout // zero until the marker was seen
}

// New is a reader that knows nothing yet. It asks the store nothing.
func New(store Store, config Config) (*Reader, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure query: %w", err)
	}
	config = config.withDefaults()
	return &Reader{store: store, config: config, footers: newFooterCache(config.CacheBytes)}, nil
}

// Request asks for the events of one client of one instance.
type Request struct {
	InstanceID event.InstanceID
	ClientID   event.ClientID
	// From and To are event times, both inclusive.
	From, To time.Time
	// Actions and ActionInfos keep only events with one of them; empty keeps all.
	Actions     []event.Action
	ActionInfos []event.ActionInfo
	// Descending is newest first.
	Descending bool
	// Limit is the most events of the answer; 0 is no limit.
	Limit int
	// Cursor continues after an event, see CursorAfter. Empty: from the start.
	Cursor string
	// Explain asks for the requests that were made: Result.Steps.
	Explain bool
}

// Result is a page of events and what it cost.
type Result struct {
	Events []event.Event
	// NextCursor continues after the last event; empty on the last page.
	NextCursor string
	Receipt    Receipt
	// Unreadable are objects of the partitions asked about that are no sound
	// segments. Where there are any, events may be missing.
	Unreadable []Unreadable
	// Steps are how the store was read, where Request.Explain asked for it.
	Steps []Step
}

// Unreadable is an object that could not be read, and why.
type Unreadable struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

// Trace answers a request. Each partition costs one list, then one round of reads
// of small objects, or two of large ones: their footers, unless they are known,
// and the row groups that can hold the client. All partitions are read at once, and the
// first time the layout's marker is listed beside them.
//
// Errors: ErrCursor, ErrTooMany; any other is one of the store, and trying again can help.
func (r *Reader) Trace(ctx context.Context, q Request) (Result, error) {
	started := r.config.Now()
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return Result{}, err
	}
	metered := &meter{store: r.store, now: r.config.Now, started: started, explain: q.Explain}
	found, err := r.read(ctx, metered, q)
	if err != nil {
		return Result{}, err
	}
	rows := found.rows
	if q.Descending {
		slices.Reverse(rows)
	}
	answer := page(rows, q, after)
	answer.Unreadable = found.unreadable
	answer.Receipt = metered.receipt(found.partitions, r.config.Now().Sub(started))
	answer.Steps = metered.steps
	return answer, nil
}

// isElsewhere reports whether a row of the client is of another instance or span.
func (q Request) isElsewhere(r segment.Row) bool {
	return r.InstanceID != string(q.InstanceID) || r.Time < q.From.UnixMilli() || q.To.UnixMilli() < r.Time
}

// filteredOut reports whether a row is not of the actions and infos asked for.
func (q Request) filteredOut(r segment.Row) bool {
	return !oneOf(q.Actions, r.Action) || !oneOf(q.ActionInfos, r.ActionInfo)
}

// oneOf reports whether a word is among those asked for, or none is asked for.
func oneOf[T ~string](asked []T, word string) bool {
	return len(asked) == 0 || slices.Contains(asked, T(word))
}

// page cuts what follows a position to the request's limit.
func page(rows []segment.Row, q Request, after *position) Result {
	if after != nil {
		rows = following(rows, *after, q.Descending)
	}
	more := q.Limit > 0 && len(rows) > q.Limit
	if more {
		rows = rows[:q.Limit]
	}
	var answer Result
	for i := range rows {
		answer.Events = append(answer.Events, rows[i].Event())
	}
	if more {
		answer.NextCursor = CursorAfter(answer.Events[q.Limit-1])
	}
	return answer
}
