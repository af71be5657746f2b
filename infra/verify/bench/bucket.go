package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/record"
)

// defaultRunRows is the default of record.Config.RunRows, the number of rows at which a run ends.
const defaultRunRows = 512

// recordRuns records events in full runs of the given number of rows. It makes one put per run.
func recordRuns(ctx context.Context, store record.Store, shards, rows int, events []event.Event) error {
	w, err := record.New(store, record.Config{Shards: shards, RunRows: rows, RunBytes: 1 << 30})
	if err != nil {
		return err
	}
	for _, partition := range byShard(layout.Layout{Shards: shards}, events) {
		for run := range slices.Chunk(partition, rows) {
			if err := w.Append(ctx, run); err != nil {
				return err
			}
		}
	}
	return w.Close(ctx)
}

// byShard splits events by shard and keeps their order.
func byShard(l layout.Layout, events []event.Event) map[layout.Shard][]event.Event {
	parts := map[layout.Shard][]event.Event{}
	for _, e := range events {
		shard := l.ShardOf(e.ClientID)
		parts[shard] = append(parts[shard], e)
	}
	return parts
}

// afterClose returns a time at which the simulated day is over and all objects are old enough to be
// merged into one.
func afterClose() time.Time { return time.Now().Add(48 * time.Hour) }

// compactAt runs the compactor once, with its clock fixed at the given time. The compactor stages
// its outputs in the folder dir, or in its default folder if dir is empty.
func compactAt(ctx context.Context, store compact.Store, dir string, now time.Time) (compact.Report, error) {
	c, err := compact.New(store, compact.Config{Dir: dir, Now: func() time.Time { return now }})
	if err != nil {
		return compact.Report{}, err
	}
	report, err := c.Run(ctx, compact.Share{})
	if err == nil && len(report.Failed)+len(report.Unreadable)+len(report.Stuck) > 0 {
		err = fmt.Errorf("compact: %v %v %v", report.Failed, report.Unreadable, report.Stuck)
	}
	return report, err
}

// eventBytes returns the total size of all segments in a store.
func eventBytes(ctx context.Context, store objstore.Lister) (size int64, err error) {
	objects, err := objstore.All(ctx, store, layout.EventsPrefix, "")
	for _, o := range objects {
		size += o.Size
	}
	return size, err
}

// saveBucket copies all of from's objects to the folder dir, in the OSS stand-in's storage format.
func saveBucket(ctx context.Context, dir string, from objstore.Store) (*oss.Store, error) {
	to, err := oss.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	return to, copyObjects(ctx, from, to)
}

func copyObjects(ctx context.Context, from, to objstore.Store) error {
	objects, err := objstore.All(ctx, from, "", "")
	if err != nil {
		return err
	}
	for _, o := range objects {
		data, err := from.Read(ctx, o.Key, 0, o.Size)
		if err != nil {
			return err
		}
		if err := to.Put(ctx, o.Key, bytes.NewReader(data), o.Size); err != nil {
			return err
		}
	}
	return nil
}
