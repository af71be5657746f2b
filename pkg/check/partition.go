package check

import (
	"context"
	"slices"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
)

// partition is the check of one partition. It reports apart from the rest, since it
// may have to be repeated.
type partition struct {
	store  Store
	where  layout.Partition
	report Report
	events distinct
}

// partition returns fs.ErrNotExist where an object was gone.
func (c *checker) partition(ctx context.Context, of listed) (Report, error) {
	p := &partition{store: c.store, where: of.where, report: Report{limit: c.options.MaxFindings}}
	if l := c.report.Layout; l.Shards != 0 && len(l.ShardOf("")) != len(of.where.Shard) {
		p.report.violate(of.where.Prefix(), "its shard is none of the %d", l.Shards)
	}
	runs, compacted := layout.Heads(of.segments)
	for _, run := range runs {
		if err := p.run(ctx, run); err != nil {
			return Report{}, err
		}
	}
	for _, s := range compacted {
		if s.Name.Level == layout.MaxLevel {
			p.report.note(s.Key, "it is of the highest level there is: its partition cannot be compacted any more")
		}
		if _, err := p.object(ctx, s); err != nil {
			return Report{}, err
		}
	}
	p.report.Events = p.events.count()
	return p.report, nil
}

// run checks that each sound object of a run holds all events of the sound one before.
func (p *partition) run(ctx context.Context, run layout.Run) error {
	var before *layout.Segment
	for _, s := range run {
		sound, err := p.object(ctx, s)
		if err != nil {
			return err
		}
		if !sound {
			continue
		}
		if before != nil {
			p.report.Superseded++
			if err := p.holds(ctx, s, *before); err != nil {
				return err
			}
		}
		before = &s
	}
	return nil
}

// holds compares two objects of a run, which are sound, as both stream in their order.
func (p *partition) holds(ctx context.Context, higher, lower layout.Segment) error {
	highRows, err := openRows(ctx, p.store, higher)
	if err != nil {
		return err
	}
	defer highRows.close()
	lowRows, err := openRows(ctx, p.store, lower)
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
			p.report.violate(higher.Key, "it does not hold a row of %q, which it supersedes", lower.Key)
			return nil
		}
	}
	return err
}

// distinct counts events by the hashes of their identities.
type distinct struct {
	seen []uint64
	room int // how many there may be before those that are in it twice are dropped
}

func (d *distinct) add(identity uint64) {
	if len(d.seen) >= d.room {
		d.room = max(1<<16, 2*int(d.count()))
	}
	d.seen = append(d.seen, identity)
}

func (d *distinct) count() int64 {
	slices.Sort(d.seen)
	d.seen = slices.Compact(d.seen)
	return int64(len(d.seen))
}
