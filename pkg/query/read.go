package query

import (
	"context"
	"sync"

	"devicetrace/pkg/layout"
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
	if r.config.Parallel == 1 {
		likely = layout.Layout{} // nothing at the same time
	}
	var tried found
	var triedErr error
	var trying sync.WaitGroup
	trying.Go(func() { tried, triedErr = r.readIn(ctx, likely, store, q) })
	actual, err := layout.Find(ctx, store)
	trying.Wait()
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
	err := inParallel(len(readers), len(readers), func(i int) error {
		readers[i] = r.newPartitionReader(store, f.partitions[i], q)
		return readers[i].read(ctx)
	})
	if err != nil {
		return found{}, err
	}
	for _, p := range readers {
		for _, of := range p.rows {
			f.rows = append(f.rows, of...)
		}
		f.unreadable = append(f.unreadable, p.unreadable()...)
	}
	f.rows = segment.Distinct(f.rows) // of one client and instance, and so by their times
	return f, nil
}
