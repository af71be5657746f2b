package query

import (
	"context"
	"slices"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/segment"
)

// found is the outcome of reading the partitions of a request.
type found struct {
	partitions []layout.Partition
	rows       []segment.Row // sorted by time
	unreadable []Unreadable
}

// read reads the rows of a request. If the layout is not known yet, it assumes the configured
// layout and looks up the actual layout in parallel. If the two layouts differ, read discards the
// rows and reads again with the actual layout.
func (r *Reader) read(ctx context.Context, store *meter, q Request) (found, error) {
	if known := r.knownLayout(); known.Shards != 0 {
		return r.readIn(ctx, known, store, q)
	}
	configured := layout.Layout{Shards: r.config.Shards}
	var actual layout.Layout
	var early found
	var earlyErr error
	err := parallel.Do(2, r.config.Parallel, func(i int) (err error) {
		if i == 0 {
			early, earlyErr = r.readIn(ctx, configured, store, q)
			return nil
		}
		actual, err = layout.Find(ctx, store)
		return err
	})
	if err != nil {
		return found{}, err
	}
	r.learnLayout(actual)
	if actual == configured {
		return early, earlyErr
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

// readIn reads the rows of a request from a bucket with layout l. It reads the partitions in
// parallel. The zero Layout stands for a bucket that is not in use yet.
func (r *Reader) readIn(ctx context.Context, l layout.Layout, store *meter, q Request) (found, error) {
	if l.Shards == 0 {
		return found{}, nil
	}
	f := found{partitions: l.PartitionsBetween(q.InstanceID, q.ClientID, q.From, q.To)}
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
		for _, o := range p.outcomes {
			lists = append(lists, o.rows)
		}
		f.unreadable = append(f.unreadable, p.unreadable()...)
	}
	// All rows belong to one client, so Distinct leaves them sorted by time. Filter only after
	// deduplication: action and action_info are not part of an event's identity, so copies of an
	// event may differ in them. A filter applied first could keep a copy that Distinct would have
	// dropped.
	f.rows = slices.DeleteFunc(segment.Distinct(lists...), q.filteredOut)
	return f, nil
}
