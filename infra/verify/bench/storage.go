package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// storage weighs a whole day: fresh, compacted, and by column.
func (b *bench) storage(ctx context.Context) error {
	for _, c := range []struct {
		shards int
		most   float64
	}{{16, 12.5}, {256, 14}} {
		d, err := b.dayOf(ctx, c.shards)
		if err != nil {
			return err
		}
		if err := b.weigh(ctx, d, c.most); err != nil {
			return err
		}
	}
	return b.freshSizes()
}

func (b *bench) weigh(ctx context.Context, d *day, most float64) error {
	of := fmt.Sprintf(", %d shards", d.shards)
	rows := float64(d.rows)
	limit := atMost(most).when(b.scale >= 0.9, "holds for 10 M events a day")
	b.show("rows a partition"+of, rows/float64(d.shards), "rows")
	b.show("fresh, runs of 512"+of, float64(d.fresh.bytes)/rows, "B/event")
	b.add("compacted"+of, float64(d.live.bytes)/rows, "B/event", limit)
	b.show("compacting a closed day of full runs, rewrites"+of, float64(d.report.Rows)/rows, "per row")
	return b.weighColumns(ctx, d, limit)
}

// weighColumns reads what each column takes out of the footers. What brokers call their
// own connections and events is mostly random, and takes its bytes however it is stored:
// the figure is of all the rest.
func (b *bench) weighColumns(ctx context.Context, d *day, limit figure) error {
	objects, err := objstore.All(ctx, d.store, layout.EventsPrefix, "")
	if err != nil {
		return err
	}
	bytes := map[string]int64{"(footers)": d.live.bytes}
	for _, o := range objects {
		if err := addColumns(bytes, d.store.path(o.Key), o.Size); err != nil {
			return err
		}
	}
	rest := d.live.bytes - bytes["channel_id"] - bytes["source_event_id"]
	b.add(fmt.Sprintf("compacted, but for ids of the source's own, %d shards", d.shards), float64(rest)/float64(d.rows), "B/event", limit)
	names := make([]string, 0, len(bytes))
	for name := range bytes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(bytes[b] - bytes[a]) })
	for _, name := range names {
		b.detail(fmt.Sprintf("  column %s, %d shards", name, d.shards), float64(bytes[name])/float64(d.rows), "B/event")
	}
	return nil
}

func addColumns(bytes map[string]int64, path string, size int64) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	opened, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("read footer of %q: %w", filepath.Base(path), err)
	}
	for _, group := range opened.Metadata().RowGroups {
		for _, column := range group.Columns {
			size := column.MetaData.TotalCompressedSize
			bytes[strings.Join(column.MetaData.PathInSchema, ".")] += size
			bytes["(footers)"] -= size
		}
	}
	return nil
}

// freshSizes is what a fresh object takes by the rows that it holds.
func (b *bench) freshSizes() error {
	events, _ := partitionEvents(16, 10*runRows)
	for _, rows := range []int{1, 64, runRows} {
		size, err := encodedSize(events[:rows])
		if err != nil {
			return err
		}
		b.show(fmt.Sprintf("fresh object of %d rows", rows), float64(size), "B")
	}
	return nil
}

func encodedSize(events []event.Event) (int, error) {
	data, err := segment.Encode(segment.FromEvents(events))
	return len(data), err
}
