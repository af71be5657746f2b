package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/record"
)

const (
	writers = 4   // recorders at the same time
	runRows = 512 // of a full run
)

// day is a closed day in a bucket of so many shards, on local disk.
type day struct {
	shards int
	// bucket is its folder, laid out as that of the OSS stand-in, which has the
	// objects one folder below.
	bucket  string
	store   folder
	rows    int64
	devices []device
	fresh   sum // before compaction
	live    sum // after it
	record  time.Duration
	compact time.Duration
	report  compact.Report
}

// sum is objects and their bytes.
type sum struct {
	objects int
	bytes   int64
}

func (s *sum) add(objects []objstore.Object) {
	for _, o := range objects {
		s.objects++
		s.bytes += o.Size
	}
}

// dayOf is the whole fleet's closed and compacted day, made when it is first asked for.
func (b *bench) dayOf(ctx context.Context, shards int) (*day, error) {
	if d := b.days[shards]; d != nil {
		return d, nil
	}
	s, err := b.spill(ctx)
	if err != nil {
		return nil, err
	}
	d, err := b.newDay(shards)
	if err != nil {
		return nil, err
	}
	d.rows, d.devices = s.rows, s.devices
	for shard := range s.files {
		events, err := s.events(shard)
		if err != nil {
			return nil, err
		}
		if err := d.recordFull(ctx, events); err != nil {
			return nil, err
		}
		b.say("%d shards: %d of %d parts recorded", shards, shard+1, len(s.files))
	}
	if err := d.finish(ctx, b); err != nil {
		return nil, err
	}
	b.days[shards] = d
	return d, nil
}

func (b *bench) newDay(shards int) (*day, error) {
	bucket, err := b.folder(fmt.Sprintf("bucket%d", shards))
	return &day{shards: shards, bucket: bucket, store: folder(filepath.Join(bucket, "objects"))}, err
}

// recordFull records events as full runs of each partition, writer after writer.
func (d *day) recordFull(ctx context.Context, events []event.Event) error {
	began := cpu()
	defer func() { d.record += cpu() - began }()
	var all [writers]*record.Writer
	for i := range all {
		w, err := record.New(d.store, record.Config{Shards: d.shards})
		if err != nil {
			return err
		}
		all[i] = w
	}
	turn := 0
	for _, part := range split(layout.Layout{Shards: d.shards}, events) {
		for batch := range slices.Chunk(part, runRows) {
			if err := all[turn%writers].Append(ctx, batch); err != nil {
				return err
			}
			turn++
		}
	}
	for _, w := range all {
		if err := w.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

// split is the events of each shard, in the order they had.
func split(l layout.Layout, events []event.Event) map[layout.Shard][]event.Event {
	parts := map[layout.Shard][]event.Event{}
	for i := range events {
		shard := l.ShardOf(events[i].ClientID)
		parts[shard] = append(parts[shard], events[i])
	}
	return parts
}

// finish compacts, and weighs before and after.
func (d *day) finish(ctx context.Context, b *bench) error {
	objects, err := objstore.All(ctx, d.store, layout.EventsPrefix, "")
	if err != nil {
		return err
	}
	d.fresh.add(objects)
	b.say("%d shards: compacting %s objects", d.shards, thousands(strconv.Itoa(len(objects))))
	began := cpu()
	if d.report, err = compactClosed(ctx, d.store, b.dir); err != nil {
		return err
	}
	d.compact = cpu() - began
	objects, err = objstore.All(ctx, d.store, layout.EventsPrefix, "")
	d.live.add(objects)
	return err
}

// compactClosed compacts a bucket whose days are all closed and quiet.
func compactClosed(ctx context.Context, store compact.Store, dir string) (compact.Report, error) {
	later := time.Now()
	if later.Before(today) {
		later = today
	}
	return compactAt(ctx, store, dir, later.Add(48*time.Hour))
}

func compactAt(ctx context.Context, store compact.Store, dir string, now time.Time) (compact.Report, error) {
	c, err := compact.New(store, compact.Config{Dir: dir, Now: func() time.Time { return now }})
	if err != nil {
		return compact.Report{}, err
	}
	report, err := c.Run(ctx)
	if err == nil && len(report.Failed)+len(report.Unreadable)+len(report.Stuck) > 0 {
		err = fmt.Errorf("compact: %v %v %v", report.Failed, report.Unreadable, report.Stuck)
	}
	return report, err
}
