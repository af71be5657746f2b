// Package query finds the events of one client within a span of time. It reads only the partitions
// of the client's shard on the days of that span.
//
// A trace is one such search. Its result is a page of events and a receipt with the trace's cost.
//
// Invariants:
//
//   - A trace uses all valid compacted objects of a partition, and the newest valid object of each
//     run.
//   - A trace lists the whole partition in ascending order of keys. An object that supersedes
//     another one has the later key, and is stored before the other one is deleted. A listing that
//     misses the deleted object therefore includes the object that superseded it.
//   - If a listed object is missing when the trace reads it, the object was deleted, usually as
//     superseded. The trace then lists the partition again, but reads no object twice.
//   - A result is complete, or it names the objects that are not valid segments. If a store request
//     fails, the trace returns an error, never an incomplete result.
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
	// ErrCursor means that a cursor was not made by CursorAfter.
	ErrCursor = errors.New("not a cursor of this API")
	// ErrLayout means that the bucket's layout is contradictory or of another version.
	ErrLayout = layout.ErrConflict
	// ErrUnsettled means that a trace listed a partition several times, but each time a listed
	// object disappeared before it was read. Retrying may help.
	ErrUnsettled = errors.New("the partition keeps changing while it is read")
	// ErrTooMany means that the span holds more rows of the client than Config.MaxRows. A
	// shorter span can help; filters and limits cannot.
	ErrTooMany = errors.New("too many events of one client for one query")
)

// Store is the part of an object store that a Reader uses.
type Store interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
}

// Config configures a Reader. If a field is zero, its default applies.
type Config struct {
	// Shards is the expected number of shards in the bucket: 16 (the default), 256 or 4096. If the
	// bucket has a different number, the first trace has to repeat its reads with the actual
	// number.
	Shards int
	// WholeBytes is the maximum size, in bytes, of an object that is read whole, in one
	// request instead of two. Default 96 KiB.
	WholeBytes int64
	// CacheBytes is the memory budget, in bytes, for cached footers of compacted objects.
	// Default 96 MiB.
	CacheBytes int64
	// MaxRows is the maximum number of the client's rows that a trace may decode. The request's
	// limit does not change this maximum. A row takes one or two kilobytes of memory. The default
	// is 300,000. A client that connects and disconnects every second needs more than a day and a
	// half to produce 300,000 rows.
	MaxRows int
	// Parallel is the maximum number of partitions that a trace reads in parallel. It is also the
	// maximum number of objects read in parallel in each partition. Default 16. If Parallel is 1, a
	// trace makes one request at a time.
	Parallel int
	// Retreat is the maximum pause between the first and the second listing of a partition. For
	// each further listing, the maximum doubles. Default 20 ms.
	Retreat time.Duration
	// Jitter returns a length in the range [0, bound] for the pause before a partition is listed
	// again. By default, the length is random and uniformly distributed. Jitter must be safe for
	// concurrent use.
	Jitter func(bound time.Duration) time.Duration
	// Now returns the current time, which is used only for the times in receipts and steps. It
	// must be safe for concurrent use. Default time.Now.
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
		c.Jitter = func(bound time.Duration) time.Duration { return rand.N(bound + 1) }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate returns an error that names the first field that is out of range.
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

// Reader runs traces. It is safe for concurrent use.
type Reader struct {
	store   Store
	config  Config
	footers *footerCache

	mu     sync.Mutex
	layout layout.Layout // the zero Layout until the layout is known
}

// New returns a reader with an empty cache. It makes no requests.
func New(store Store, config Config) (*Reader, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure query: %w", err)
	}
	config = config.withDefaults()
	return &Reader{store: store, config: config, footers: newFooterCache(config.CacheBytes)}, nil
}

// Request selects events of one client on one instance.
type Request struct {
	InstanceID event.InstanceID
	ClientID   event.ClientID
	// From and To limit the event time. Both are inclusive, and their precision is one
	// millisecond.
	From, To time.Time
	// Actions and ActionInfos list the values that the returned events may have. An empty
	// list allows all values.
	Actions     []event.Action
	ActionInfos []event.ActionInfo
	// Descending requests the newest events first.
	Descending bool
	// Limit is the maximum number of events to return; 0 means no limit.
	Limit int
	// Cursor is the NextCursor of an earlier result, or a cursor from CursorAfter. The result
	// contains only events that follow the cursor. An empty Cursor requests the first page.
	Cursor string
	// Explain asks Trace to list its requests in Result.Steps.
	Explain bool
}

// Result is a page of events and the cost of the trace.
type Result struct {
	Events []event.Event
	// NextCursor is the cursor for the next page. It is empty on the last page.
	NextCursor string
	Receipt    Receipt
	// Unreadable lists the objects in the request's partitions that are not valid segments. If
	// the list is not empty, events may be missing.
	Unreadable []Unreadable
	// Steps lists the requests to the store, in the order in which they completed. It is empty
	// unless Request.Explain is set.
	Steps []Step
}

// Unreadable names an object that is not a valid segment and gives the reason.
type Unreadable struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

// Trace returns the events that match a request. It first converts the client identifier to its
// stored form, because shards and rows have only stored identifiers.
//
// For each partition, Trace makes one list request per 1,000 objects. It then reads each compacted
// object and the newest object of each run:
//
//   - An object of up to Config.WholeBytes takes one read.
//   - A larger object takes one read for its footer, unless the footer is cached. It takes another
//     read for the rows, unless the footer shows that no row can match.
//
// Trace reads the partitions, and the objects in each partition, in parallel.
//
// The first trace also lists the layout's marker, in parallel with the other requests. If the
// bucket's layout is not the configured one, the first trace discards its rows. It then reads the
// partitions of the actual layout.
//
// Callers can test for ErrCursor, ErrLayout, ErrTooMany and ErrUnsettled with errors.Is.
// Any other error comes from the store or from ctx, and a retry can help.
func (r *Reader) Trace(ctx context.Context, q Request) (Result, error) {
	started := r.config.Now()
	q.ClientID = q.ClientID.Stored()
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
	result := newResult(rows, q, after)
	result.Unreadable = found.unreadable
	result.Receipt = metered.receipt(found.partitions, r.config.Now().Sub(started))
	result.Steps = metered.steps
	return result, nil
}

// isElsewhere reports whether a row of the client lies outside the request's span.
func (q Request) isElsewhere(r segment.Row) bool {
	return r.Time < q.From.UnixMilli() || q.To.UnixMilli() < r.Time
}

// filteredOut reports whether the request's filters exclude a row by its action or action info.
func (q Request) filteredOut(r segment.Row) bool {
	return !oneOf(q.Actions, r.Action) || !oneOf(q.ActionInfos, r.ActionInfo)
}

// oneOf reports whether a word is in the list of allowed words. An empty list allows every
// word.
func oneOf[T ~string](allowed []T, word string) bool {
	return len(allowed) == 0 || slices.Contains(allowed, T(word))
}

// newResult returns one page of events, up to the request's limit. The page starts after the
// given position, or with the first event if the position is nil.
func newResult(rows []segment.Row, q Request, after *position) Result {
	if after != nil {
		rows = following(rows, *after, q.Descending)
	}
	more := q.Limit > 0 && len(rows) > q.Limit
	if more {
		rows = rows[:q.Limit]
	}
	var result Result
	for i := range rows {
		result.Events = append(result.Events, rows[i].Event(q.InstanceID))
	}
	if more {
		result.NextCursor = CursorAfter(result.Events[q.Limit-1])
	}
	return result
}
