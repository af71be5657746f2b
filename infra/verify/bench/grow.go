package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

// partitionRows is how many rows a partition of so many is made of at this scale: all
// of them from 0.01 on.
func (b *bench) partitionRows(rows int) int {
	if b.scale < leastScale {
		return max(int(float64(rows)*b.scale/leastScale), 200)
	}
	return rows
}

const leastScale = 0.01

// whole says why figures of whole partitions do not apply; empty where they do.
func (b *bench) whole() string {
	if b.scale < leastScale {
		return "at SCALE 0.01 and above"
	}
	return ""
}

// grow is how stored bytes and the cost of queries change with the rows of a partition.
func (b *bench) grow(ctx context.Context) error {
	for _, c := range []struct {
		name         string
		shards, rows int
		stored       float64
		limits       limits
	}{
		{"35,000 rows, one of 256 shards", 256, 35_000, 14, limits{
			cold: limit{3, 4, 128}, warm: limit{2, 0, 32}, local: 0.6, cpu: 0.5, standIn: 3, why: b.whole(),
		}},
		{"350,000 rows, one of 256 shards", 256, 350_000, 0, limits{
			cold: limit{3, 4, 192}, warm: limit{rounds: 2}, local: 0.6, cpu: 0.5, standIn: 3, why: b.whole(),
		}},
		{"600,000 rows, one of 16 shards", 16, 600_000, 12.5, limits{
			local: 0.6, cpu: 0.5, standIn: 3, why: b.whole(),
		}},
	} {
		events, devices := partitionEvents(c.shards, b.partitionRows(c.rows))
		d, err := b.closedPartition(ctx, c.shards, events)
		if err != nil {
			return err
		}
		b.add(c.name+": compacted", float64(d.live.bytes)/float64(len(events)), "B/event", c.limits.figure(c.stored))
		if c.shards == 256 && b.costs.storedBytes == 0 {
			b.costs.storedBytes = float64(d.live.bytes) / float64(len(events))
		}
		if err := b.weighDerived(c.name, events, c.limits.figure(c.stored)); err != nil {
			return err
		}
		if err := b.askBucket(ctx, c.name, d.bucket, devices, c.limits); err != nil {
			return err
		}
	}
	return nil
}

// weighDerived weighs, as the compactor would write them, only the rows of brokers that
// send no ids of connections and events: random ids take their bytes, however they are
// stored.
func (b *bench) weighDerived(name string, events []event.Event, stored figure) error {
	var derived []event.Event
	for _, e := range events {
		if e.ChannelID == "" && e.SourceEventID == "" {
			derived = append(derived, e)
		}
	}
	rows := segment.FromEvents(derived)
	writer := segment.NewWriter(io.Discard, segment.GroupRows(int64(len(rows))))
	if err := writer.Write(rows); err != nil {
		return err
	}
	written, err := writer.Close()
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s: compacted, only the %.0f %% of rows without ids of the source's own", name, 100*float64(len(derived))/float64(len(events)))
	b.add(what, float64(written.Size)/float64(len(rows)), "B/event", stored)
	return nil
}

// closedPartition is a bucket with one closed and compacted partition.
func (b *bench) closedPartition(ctx context.Context, shards int, events []event.Event) (*day, error) {
	d, err := b.newDay(shards)
	if err != nil {
		return nil, err
	}
	d.rows = int64(len(events))
	if err := d.recordFull(ctx, events); err != nil {
		return nil, err
	}
	return d, d.finish(ctx, b)
}

// storeIn is a bucket's folder as a store.
func storeIn(bucket string) folder { return folder(filepath.Join(bucket, "objects")) }

func copyObject(ctx context.Context, from, to objstore.Store, o objstore.Object) error {
	var data []byte
	if o.Size > 0 {
		var err error
		if data, err = from.Read(ctx, o.Key, 0, o.Size); err != nil {
			return err
		}
	}
	return to.Put(ctx, o.Key, bytes.NewReader(data), o.Size)
}

// partitionOf is the one partition of a bucket that has only its first shard.
func partitionOf(shards int) layout.Partition {
	return layout.Partition{Shard: layout.Layout{Shards: shards}.AllShards()[0], Day: layout.DayOf(today)}
}
