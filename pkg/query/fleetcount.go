package query

import (
	"context"
	"errors"
	"slices"

	"devicetrace/pkg/parallel"
	"devicetrace/pkg/summary"
)

// objectMemory is the approximate memory, in bytes, that an object takes in addition to the bytes
// that were read. Most of it is for a footer.
const objectMemory = 32 << 10

// count counts the shards, as many at the same time as memory allows. It leaves out a shard if the
// budget turns out to be too small for it.
func (f *fleet) count(ctx context.Context) error {
	release, err := f.reserve(ctx)
	if err != nil {
		return err
	}
	defer release()
	return parallel.Do(len(f.shards), f.reader.config.Parallel, func(i int) error {
		err := f.countShard(ctx, f.shards[i])
		if errors.Is(err, errBudget) {
			return nil
		}
		return err
	})
}

// reserve waits for the memory of the question, and acquires it. f.encoded and f.decoded each take
// at most a quarter of Reader.pools, so two questions can always be answered at the same time.
func (f *fleet) reserve(ctx context.Context) (release func(), err error) {
	pools := f.reader.pools
	quarter := max(1, pools.size/4)
	encoded, decoded := int64(0), int64(0)
	for _, s := range f.shards {
		encoded += s.encodedBytes()
		decoded += decodeFactor * s.encodedBytes()
	}
	encoded, decoded = max(1, min(quarter, encoded)), max(1, min(quarter, decoded))
	granted, err := pools.acquire(ctx, encoded+decoded)
	if err != nil {
		return nil, err
	}
	f.encoded, f.decoded = newMemoryBudget(encoded), newMemoryBudget(decoded)
	return func() { pools.release(granted) }, nil
}

// encodedBytes returns the approximate memory, in bytes, of the objects of a shard before their rows
// and summaries are decoded.
func (s *fleetShard) encodedBytes() int64 {
	requests, bytes := s.cost()
	return bytes + objectMemory*int64(requests)
}

// countShard reads the objects of a shard and adds them up. It makes all requests before the first
// call of FleetRequest.Devices and FleetRequest.Rows.
func (f *fleet) countShard(ctx context.Context, s *fleetShard) error {
	encoded, err := f.encoded.acquire(ctx, s.encodedBytes())
	if err != nil {
		return err
	}
	defer f.encoded.release(encoded)
	counted := make([][]*fleetObject, len(s.partitions))
	err = parallel.Do(len(s.partitions), f.reader.config.Parallel, func(i int) (err error) {
		counted[i], err = s.partitions[i].load(ctx)
		return err
	})
	if err != nil {
		return err
	}
	decoded, err := f.decoded.acquire(ctx, decodedBytes(slices.Concat(counted...)))
	if err != nil {
		return err
	}
	defer f.decoded.release(decoded)
	return f.addUp(ctx, s, counted)
}

// addUp counts the objects of a shard's partitions. It then releases their memory.
func (f *fleet) addUp(ctx context.Context, s *fleetShard, counted [][]*fleetObject) error {
	parts := make([][]fleetPart, len(s.partitions))
	for i, p := range s.partitions {
		if err := p.passRows(counted[i]); err != nil {
			return err
		}
		parts[i] = p.parts(counted[i])
		p.objects = nil
	}
	defer closeParts(slices.Concat(parts...))
	totals, err := f.addDevices(ctx, s, parts)
	if err != nil {
		return err
	}
	of := &summary.Sums{}
	for i, p := range s.partitions {
		if err := p.sum(ctx, parts[i], of); err != nil {
			return err
		}
	}
	of.Totals = totals
	s.counted = true
	f.mu.Lock()
	defer f.mu.Unlock()
	f.searched += s.searched
	if f.sums == nil {
		f.sums = of
	} else {
		f.sums.Include(of)
		f.sums.LimitCells(maxCells)
	}
	return nil
}

// maxCells is the maximum number of cells of a question, unless they have no named node. It is enough
// for two days with 20 nodes that all have events of eight kinds in each minute.
const maxCells = 500_000

// sum adds up the parts of a partition, without their totals, and includes them in total. It has the
// sums of only one part in memory at a time.
func (p *fleetPartition) sum(ctx context.Context, parts []fleetPart, total *summary.Sums) error {
	largest := map[summary.Minute]int64{}
	for _, part := range parts {
		of, err := part.sums(ctx)
		if err != nil {
			return err
		}
		clipped := p.fleet.clip(of)
		part.close()
		p.excess += addPart(largest, clipped)
		if len(total.Cells)+len(total.Vicinities) == 0 {
			*total = *clipped // avoids a copy
			continue
		}
		total.Include(clipped)
		total.LimitCells(maxCells)
	}
	p.exact = len(parts) <= 1 && !p.incomplete
	p.devicesExact = p.devicesExact && p.exact
	return nil
}

// wants reports whether the question counts a minute: one between From and To, or the minute 0, which
// holds the events whose minutes a summary does not distinguish.
func (f *fleet) wants(m summary.Minute) bool {
	return m == 0 || m >= summary.MinuteOf(f.request.From.UnixMilli()) && m < summary.MinuteOf(f.request.To.UnixMilli())
}

// clip returns the sums of the minutes that the question counts. It overwrites the given sums.
func (f *fleet) clip(s *summary.Sums) *summary.Sums {
	clipped := &summary.Sums{Cells: slices.DeleteFunc(s.Cells, func(c summary.Cell) bool { return !f.wants(c.Minute) })}
	if f.request.Drops {
		clipped.Vicinities = slices.DeleteFunc(s.Vicinities, func(v summary.Vicinity) bool { return !f.wants(v.Minute) })
	}
	return clipped
}

// addPart adds a part of a partition to largest, and returns by how much the partition's excess
// grows. The excess is the maximum number of events that count twice: for each minute, the sum
// minus the largest part, because the events of one part are distinct. largest holds the number of
// events in the largest part so far, by minute.
func addPart(largest map[summary.Minute]int64, part *summary.Sums) (excess int64) {
	perMinute := map[summary.Minute]int64{}
	for i := range part.Cells {
		perMinute[part.Cells[i].Minute] += part.Cells[i].Events
	}
	for minute, n := range perMinute {
		excess += min(n, largest[minute])
		largest[minute] = max(largest[minute], n)
	}
	return excess
}

// decodeFactor is the approximate ratio of the memory for decoding summaries to their encoded length.
// It usually suffices. If not, less is decoded at a time; see decodedBytes.
const decodeFactor = 40

// decodedBytes returns the approximate memory, in bytes, for decoding objects of a shard.
func decodedBytes(objects []*fleetObject) (size int64) {
	for _, o := range objects {
		if o.data != nil {
			size += o.footer.MergeMemory()
		}
		size += o.decoded
	}
	return size
}
