package query

import (
	"context"
	"slices"
	"sync"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/segment"
)

// reading merges the client's rows from the objects of the request's partitions. It is not safe for
// concurrent use.
type reading struct {
	reader     *Reader
	store      *meter
	request    Request
	layout     layout.Layout
	partitions []*partition // all partitions that were opened
	batch      []*partition // the partitions whose rows are being merged, newest first
	merge      merge
	guessing   sync.WaitGroup // the unfinished guesses
	// from is the start of the range whose partitions were opened. reached is the start of the range
	// whose rows next has returned. Only descending readings use them.
	from, reached time.Time
	isListed      bool         // whether the shard is listed; see listShard
	older         []*partition // the partitions before from, newest first; empty until the shard is listed
	isCut         bool         // whether the budget has ended the reading
	// share is the memory, in bytes, that each source is guaranteed for decoded rows. reserved is
	// the sum for all sources. open acquires reserved from Reader.rows in one step, and waits if
	// necessary. Later, a source may acquire additional memory from Reader.rows if it is free, but
	// never waits for it, so readings cannot deadlock.
	share, reserved int64
	// pool is memory for sources whose share is too small, if Reader.rows has too little free
	// memory. It is nil until a source needs it. granted is the size, in bytes, that openPool has
	// acquired from Reader.pools.
	pool    *memoryBudget
	granted int64
}

const (
	// maxShare is the maximum of reading.share, in bytes.
	maxShare = 128 << 10
	// minReadings is the number of readings that can always be open at the same time, however many
	// objects each of them reads.
	minReadings = 4
	// poolShare is the part of a pool, in bytes, that each source can use at first. The larger it
	// is, the fewer times a source decodes its row group: each time it needs more rows, it starts
	// again at the first row of the row group.
	poolShare = 256 << 10
)

// open opens the partitions of a request in a bucket with layout l. If l is the zero Layout, the
// bucket is not in use yet, and the reading has no rows. The reading also has no rows if the
// request's range is empty, for example because the cursor comes after it. The caller must close
// the reading, even after an error.
func (r *Reader) open(ctx context.Context, l layout.Layout, store *meter, q Request) (*reading, error) {
	n := &reading{reader: r, store: store, request: q, layout: l, merge: merge{descending: q.Descending}}
	n.from, n.reached = q.From, q.To.Add(time.Millisecond)
	if l.Shards == 0 || q.From.UnixMilli() > q.To.UnixMilli() {
		return n, nil
	}
	if err := n.cutBy(n.openRange(ctx)); err != nil || !n.isCut {
		return n, err
	}
	n.from = n.reached
	if len(n.batch) > 0 {
		n.from = n.batch[len(n.batch)-1].where.Day.Start()
	}
	return n, nil
}

// openRange lists the partitions of the request's range, and begins the newest ones, as many as the
// budget allows. During the listings, it also makes guesses; see partition.guess.
func (n *reading) openRange(ctx context.Context) error {
	q := n.request
	var listed []*partition
	for _, where := range n.layout.PartitionsBetween(q.InstanceID, q.ClientID, q.From, q.To) {
		listed = append(listed, n.newPartition(where))
	}
	guessCtx, cancel := context.WithCancel(ctx)
	defer n.endGuesses(cancel, listed)
	err := n.each(listed, func(p *partition) error {
		p.guess(guessCtx)
		return p.list(ctx)
	})
	if err != nil {
		return err
	}
	slices.Reverse(listed)
	return n.begin(ctx, n.affordable(listed))
}

// reach sets reached after next has returned the given row. A nil row means that the batch has no
// more rows. Other rows may have the same time as the given row, so reached is set to a later time.
func (n *reading) reach(row *segment.Row) {
	if row == nil {
		n.reached = n.from
		return
	}
	n.reached = time.UnixMilli(row.Time + 1).UTC()
}

func (n *reading) newPartition(where layout.Partition) *partition {
	return &partition{reading: n, where: where, sources: map[string]*source{}}
}

// begin opens listed partitions, which must be sorted, newest first, and starts to merge their rows.
// The rows of the previous batch must have been returned.
func (n *reading) begin(ctx context.Context, batch []*partition) error {
	n.close()
	n.batch = nil
	if err := n.reserve(ctx, batch); err != nil {
		return err
	}
	n.partitions = append(n.partitions, batch...)
	if err := n.each(batch, func(p *partition) error { return p.open(ctx, nil) }); err != nil {
		return err
	}
	n.batch = batch
	n.restart()
	return nil
}

// each calls do for the given partitions, in parallel.
func (n *reading) each(partitions []*partition, do func(*partition) error) error {
	return parallel.Do(len(partitions), n.reader.config.Parallel, func(i int) error { return do(partitions[i]) })
}

// reserve sets share, and acquires the memory for the sources of the listed objects of a batch. It
// waits until the memory is free.
func (n *reading) reserve(ctx context.Context, batch []*partition) (err error) {
	var sources int64
	for _, p := range batch {
		sources += int64(len(p.runs))
	}
	n.share = max(1, min(maxShare, n.reader.rows.size/minReadings/max(sources, 1)))
	n.reserved, err = n.reader.rows.acquire(ctx, n.share*sources)
	return err
}

// openPool waits until a pool's memory is free, and gives the reading the pool. Only a few readings
// can have a pool at the same time, so each pool is large enough to decode a row group in few
// steps. Readings cannot deadlock: a reading that has a pool waits only for memory from
// Reader.reads, which every reading releases after each request.
func (n *reading) openPool(ctx context.Context) (err error) {
	size := max(chunkMemory, poolShare*int64(len(n.merge.sources.list)))
	if n.granted, err = n.reader.pools.acquire(ctx, size); err == nil {
		n.pool = newMemoryBudget(n.granted)
	}
	return err
}

// restart restarts the merge with the sources that are now open.
func (n *reading) restart() {
	var sources []*source
	for _, p := range n.batch {
		for _, s := range p.sources {
			sources = append(sources, s)
		}
	}
	n.merge.start(sources)
}

// next returns the next distinct row, or nil after the last one.
func (n *reading) next(ctx context.Context) (*segment.Row, error) {
	for {
		row, s, err := n.merge.next(ctx)
		if err == nil {
			n.reach(row)
			return row, nil
		}
		if err := s.partition.reopen(ctx, s, err, n.merge.last); err != nil {
			return nil, err
		}
		n.restart()
	}
}

// close releases the memory of the reading. The reading can then begin another batch.
func (n *reading) close() {
	for _, p := range n.partitions {
		for _, s := range p.sources {
			s.blocks, s.data = nil, nil
			s.giveBack(0)
		}
	}
	n.reader.rows.release(n.reserved)
	n.reader.pools.release(n.granted)
	n.reserved, n.granted, n.pool = 0, 0, nil
}

// openStream is like open, but determines the bucket's layout; see withLayout. If the bucket has no
// layout marker, the layout of the reading is the zero Layout.
func (r *Reader) openStream(ctx context.Context, store *meter, q Request) (n *reading, err error) {
	err = r.withLayout(ctx, store, func(l layout.Layout) (err error) {
		if n != nil {
			n.close()
		}
		n, err = r.open(ctx, l, store, q)
		return err
	})
	return n, err
}
