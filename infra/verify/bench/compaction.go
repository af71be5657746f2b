package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// compaction is how fast one merge goes, and how much memory the merges of a large
// partition take.
func (b *bench) compaction(ctx context.Context) error {
	events, _ := partitionEvents(16, b.partitionRows(600_000))
	few := events[:min(len(events), 64*runRows)]
	if err := b.mergeOf(ctx, "64 fresh segments of 512 rows, the day is still open", few, runRows, compactOpen); err != nil {
		return err
	}
	if err := b.mergeOf(ctx, "64 fresh segments of 512 rows, the day is over", few, runRows, compactClosed); err != nil {
		return err
	}
	large := len(events)/64 + 1
	what := fmt.Sprintf("64 segments of %s rows", short(float64(large)))
	if err := b.mergeOf(ctx, what+", the day is over", events, large, compactClosed); err != nil {
		return err
	}
	if err := b.peakOf(ctx, what, events, large); err != nil {
		return err
	}
	what = fmt.Sprintf("%s rows in %d runs", short(float64(len(events))), len(events)/runRows+1)
	if err := b.peakOf(ctx, what, events, runRows); err != nil || b.scale < 0.5 {
		return err
	}
	events, _ = partitionEvents(16, 2_400_000)
	return b.peakOf(ctx, "2,400,000 rows in 4,688 runs", events, runRows)
}

// compactOpen compacts a bucket whose day is not over yet.
func compactOpen(ctx context.Context, store compact.Store, dir string) (compact.Report, error) {
	return compactAt(ctx, store, dir, today.Add(23*time.Hour))
}

// mergeOf times a single merge, up to its put and to its end.
func (b *bench) mergeOf(ctx context.Context, what string, events []event.Event, rows int,
	run func(context.Context, compact.Store, string) (compact.Report, error)) error {
	applies := b.whole()
	var merging, all time.Duration
	times := max(2, b.partitionRows(600_000)/len(events))
	fresh := memstore.New()
	if err := recordRuns(ctx, fresh, events, rows); err != nil {
		return err
	}
	for range times {
		store := memstore.New()
		if err := copyObjects(ctx, fresh, store); err != nil {
			return err
		}
		runtime.GC()
		p := &phases{Store: store, began: cpu()}
		report, err := run(ctx, p, b.dir)
		if err != nil {
			return err
		}
		if report.Merges != 1 || report.Rows == 0 {
			return fmt.Errorf("%d merges of %d rows, want one", report.Merges, report.Rows)
		}
		all += cpu() - p.began
		merging += p.merged - p.began
	}
	n := int64(times * len(events))
	b.add(what+": merging", perSecond(n, merging), "rows/s per core", atLeast(400_000).when(applies == "", applies))
	b.add(what+": with the check of the output", perSecond(n, all), "rows/s per core", atLeast(200_000).when(applies == "", applies))
	b.costs.mergeRate = perSecond(n, all)
	return nil
}

// phases notes when the output of a merge is put: then the merge is done and its
// check begins.
type phases struct {
	compact.Store
	began, merged time.Duration // of CPU
}

func (p *phases) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if strings.HasPrefix(key, layout.EventsPrefix) {
		p.merged = cpu()
	}
	return p.Store.Put(ctx, key, body, size)
}

// recordRuns records events as runs of so many rows.
func recordRuns(ctx context.Context, store objstore.Store, events []event.Event, rows int) error {
	w, err := record.New(store, record.Config{RunRows: rows, RunBytes: 1 << 30})
	if err != nil {
		return err
	}
	for part := range slices.Chunk(events, rows) {
		if err := w.Append(ctx, part); err != nil {
			return err
		}
	}
	return w.Close(ctx)
}

// peakOf compacts a partition in a process of its own, on local disk, and asks it for
// its peaks.
func (b *bench) peakOf(ctx context.Context, what string, events []event.Event, rows int) error {
	bucket, err := b.folder("peak")
	if err != nil {
		return err
	}
	if err := recordRuns(ctx, storeIn(bucket), events, rows); err != nil {
		return err
	}
	p, err := compactInChild(ctx, bucket, b.dir)
	if err != nil {
		return err
	}
	b.show(what+": peak of live and dead objects on the heap", p.HeapMB, "MB")
	b.show(what+": resident before the work", p.StartMB, "MB")
	b.add(what+": peak resident", p.ResidentMB, "MB", atMost(256).when(b.whole() == "", b.whole()))
	return nil
}
