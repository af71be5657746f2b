package check

import (
	"context"
	"slices"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// partition holds the state of one partition's check. It has its own report, which is discarded if
// the check must be repeated.
type partition struct {
	store  Store
	where  layout.Partition
	report Report
	events distinct
	// readable contains the keys of the segments whose rows can all be read. superseded contains
	// the keys of the segments whose rows another segment must contain.
	readable, superseded map[string]bool
}

// partition checks one partition and returns its report. The error wraps fs.ErrNotExist if a
// listed object is missing.
func (c *checker) partition(ctx context.Context, of listing) (Report, error) {
	p := &partition{
		store: c.store, where: of.where, report: Report{limit: c.options.MaxFindings},
		readable: map[string]bool{}, superseded: map[string]bool{},
	}
	if l := c.report.Layout; l.Shards != 0 && !c.report.ambiguous && len(l.ShardOf("")) != len(of.where.Shard) {
		p.report.violate(of.where.Prefix(), "its shard is not one of the %d, so queries do not read it", l.Shards)
	}
	runs, compacted := layout.SplitRuns(of.segments)
	for _, run := range runs {
		if err := p.run(ctx, run); err != nil {
			return Report{}, err
		}
	}
	for _, s := range compacted {
		if s.Name.Level == layout.MaxLevel {
			p.report.note(s.Key, "it has the highest level there is, so its partition can no longer be compacted; queries still read it")
		}
		if err := p.object(ctx, s); err != nil {
			return Report{}, err
		}
	}
	for _, s := range compacted {
		if !p.readable[s.Key] {
			continue
		}
		if err := p.statement(ctx, s, of.segments); err != nil {
			return Report{}, err
		}
	}
	p.report.Events = p.events.count()
	p.report.Superseded = len(p.superseded)
	return p.report, nil
}

// run checks the objects of a run. It also checks that each readable object contains all events of
// the previous readable object.
func (p *partition) run(ctx context.Context, run layout.Run) error {
	var before *layout.Segment
	for _, s := range run {
		if err := p.object(ctx, s); err != nil {
			return err
		}
		if !p.readable[s.Key] {
			continue
		}
		if before != nil {
			p.superseded[before.Key] = true
			if err := p.holds(ctx, s, *before); err != nil {
				return err
			}
		}
		before = &s
	}
	return nil
}

// holds checks that the object higher contains every row of the object lower, which it supersedes.
// Either both objects belong to the same run, or higher is a compacted segment whose footer names
// lower. Both objects must be readable and sorted, because holds streams them side by side.
func (p *partition) holds(ctx context.Context, higher, lower layout.Segment) error {
	highRows, err := p.stream(ctx, higher)
	if err != nil {
		return err
	}
	defer highRows.close()
	lowRows, err := p.stream(ctx, lower)
	if err != nil {
		return err
	}
	defer lowRows.close()
	high, err := highRows.next(ctx)
	for err == nil {
		var low *segment.Row
		if low, err = lowRows.next(ctx); err != nil || low == nil {
			return err
		}
		for err == nil && high != nil && high.Compare(low) < 0 && !high.SameEvent(low) {
			high, err = highRows.next(ctx)
		}
		if err == nil && (high == nil || high.Compare(low) > 0) {
			p.report.violate(higher.Key, "it lacks a row of %q, which it supersedes; copy that object before a compaction deletes it", lower.Key)
			return nil
		}
	}
	return err
}

// stream opens a stream of the rows of a segment in the partition.
func (p *partition) stream(ctx context.Context, s layout.Segment) (*rowStream, error) {
	return openStream(ctx, &blockReader{store: p.store, key: s.Key, size: s.Size}, s)
}

// distinct counts distinct events by the hashes of their identities.
type distinct struct {
	seen []uint64
	// limit is the length of seen at which the add method removes duplicates from seen.
	limit int
}

func (d *distinct) add(identity uint64) {
	if len(d.seen) >= d.limit {
		d.limit = max(1<<16, 2*int(d.count()))
	}
	d.seen = append(d.seen, identity)
}

// count removes duplicates and returns the number of distinct events.
func (d *distinct) count() int64 {
	slices.Sort(d.seen)
	d.seen = slices.Compact(d.seen)
	return int64(len(d.seen))
}
