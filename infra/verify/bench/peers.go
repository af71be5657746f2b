package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"time"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/query"
	"devicetrace/pkg/segment"
)

// errNotInstalled means that an engine is not on this machine.
var errNotInstalled = errors.New("not installed")

// maxQuestions limits the number of devices that a peer is asked about.
const maxQuestions = 500

// asker returns all rows of a device on the queried day, sorted by time.
type asker func(context.Context, device) ([]segment.Row, error)

// peer is another engine that stores the rows of our bucket and answers the same questions as our
// reader.
type peer interface {
	// load stores all rows, in order of arrival, and prepares the engine to answer questions about
	// them.
	load(ctx context.Context, rows iter.Seq2[segment.Row, error]) error
	// bytes returns the size on disk, including indexes.
	bytes(ctx context.Context) (int64, error)
	ask(ctx context.Context, d device) ([]segment.Row, error)
	close()
}

// comparison compares our reader with other engines. All of them query the same day of a fleet's
// events.
type comparison struct {
	found  *results
	day    *fleetDay
	reader *query.Reader // reads the day from our bucket
}

// compare loads the day into other engines and runs the same queries on them as on our reader.
// DuckDB-plain-file comes first, because it writes the file from which the other engines load
// their rows. Finally, DuckDB runs the queries on our own segments.
func (c comparison) compare(ctx context.Context, dir string) error {
	plain := &plainFile{dir: dir, day: c.day}
	var errs []error
	for _, p := range []struct {
		name      string
		peer      peer
		questions int
	}{
		{"DuckDB-plain-file", plain, 20}, // every question reads the whole file
		{"PostgreSQL", &postgres{dir: dir}, maxQuestions},
	} {
		defer p.peer.close()
		errs = append(errs, c.measure(ctx, "Peer/"+p.name, p.peer, plain.rows(ctx), p.questions))
	}
	return errors.Join(append(errs, c.duckOnSegments(ctx))...)
}

// measure loads the rows into a peer. It then measures the peer's size on disk and how long the
// peer takes to answer the given number of questions.
func (c comparison) measure(ctx context.Context, name string, p peer, rows iter.Seq2[segment.Row, error], questions int) error {
	began := time.Now()
	err := p.load(ctx, rows)
	if errors.Is(err, errNotInstalled) {
		fmt.Fprintf(c.found.out, "%s: not compared: %v\n", name, err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	c.found.add(name, time.Since(began).Seconds(), "load-s")
	size, err := p.bytes(ctx)
	if err != nil {
		return err
	}
	c.found.add(name, float64(size)/float64(c.day.rows), "B/event")
	c.found.add(name, float64(size)/float64(c.day.bytes), "size/ours")
	return c.question(ctx, name, p.ask, questions)
}

// question asks a peer about several devices. It checks that the peer returns the same rows as our
// reader, and measures how long the peer takes.
func (c comparison) question(ctx context.Context, name string, theirs asker, questions int) error {
	devices := sample(c.day.devices, questions)
	rows := 0
	for _, d := range devices {
		n, err := c.sameRows(ctx, theirs, d)
		if err != nil {
			return fmt.Errorf("ask %s: %w", name, err)
		}
		rows += n
	}
	c.found.add(name, float64(rows), "equal-rows")
	took, err := timeEach(devices, func(d device) error {
		_, err := theirs(ctx, d)
		return err
	})
	if err != nil {
		return err
	}
	c.found.add(name, took.percentile(50), "p50-ms")
	c.found.add(name, took.percentile(99), "p99-ms")
	c.found.add(name, took.percentile(50)/c.day.p50, "p50/ours")
	return nil
}

// sameRows returns the number of rows that we have for a device. It returns an error if the peer's
// rows differ from ours.
func (c comparison) sameRows(ctx context.Context, theirs asker, d device) (int, error) {
	events, err := ask(ctx, c.reader, d)
	if err != nil {
		return 0, err
	}
	rows, err := theirs(ctx, d)
	if err != nil {
		return 0, err
	}
	ours := segment.FromEvents(events)
	if rows = segment.Distinct(rows); !slices.Equal(ours, rows) {
		return 0, fmt.Errorf("compare %q: its %d rows differ from our %d", d.client, len(rows), len(ours))
	}
	return len(ours), nil
}

// duckOnSegments measures how long DuckDB takes to answer the same questions from our own segments.
// Each of its queries names the shard and the day, so that DuckDB need not read other partitions.
func (c comparison) duckOnSegments(ctx context.Context) error {
	duck, err := openDuck(c.day.dir)
	if err != nil {
		return err
	}
	defer duck.db.Close()
	l := layout.Layout{Shards: c.day.shards}
	files := "read_parquet('" + c.day.glob() + "', hive_partitioning = true, hive_types = {'instance': VARCHAR, 'shard': VARCHAR, 'day': DATE})"
	return c.question(ctx, "Peer/DuckDB-on-segments", func(ctx context.Context, d device) ([]segment.Row, error) {
		return duck.day(ctx, files, fmt.Sprintf(" AND shard = '%s' AND day = '%s'", l.ShardOf(d.client), layout.DayOf(today)), d)
	}, 50)
}

func fileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
