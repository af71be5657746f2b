package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// minimumCPU is the minimum CPU time that a child process spends on repeated merges.
const minimumCPU = time.Second

// BenchmarkMerge measures how fast 64 segments are merged into one. "plain" merges them without
// summaries. "compact" merges them as the compactor merges a closed partition: it also writes all
// summaries and verifies the output.
func BenchmarkMerge(b *testing.B) {
	for _, c := range []struct{ shards, rows int }{{256, 35_000}, {16, 600_000}} {
		b.Run(fmt.Sprintf("rows=%d", c.rows), func(b *testing.B) {
			dir := freshPartition(b, c.shards, c.rows, 64)
			b.Run("plain", func(b *testing.B) {
				for b.Loop() {
					rate := askChild[mergeRate](b, "merge", dir)
					b.ReportMetric(rate.Merged, "merged-rows/cpu-s")
				}
			})
			b.Run("compact", func(b *testing.B) {
				for b.Loop() {
					rate := askChild[mergeRate](b, "compact", dir)
					b.ReportMetric(rate.Merged, "merged-rows/cpu-s")
					b.ReportMetric(rate.Verified, "verified-rows/cpu-s")
					b.ReportMetric(rate.Bytes, "stored-B/event")
				}
			})
		})
	}
}

// freshPartition creates a bucket with one partition of the given number of segments, all of them
// fresh, and returns its folder.
func freshPartition(b *testing.B, shards, n, segments int) (dir string) {
	dir = b.TempDir()
	store, err := oss.OpenStore(dir)
	require.NoError(b, err)
	events, _ := partitionEvents(shards, rows(n))
	events = events[:min(len(events), rows(n))]
	require.NoError(b, recordRuns(b.Context(), store, shards, (len(events)+segments-1)/segments, events))
	return dir
}

// mergeRate is the speed of a merge, in rows per second of CPU time. Merged excludes the time to
// read the output back, and Verified includes it. Bytes is the size of the output per row,
// including any summaries.
type mergeRate struct{ Merged, Verified, Bytes float64 }

// printMerge merges the segments of a bucket with one partition, without summaries, and prints the
// rate as JSON. It writes the output as the compactor does in its last merge of a partition.
func printMerge(arguments []string) error {
	store, err := loadBucket(arguments[0])
	if err != nil {
		return err
	}
	return printRate(func() (mergeRate, int64, error) {
		before := cpu()
		written, err := mergeSegments(context.Background(), store)
		took := (cpu() - before).Seconds()
		rows := float64(written.Digest.Rows)
		return mergeRate{Merged: rows / took, Bytes: float64(written.Size) / rows}, written.Digest.Rows, err
	})
}

// printRate repeats a merge until it has used minimumCPU, and prints the best rate as JSON.
func printRate(merge func() (rate mergeRate, rows int64, err error)) error {
	var best mergeRate
	began := cpu()
	for n := 0; n < 2 || cpu()-began < minimumCPU; n++ {
		rate, rows, err := merge()
		if err != nil {
			return err
		}
		if rate.Merged > best.Merged {
			best = rate
		}
		if rows < 10_000 { // a short run
			break
		}
	}
	return json.NewEncoder(os.Stdout).Encode(best)
}

func mergeSegments(ctx context.Context, store objstore.Store) (segment.Written, error) {
	objects, err := objstore.All(ctx, store, layout.EventsPrefix, "")
	if err != nil {
		return segment.Written{}, err
	}
	var cursors []*segment.Cursor
	rows := int64(0)
	for _, o := range objects {
		object := segment.Object{Key: o.Key, Size: o.Size}
		footer, err := segment.OpenFooter(ctx, store, object)
		if err != nil {
			return segment.Written{}, err
		}
		rows += footer.Digest().Rows
		cursor := segment.OpenCursor(store, object, footer)
		defer cursor.Close()
		cursors = append(cursors, cursor)
	}
	merge, err := segment.NewMerge(ctx, cursors)
	if err != nil {
		return segment.Written{}, err
	}
	writer := segment.NewWriter(io.Discard, segment.GroupRows(rows))
	for {
		row, err := merge.Next(ctx)
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err == nil {
			err = writer.Add(row)
		}
		if err != nil {
			return segment.Written{}, err
		}
	}
}

// printCompaction compacts copies of a bucket with one closed partition, and prints the rate as
// JSON.
func printCompaction(arguments []string) error {
	fresh, err := loadBucket(arguments[0])
	if err != nil {
		return err
	}
	return printRate(func() (mergeRate, int64, error) {
		ctx := context.Background()
		store := memstore.New()
		store.Now = func() time.Time { return today } // the runs ended long ago
		if err := copyObjects(ctx, fresh, store); err != nil {
			return mergeRate{}, 0, err
		}
		watch := &putWatch{Store: store}
		before := cpu()
		report, err := compactAt(ctx, watch, os.TempDir(), afterClose())
		if err == nil && report.Merges != 1 {
			err = fmt.Errorf("compact: %d merges instead of one", report.Merges)
		}
		rows := float64(report.Rows)
		return mergeRate{
			Merged: rows / (watch.at - before).Seconds(), Verified: rows / (cpu() - before).Seconds(), Bytes: float64(report.Bytes) / rows,
		}, report.Rows, err
	})
}

// loadBucket loads a bucket from a folder into memory.
func loadBucket(dir string) (*memstore.Store, error) {
	from, err := oss.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	to := memstore.New()
	return to, copyObjects(context.Background(), from, to)
}

// putWatch is a store that records how much CPU time the process has used when a merge puts its
// output. After this put, the merge only verifies the output.
type putWatch struct {
	compact.Store
	at time.Duration
}

func (w *putWatch) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if strings.HasPrefix(key, layout.EventsPrefix) {
		w.at = cpu()
	}
	return w.Store.Put(ctx, key, body, size)
}

// BenchmarkCompactor measures the peak memory of a process that compacts a closed partition with
// runs of 512 rows each.
func BenchmarkCompactor(b *testing.B) {
	scale, err := parseScale(os.Getenv("SCALE"))
	require.NoError(b, err)
	for _, n := range []int{600_000, 2_400_000} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			if n > 1_000_000 && scale < 0.5 {
				b.Skip("takes a minute; set SCALE to 0.5 or more")
			}
			dir := freshPartition(b, 16, n, (rows(n)+defaultRunRows-1)/defaultRunRows)
			for b.Loop() {
				kilobytes := askChild[float64](b, "peak", dir)
				b.ReportMetric(kilobytes/1024, "peak-MB")
			}
		})
	}
}

// printPeak compacts a bucket on disk and prints the peak memory of this process in KB.
func printPeak(arguments []string) error {
	store, err := oss.OpenStore(arguments[0])
	if err != nil {
		return err
	}
	if _, err := compactAt(context.Background(), store, os.TempDir(), afterClose()); err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if peak == nil {
		return fmt.Errorf("no peak memory in %s", status)
	}
	_, err = os.Stdout.Write(peak[1])
	return err
}
