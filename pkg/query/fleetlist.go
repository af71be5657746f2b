package query

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"slices"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
)

// list lists the partitions of all shards. If half of the budget's requests do not suffice for all
// shards, it lists fewer of them.
func (f *fleet) list(ctx context.Context) error {
	return f.reader.withLayout(ctx, f.store, func(l layout.Layout) error { return f.listAll(ctx, l) })
}

// listAll lists the partitions of the shards of layout l. If l is the zero Layout, there are none.
func (f *fleet) listAll(ctx context.Context, l layout.Layout) error {
	f.layout, f.shards, f.cut = l, nil, false
	days := f.days()
	if l.Shards == 0 {
		return nil
	}
	shards := f.ranked(l.AllShards())
	if most := max(1, f.request.Budget.Requests/2/len(days)); len(shards) > most {
		shards, f.cut = shards[:most], true
	}
	var partitions []*fleetPartition
	reading := &reading{reader: f.reader, store: f.store}
	for _, shard := range shards {
		s := &fleetShard{shard: shard}
		for _, day := range days {
			where := layout.Partition{Instance: f.request.InstanceID, Shard: shard, Day: day}
			s.partitions = append(s.partitions, &fleetPartition{fleet: f, partition: reading.newPartition(where), objects: map[string]*fleetObject{}})
		}
		f.shards = append(f.shards, s)
		partitions = append(partitions, s.partitions...)
	}
	err := parallel.Do(len(partitions), f.reader.config.Parallel, func(i int) error {
		err := partitions[i].list(ctx)
		if partitions[i].isCut = errors.Is(err, errBudget); partitions[i].isCut {
			return nil
		}
		return err
	})
	f.leaveOut(slices.IndexFunc(f.shards, (*fleetShard).isCut))
	return err
}

// leaveOut leaves out the shards from the given index on. If the index is negative, it leaves out
// none.
func (f *fleet) leaveOut(from int) {
	if from >= 0 && from < len(f.shards) {
		f.shards, f.cut = f.shards[:from], true
	}
}

// isCut reports whether the budget did not suffice to list all partitions of the shard.
func (s *fleetShard) isCut() bool {
	return slices.ContainsFunc(s.partitions, func(p *fleetPartition) bool { return p.isCut })
}

// days returns the UTC days that the question covers, in ascending order.
func (f *fleet) days() (days []layout.Day) {
	for day := layout.DayOf(f.request.From).Start(); day.Before(f.request.To); day = day.AddDate(0, 0, 1) {
		days = append(days, layout.DayOf(day))
	}
	return days
}

// hasRows reports whether the range of FleetRequest.Rows includes a part of the given day.
func (f *fleet) hasRows(day layout.Day) bool {
	q := f.request
	return q.Rows != nil && q.RowsFrom.Before(day.Start().Add(24*time.Hour)) && day.Start().Before(q.RowsTo)
}

// ranked returns the shards in an order that depends only on the shards and the last day of the
// question. If the budget does not suffice for all shards, the first ones are counted. So a question
// that is asked again counts the same shards, and no shard is always left out.
func (f *fleet) ranked(shards []layout.Shard) []layout.Shard {
	day := layout.DayOf(f.request.To.Add(-1))
	rank := func(s layout.Shard) [md5.Size]byte { return md5.Sum([]byte(string(day) + "/" + string(s))) }
	slices.SortFunc(shards, func(a, b layout.Shard) int {
		rankA, rankB := rank(a), rank(b)
		return bytes.Compare(rankA[:], rankB[:])
	})
	return shards
}

// afford decides whether the objects are read whole for FleetRequest.Rows. If the rest of the
// budget does not suffice for all shards, afford gives up the rows first, then the totals, and then
// shards.
func (f *fleet) afford() {
	f.setRowsRead(!f.cut && f.request.Rows != nil && f.sizeOfRows() <= f.request.RowsBytes)
	if f.affordable() < len(f.shards) {
		f.setRowsRead(false)
	}
	if f.affordable() < len(f.shards) {
		f.request.Totals = false
	}
	f.leaveOut(f.affordable())
}

// setRowsRead sets whether the objects of the days of FleetRequest.Rows are read whole.
func (f *fleet) setRowsRead(read bool) {
	for _, s := range f.shards {
		for _, p := range s.partitions {
			p.readsRows = read && f.hasRows(p.where.Day)
		}
	}
}

// sizeOfRows returns the total size, in bytes, of the objects that must be read for
// FleetRequest.Rows.
func (f *fleet) sizeOfRows() (size int64) {
	for _, s := range f.shards {
		for _, p := range s.partitions {
			if !f.hasRows(p.where.Day) {
				continue
			}
			for _, run := range p.runs {
				size += run.Head().Size
			}
		}
	}
	return size
}

// affordable returns how many of the shards, counted from the first, the rest of the budget
// suffices for.
func (f *fleet) affordable() int {
	requests, bytes := f.store.spent()
	for i, s := range f.shards {
		moreRequests, moreBytes := s.cost()
		requests, bytes = requests+moreRequests, bytes+moreBytes
		if !f.request.Budget.allows(requests, bytes) {
			return i
		}
	}
	return len(f.shards)
}

// cost returns the number of requests that read the listed objects of a shard, and the number of
// bytes that they read. They can differ if an object is missing or damaged.
func (s *fleetShard) cost() (requests int, bytes int64) {
	for _, p := range s.partitions {
		for _, run := range p.runs {
			requests, bytes = requests+1, bytes+p.extent(run.Head()).length
		}
	}
	return requests, bytes
}
