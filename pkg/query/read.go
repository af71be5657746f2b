package query

import (
	"context"
	"maps"
	"slices"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/segment"
)

// found is what the partitions asked about hold.
type found struct {
	partitions []layout.Partition
	rows       []segment.Row // in the order of their times
	unreadable []Unreadable
}

// read reads what is asked for. While the layout is not known, the likely one is tried at
// the same time as it is looked up; what that found counts only if it was right.
func (r *Reader) read(ctx context.Context, store *meter, q Request) (found, error) {
	if known := r.knownLayout(); known.Shards != 0 {
		return r.readIn(ctx, known, store, q)
	}
	likely := layout.Layout{Shards: r.config.Shards}
	var actual layout.Layout
	var tried found
	var triedErr error
	err := parallel.Do(2, r.config.Parallel, func(i int) (err error) {
		if i == 0 {
			tried, triedErr = r.readIn(ctx, likely, store, q)
			return nil
		}
		actual, err = layout.Find(ctx, store)
		return err
	})
	if err != nil {
		return found{}, err
	}
	r.learnLayout(actual)
	if actual == likely {
		return tried, triedErr
	}
	return r.readIn(ctx, actual, store, q)
}

func (r *Reader) knownLayout() layout.Layout {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.layout
}

func (r *Reader) learnLayout(l layout.Layout) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.layout = l
}

// readIn reads what is asked for in a bucket with the given layout, all partitions at
// once. A bucket that is not in use has the zero layout, and no partitions.
func (r *Reader) readIn(ctx context.Context, l layout.Layout, store *meter, q Request) (found, error) {
	if l.Shards == 0 {
		return found{}, nil
	}
	f := found{partitions: l.PartitionsBetween(q.ClientID, q.From, q.To)}
	readers := make([]*partitionReader, len(f.partitions))
	err := parallel.Do(len(readers), r.config.Parallel, func(i int) error {
		readers[i] = r.newPartitionReader(store, f.partitions[i], q)
		return readers[i].read(ctx)
	})
	if err != nil {
		return found{}, err
	}
	var lists [][]segment.Row
	for _, p := range readers {
		lists = slices.AppendSeq(lists, maps.Values(p.rows))
		f.unreadable = append(f.unreadable, p.unreadable()...)
	}
	// Of one client and instance, and so by their times. What we made of an event is no
	// part of its identity: only of the delivery that is kept it may decide.
	f.rows = slices.DeleteFunc(segment.Distinct(lists...), q.filteredOut)
	return f, nil
}
