package main

import (
	"context"
	"fmt"
	"path/filepath"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/parallel"
	"devicetrace/pkg/query"
)

// fleetDay holds a bucket with one day of a whole fleet's events, and the measurements of the
// bucket. The real recorder and the real compactor work on a store in memory. Only the pace is
// artificial: the recorder gets all events of a run in one call, although webhooks would deliver
// them over the course of the day.
type fleetDay struct {
	shards  int
	store   *memstore.Store
	rows    int64
	devices []device     // a sample of the fleet's devices
	bytes   int64        // size of all segments after compaction
	summed  summarySizes // sizes of the summaries, which bytes includes
	dir     string       // folder of the compacted bucket on disk
	p50     float64      // median time of a warm query on the compacted bucket, in ms
}

// measureFleet records one day of a fleet in two buckets, one with 16 shards and one with 256, and
// measures both. Then it runs other engines on the same events and compares them with the bucket
// that has 256 shards.
func measureFleet(ctx context.Context, found *results, dir string, millions float64) error {
	narrow := &fleetDay{shards: 16, store: memstore.New(), dir: filepath.Join(dir, "16")}
	wide := &fleetDay{shards: 256, store: memstore.New(), dir: filepath.Join(dir, "256")}
	days := []*fleetDay{narrow, wide}
	for part := range fleet(max(int(millions*1e6), 20)) {
		if err := parallel.Do(len(days), len(days), func(i int) error { return days[i].record(ctx, part) }); err != nil {
			return err
		}
	}
	if err := parallel.Do(len(days), len(days), func(i int) error { return days[i].compact(ctx) }); err != nil {
		return err
	}
	if _, err := narrow.measure(ctx, found); err != nil {
		return err
	}
	if err := narrow.measureQuestions(ctx, found); err != nil {
		return err
	}
	reader, err := wide.measure(ctx, found)
	if err != nil {
		return err
	}
	return found.part("fleet/peers", func() error { return comparison{found, wide, reader}.compare(ctx, dir) })
}

func (d *fleetDay) name() string { return fmt.Sprintf("Fleet/shards=%d", d.shards) }

func (d *fleetDay) record(ctx context.Context, part fleetPart) error {
	d.rows += int64(len(part.events))
	d.devices = append(d.devices, part.devices...)
	return recordRuns(ctx, d.store, d.shards, defaultRunRows, part.events)
}

func (d *fleetDay) compact(ctx context.Context) (err error) {
	if _, err = compactAt(ctx, d.store, "", afterClose()); err != nil {
		return err
	}
	if d.bytes, err = eventBytes(ctx, d.store); err != nil {
		return err
	}
	d.summed, err = sizesOfSummaries(ctx, d.store)
	return err
}

// measure saves the compacted bucket to disk, and measures its size and the duration of queries. It
// returns a reader that has the footers in its cache.
func (d *fleetDay) measure(ctx context.Context, found *results) (*query.Reader, error) {
	local, err := saveBucket(ctx, d.dir, d.store)
	if err != nil {
		return nil, err
	}
	ids, err := d.idBytes(ctx)
	if err != nil {
		return nil, err
	}
	rows := float64(d.rows)
	found.add(d.name(), rows/float64(d.shards), "rows/partition")
	found.add(d.name(), float64(d.withoutSummaries())/rows, "B/event")
	found.add(d.name(), float64(d.withoutSummaries()-ids)/rows, "B/event-without-ids")
	found.add(d.name(), float64(d.summed.all())/rows, "summaries-B/event")
	return d.timeQueries(ctx, found, local)
}

// withoutSummaries returns the size of all segments without their summaries.
func (d *fleetDay) withoutSummaries() int64 { return d.bytes - d.summed.all() }

// glob returns a pattern for the paths of all segments on disk.
func (d *fleetDay) glob() string {
	return filepath.Join(d.dir, "objects", layout.EventsPrefix, "*/*/*/*.parquet")
}

// idBytes returns the compressed size of the identifiers that some brokers assign to connections
// and events. These identifiers are mostly random, so they take the same space in any format.
func (d *fleetDay) idBytes(ctx context.Context) (size int64, err error) {
	duck, err := openDuck(d.dir)
	if err != nil {
		return 0, err
	}
	defer duck.db.Close()
	err = duck.db.QueryRowContext(ctx, "SELECT sum(total_compressed_size)::BIGINT FROM parquet_metadata('"+d.glob()+
		"') WHERE path_in_schema IN ('channel_id', 'source_event_id')").Scan(&size)
	return size, err
}

// timeQueries measures how long warm queries take in this process, with the bucket on the local
// disk. It returns the reader that it used.
func (d *fleetDay) timeQueries(ctx context.Context, found *results, local *oss.Store) (*query.Reader, error) {
	reader, err := query.New(local, query.Config{Shards: d.shards})
	if err != nil {
		return nil, err
	}
	var took samples
	for range 2 { // the first pass fills the cache of footers
		took, err = timeEach(sample(d.devices, maxQuestions), func(d device) error {
			_, err := ask(ctx, reader, d)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	d.p50 = took.percentile(50)
	found.add(d.name(), d.p50, "p50-ms")
	found.add(d.name(), took.percentile(99), "p99-ms")
	return reader, nil
}
