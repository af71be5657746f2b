// Package query finds the events of one client within a span of time. It reads only the partitions
// of the client's shard on the days of that span. It also adds up the events of a fleet.
//
// A trace is one such search. Its result is a page of events and a receipt with the trace's cost.
// Stream.Extend continues a search on older days, within a budget.
//
// Reader.Fleet adds up the events of all clients of an instance. From compacted objects, it reads
// only the summaries.
//
// Invariants:
//
//   - A trace uses all valid compacted objects of a partition, and the newest valid object of each
//     run.
//   - A trace lists the whole partition in ascending order of keys. An object that supersedes
//     another one has a later key, and is stored before the superseded object is deleted. So a
//     listing that misses the deleted object includes the object that superseded it.
//   - While a trace is still listing a partition, it already reads the compacted objects that the
//     Reader found there in its previous listing. It uses such an early read only if the new
//     listing is complete and contains the same key with the same size. Because the bytes under a
//     key never change, the result is the same as if the trace had read the object afterwards.
//   - If a listed object is missing when the trace reads it, the object was deleted, usually
//     because another one supersedes it. The trace then lists the partition again. It does not
//     repeat reads of objects that are still listed.
//   - A result is complete, or it names the objects that are not valid segments and whose rows may
//     be missing. If a store request fails, the trace returns an error, never an incomplete result.
package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
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
	// ErrNoMarker means that the bucket has segments but no layout marker. It wraps ErrLayout. A
	// Reader does not return it. Without a marker, a trace finds no segments and sets NoLayout in
	// its result.
	ErrNoMarker = layout.ErrNoMarker
	// ErrUnsettled means that a trace listed a partition several times, but each time a listed
	// object disappeared before it was read. Retrying may help.
	ErrUnsettled = errors.New("the partition keeps changing while it is read")
)

// Store is the part of an object store that a Reader uses.
type Store interface {
	Read(ctx context.Context, key string, off, n int64) ([]byte, error)
	List(ctx context.Context, prefix, after string) (objstore.Page, error)
	Prefixes(ctx context.Context, prefix, after string) (objstore.PrefixPage, error)
}

// Config configures a Reader. If a field is zero, its default applies.
type Config struct {
	// Shards is the expected number of shards in the bucket: 16 (the default), 256 or 4096. If the
	// bucket has a different number, the first trace has to repeat its reads with the actual
	// number.
	Shards int
	// WholeBytes is the maximum size, in bytes, of an object that is read whole if its footer is
	// not cached. Such a read takes one request instead of two. Up to another WholeBytes of
	// summaries do not count toward the size, so that summaries do not cost a second request.
	// Default 96 KiB.
	WholeBytes int64
	// CacheBytes is the memory budget, in bytes, of the Reader's cache. For each partition, the
	// cache holds the last listing of compacted objects, and their footers. Default 96 MiB.
	CacheBytes int64
	// BudgetBytes is the approximate maximum memory, in bytes, that all traces together use at a
	// time for reading and decoding. One quarter is for objects that are being read. An eighth of
	// this quarter is reserved for reads that begin during the listing of a partition. Another
	// quarter is for decoded rows. The other half is for traces that need more memory for rows than
	// is free in that quarter. If they need a lot, they take turns. A trace waits until enough
	// memory is free. Default 128 MiB.
	BudgetBytes int64
	// Parallel is the maximum number of objects that a trace reads in parallel in each partition.
	// BudgetBytes may lower this number. Reads that begin during the listing of a partition are
	// counted separately, with the same maximum. Parallel is also the maximum number of partitions
	// read in parallel. If Parallel is 1, a trace makes one request at a time. Default 64.
	Parallel int
	// ListFirst makes every trace finish the listing of a partition before it reads objects there.
	// This costs a round trip, and is meant for comparisons.
	ListFirst bool
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
	c.BudgetBytes = cmp.Or(c.BudgetBytes, 128<<20)
	c.Parallel = cmp.Or(c.Parallel, 64)
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
	case c.BudgetBytes < 0:
		return fmt.Errorf("BudgetBytes must not be negative: %d", c.BudgetBytes)
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
	reads   *memoryBudget // memory for objects that are being read; see Config.BudgetBytes
	guesses *memoryBudget // memory for guesses; no goroutine ever waits for it
	rows    *memoryBudget // memory for decoded rows
	pools   *memoryBudget // memory for the pools of readings
	shards  atomic.Int64  // the number of shards in the bucket; 0 until the layout is known
	// maxWhole is the maximum size, in bytes, of a compacted object that Fleet reads whole because
	// the object has no sound summary.
	maxWhole int64
}

// New returns a reader with an empty cache. It makes no requests.
func New(store Store, config Config) (*Reader, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("configure query: %w", err)
	}
	config = config.withDefaults()
	quarter := max(1, config.BudgetBytes/4)
	forGuesses := quarter / 8
	return &Reader{
		store: store, config: config, footers: newFooterCache(config.CacheBytes),
		reads: newMemoryBudget(quarter - forGuesses), guesses: newMemoryBudget(forGuesses),
		rows: newMemoryBudget(quarter), pools: newMemoryBudget(2 * quarter),
		maxWhole: maxWhole,
	}, nil
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
	// Explain requests a list of the requests to the store, in Result.Steps.
	Explain bool
	// Earliest is the earliest instant to which Stream.Extend may move From back. It must be the
	// start of a UTC day. Only Extend uses it.
	Earliest time.Time
	// Budget ends a descending stream early; see Stream.Cut. The zero Budget means no limit. Trace
	// and ascending streams must not have a budget.
	Budget Budget
}

// Result is a page of events and the cost of the trace.
type Result struct {
	Events []event.Event
	// NextCursor is the cursor for the next page. It is empty on the last page.
	NextCursor string
	Receipt    Receipt
	// Unreadable lists the objects in the request's partitions that are not valid segments. It omits
	// an object if a valid object contains its rows: a later object of its run, or a compacted object
	// whose footer names it as held. If the list is not empty, events may be missing. If Events ends
	// because of the limit, the list contains only the objects that were found before Trace reached
	// the limit.
	Unreadable []Unreadable
	// NoSegments means that no segment was found, not even of other clients. Either the request's
	// partitions contain none, or no partition was listed because NoLayout is set or the cursor
	// comes after the range. It is false if the budget ended the search, or if Stream.Extend may find
	// segments on older days.
	NoSegments bool
	// NoLayout means that the bucket has no layout marker. Either nothing was ever recorded in it,
	// or the marker was deleted and the events cannot be found.
	NoLayout bool
	// Steps lists the requests to the store, in the order in which they completed. It is empty
	// unless Request.Explain is set.
	Steps []Step
}

// Unreadable names an object that is not a valid segment and gives the reason.
type Unreadable struct {
	Key   string `json:"key"`
	Error string `json:"error"`
}

// Trace returns the events that match a request, up to the request's limit. It first converts the
// client identifier to its stored form, because rows contain stored identifiers, and shards are
// computed from stored identifiers.
//
// For each partition, Trace makes one list request per 1,000 objects. It then reads each compacted
// object and the newest object of each run:
//
//   - An object of up to Config.WholeBytes takes one read. It is a read of the whole object unless
//     the footer is cached.
//   - A larger object takes one read for its footer, unless the footer is cached. It takes another
//     read for the rows, unless the footer shows that no row can match. Thousands of events of the
//     client in one object take several reads.
//
// If the Reader has listed the partition before, Trace reads the compacted objects of that listing
// while it lists the partition again. So a trace of a closed day usually takes two requests and a
// single round trip. Each object that a compaction has deleted in the meantime costs one useless
// read.
//
// Trace reads the partitions, and the objects in each partition, in parallel. If the request has a
// cursor, Trace reads only the partitions from the cursor on.
//
// Until the layout is known, each trace also looks for the layout marker, in parallel with the
// other requests. If the actual layout is not the configured one, the trace discards its rows and
// reads the partitions of the actual layout.
//
// Callers can test for ErrCursor, ErrLayout and ErrUnsettled with errors.Is. Any other error comes
// from the store or from ctx, and a retry can help.
func (r *Reader) Trace(ctx context.Context, q Request) (Result, error) {
	s, err := r.Stream(ctx, q)
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	var events []event.Event
	var next string
	for e, err := range s.Events(ctx) {
		if err != nil {
			return Result{}, err
		}
		if q.Limit > 0 && len(events) == q.Limit {
			next = CursorAfter(&events[len(events)-1])
			break
		}
		events = append(events, *e)
	}
	result := s.Result()
	result.Events, result.NextCursor = events, next
	return result, nil
}

// filteredOut reports whether the request's filters exclude a row by its action or action info.
func (q Request) filteredOut(r *segment.Row) bool {
	return !oneOf(q.Actions, r.Action) || !oneOf(q.ActionInfos, r.ActionInfo)
}

// oneOf reports whether a word is in the list of allowed words. An empty list allows every
// word.
func oneOf[T ~string](allowed []T, word string) bool {
	return len(allowed) == 0 || slices.Contains(allowed, T(word))
}
