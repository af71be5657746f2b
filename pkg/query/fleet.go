package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

// defaultFleetBudget is the default of FleetRequest.Budget.
var defaultFleetBudget = Budget{Requests: 3000, Bytes: 64 << 20}

// FleetRequest selects what a question about a fleet counts.
type FleetRequest struct {
	InstanceID event.InstanceID
	// From and To limit the minutes to count. To is exclusive. Both must be whole minutes. The
	// question covers the UTC days of these minutes, usually one to three of them.
	From, To time.Time
	// Drops also requests the vicinities and their samples.
	Drops bool
	// Totals also requests the totals of the devices. From and To must then be in one UTC day, and the
	// totals cover that whole day. If the budget suffices for all shards only without the totals, the
	// result has none.
	Totals bool
	// Devices, if set, is called once for each client with rows on these days. The rows of all the
	// days count, even those outside From and To. The clients of a shard come in ascending order.
	// The device is valid only during the call.
	Devices func(*summary.Device) error
	// Match, if set, limits the calls of Devices to matching devices.
	Match *DeviceMatch
	// Rows, if set, is called with each distinct row between RowsFrom and RowsTo, if the objects of
	// the UTC days of this range total at most RowsBytes. RowsTo is exclusive. The range must lie
	// between From and To. The rows of a partition come in order. FleetResult.RowsRead reports
	// whether Rows received all rows. If it is false, Rows may still have received some.
	Rows             func(*segment.Row) error
	RowsFrom, RowsTo time.Time
	RowsBytes        int64
	// Budget limits the cost. If it does not suffice for all shards, even without rows and totals,
	// fewer shards are counted. The zero Budget means 3,000 requests and 64 MiB.
	Budget Budget
	// Explain requests a list of the requests to the store, in FleetResult.Steps.
	Explain bool
}

// validate returns an error that names the first field that is out of range.
func (q FleetRequest) validate() error {
	isWhole := func(t time.Time) bool { return t.Truncate(time.Minute).Equal(t) }
	switch {
	case !isWhole(q.From) || !isWhole(q.To) || !q.From.Before(q.To):
		return fmt.Errorf("count a fleet: From and To must be a range of whole minutes, not %v to %v", q.From, q.To)
	case q.Totals && layout.DayOf(q.From) != layout.DayOf(q.To.Add(-1)):
		return fmt.Errorf("count a fleet: Totals needs a range in one UTC day, not %v to %v", q.From, q.To)
	case q.Rows != nil && (q.RowsFrom.Before(q.From) || q.RowsTo.After(q.To)):
		return fmt.Errorf("count a fleet: the range of Rows must lie between From and To, not from %v to %v", q.RowsFrom, q.RowsTo)
	}
	return nil
}

// needsDevices reports whether the question needs the devices one by one, or at least the totals of
// each object.
func (q FleetRequest) needsDevices() bool { return q.Totals || q.Devices != nil }

// FleetResult holds the sums of a fleet, and the cost of the question.
type FleetResult struct {
	// Sums are the cells and, if requested, the vicinities of the minutes between From and To. With
	// FleetRequest.Totals, they also have the totals of the day. The totals are nil if devices may be
	// missing or the budget did not suffice.
	//
	// A client with drops on both sides of midnight counts twice in the vicinities of the two minutes
	// around midnight. Cells of the minute 0 are always included. They count the events of a hostile
	// fleet that has too many minutes for a summary to distinguish.
	//
	// For the shards that were counted, the sums are never too low, except that they may lack the
	// rows of the objects in NotCounted. If there are more than maxCells cells, the least busy nodes
	// are added up as the rest.
	Sums *summary.Sums
	// Exact reports whether the cells count each event of the fleet exactly once.
	Exact bool
	// AtMostTwice is the maximum number of events that the cells count twice, because objects
	// overlap. It adds up, over all shards and minutes, the sum minus the largest part. It is 0 if
	// Exact is true.
	AtMostTwice int64
	// Shards is the number of shards that were counted, out of OfShards. If Shards is lower, the
	// budget did not suffice. The sums then cover only the counted shards; nothing is extrapolated.
	Shards, OfShards int
	// RowsRead reports whether FleetRequest.Rows received every row of its range.
	RowsRead bool
	// DevicesExact reports whether the totals, and the devices passed to FleetRequest.Devices, are
	// exact. If it is false, some of their events may be counted twice. Some may also be missing,
	// if NotCounted or Shards says so.
	DevicesExact bool
	// Searched is the number of clients that were passed to FleetRequest.Devices or compared with
	// FleetRequest.Match.
	Searched int64
	// NotCounted lists the objects whose rows may be missing: objects that are not valid segments,
	// and objects without a sound summary that are too large to be read as rows.
	NotCounted []Unreadable
	// NoSegments means that no segment was found on these days.
	NoSegments bool
	// NoLayout means that the bucket has no layout marker; see Result.NoLayout.
	NoLayout bool
	Receipt  Receipt
	// Steps lists the requests to the store; see Result.Steps.
	Steps []Step
}

// Fleet adds up the events of all clients of an instance.
//
// For each shard and day, Fleet makes one list request per 1,000 objects. It then reads all objects
// of all shards in parallel, 64 at a time, each in one request:
//
//   - From a compacted object, it reads only the summaries that it needs. If the partition has other
//     objects, it also reads the footer, in the same request, unless the footer is cached.
//   - It reads a fresh object whole, and removes duplicates among the fresh objects of a partition.
//   - It leaves out all objects that another listed, sound object holds according to its footer.
//   - If a summary is damaged or absent, it reads the whole object, if that has at most 32 MiB. This
//     may take another request.
//   - If the devices are requested, it also reads objects without a summary of the devices whole.
//   - If the rows are requested, it reads all objects of their days whole, unless they are too large.
//     It decodes the rows of the range only.
//
// So if every closed day has one object per shard, a question takes two round trips. If listed
// objects are missing, Fleet lists their partitions again, as Trace does.
//
// If the budget does not suffice for all shards, Fleet counts those that come first in the order of
// a hash of the shard and the last day. The order is the same each time.
//
// Fleet makes the calls of Devices and Rows one at a time. It holds memory of the Reader during these
// calls, so they must not ask the Reader other questions. If a call returns an error, so does Fleet.
//
// Callers can test for ErrLayout and ErrUnsettled with errors.Is. Any other error comes from the
// store, from the request's functions or from ctx.
func (r *Reader) Fleet(ctx context.Context, q FleetRequest) (FleetResult, error) {
	if err := q.validate(); err != nil {
		return FleetResult{}, err
	}
	if q.Budget == (Budget{}) {
		q.Budget = defaultFleetBudget
	}
	f := &fleet{reader: r, request: q, slots: make(chan struct{}, r.config.Parallel)}
	f.store = r.newMeter(q.Explain, q.Budget)
	if err := f.list(ctx); err != nil {
		return FleetResult{}, err
	}
	f.afford()
	if err := f.count(ctx); err != nil {
		return FleetResult{}, err
	}
	return f.result(), nil
}

// fleet is a question about a fleet that is being answered.
type fleet struct {
	reader  *Reader
	store   *meter
	request FleetRequest
	layout  layout.Layout
	shards  []*fleetShard // the shards to count, in the order of rank
	cut     bool          // whether some shards are left out
	slots   chan struct{} // holds an element for each read in progress
	// encoded and decoded are the question's shares of Reader.pools: encoded for the bytes that
	// were read, decoded for decoding them. A shard acquires encoded first and then decoded, each
	// only once, so shards cannot deadlock.
	encoded, decoded *memoryBudget

	calls sync.Mutex // held during calls of FleetRequest.Devices and FleetRequest.Rows

	mu       sync.Mutex    // protects the fields below
	sums     *summary.Sums // nil until a shard is counted
	searched int64
}

// fleetShard is one shard that a question about a fleet counts.
type fleetShard struct {
	shard      layout.Shard
	partitions []*fleetPartition // in ascending order of day
	counted    bool
	searched   int64 // number of devices; see FleetResult.Searched
}

// read reads a range of an object. It first waits until fewer than Config.width reads are in
// progress.
func (f *fleet) read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
		return f.store.Read(ctx, key, off, n)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// result returns the result after all shards were counted.
func (f *fleet) result() FleetResult {
	result := FleetResult{
		Sums: f.sums, Searched: f.searched, OfShards: f.layout.Shards, NoLayout: f.layout.Shards == 0, NoSegments: !f.cut,
		Exact: true, DevicesExact: true, RowsRead: f.request.Rows != nil, Steps: f.store.steps,
	}
	if result.Sums == nil {
		result.Sums = &summary.Sums{}
		if f.request.Totals && !f.cut {
			result.Sums.Totals = &summary.Totals{} // the bucket is not in use yet
		}
	}
	var covered []*partition
	for _, s := range f.shards {
		if !s.counted {
			continue
		}
		result.Shards++
		for _, p := range s.partitions {
			covered = append(covered, p.partition)
			result.include(p)
		}
	}
	slices.SortFunc(result.NotCounted, func(a, b Unreadable) int { return strings.Compare(a.Key, b.Key) })
	if result.Shards < result.OfShards {
		result.Exact, result.DevicesExact, result.RowsRead = false, false, false
	}
	result.Receipt = f.store.receipt(covered)
	return result
}

// include adds what is missing from a partition, or inexact, to the result.
func (r *FleetResult) include(p *fleetPartition) {
	r.AtMostTwice += p.excess
	r.NotCounted = append(r.NotCounted, p.notCounted...)
	r.NoSegments = r.NoSegments && len(p.runs) == 0
	r.Exact = r.Exact && p.exact
	r.DevicesExact = r.DevicesExact && p.devicesExact
	r.RowsRead = r.RowsRead && (p.hasAllRows() || !p.fleet.hasRows(p.where.Day))
}
