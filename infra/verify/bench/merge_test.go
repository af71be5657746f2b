package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/compact"
	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/summary"
)

// BenchmarkMerge measures how fast the compactor merges 64 segments, with and without the
// verification of the output. It also measures the size of the output.
func BenchmarkMerge(b *testing.B) {
	large, _ := partitionEvents(16, rows(600_000))
	small, _ := partitionEvents(256, rows(35_000))
	for _, c := range []struct {
		name   string
		shards int
		events []event.Event
		now    time.Time
	}{
		{"rows=32768/open", 16, large[:rows(64*defaultRunRows)], today.Add(23 * time.Hour)},
		{"rows=32768/closed", 16, large[:rows(64*defaultRunRows)], afterClose()},
		{"rows=600000/closed", 16, large, afterClose()},
		{"rows=35000/closed", 256, small, afterClose()},
		{"rows=35000/brokers-without-ids", 256, withoutIDs(small), afterClose()},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkMerge(b, c.shards, c.events, c.now) })
	}
}

// withoutIDs returns the events that have neither a channel identifier nor a source event
// identifier. Such identifiers are mostly random and therefore barely compressible. The events
// without them show how much space the other columns take.
func withoutIDs(events []event.Event) (others []event.Event) {
	for _, e := range events {
		if e.ChannelID == "" && e.SourceEventID == "" {
			others = append(others, e)
		}
	}
	return others
}

func benchmarkMerge(b *testing.B, shards int, events []event.Event, now time.Time) {
	fresh := memstore.New()
	require.NoError(b, recordRuns(b.Context(), fresh, shards, (len(events)+63)/64, events))
	dir := b.TempDir()
	var merging, all time.Duration
	for b.Loop() {
		b.StopTimer()
		store := memstore.New()
		store.Now = func() time.Time { return today } // the runs ended long ago
		require.NoError(b, copyObjects(b.Context(), fresh, store))
		watch := &putWatch{Store: store}
		before := cpu()
		b.StartTimer()
		report, err := compactAt(b.Context(), watch, dir, now)
		require.NoError(b, err)
		require.Equal(b, 1, report.Merges)
		require.EqualValues(b, len(events), report.Rows)
		merging += watch.at - before
		all += cpu() - before
		reportSizes(b, store, report)
	}
	total := float64(b.N * len(events))
	b.ReportMetric(total/merging.Seconds(), "merged-rows/cpu-s")
	b.ReportMetric(total/all.Seconds(), "verified-rows/cpu-s")
}

// reportSizes reports the size of an event in the store's only segment, without the summaries. It
// also reports the size of the summaries: minutes and drops in percent of the events, devices in
// bytes per device.
func reportSizes(b *testing.B, store *memstore.Store, report compact.Report) {
	page, err := store.List(b.Context(), layout.EventsPrefix, "")
	require.NoError(b, err)
	require.Len(b, page.Objects, 1)
	_, name, err := layout.ParseKey(page.Objects[0].Key)
	require.NoError(b, err)
	minutes, drops, devices := name.Minutes(report.Bytes), name.Drops(report.Bytes), name.Devices(report.Bytes)
	events := float64(report.Bytes - minutes.Length - drops.Length - devices.Length)
	b.ReportMetric(events/float64(report.Rows), "B/event")
	b.ReportMetric(100*float64(minutes.Length)/events, "minutes-%")
	b.ReportMetric(100*float64(minutes.Length+drops.Length)/events, "minutes+drops-%")
	if devices.Length == 0 {
		return
	}
	b.ReportMetric(100*float64(minutes.Length+drops.Length+devices.Length)/events, "summaries-%")
	data, err := store.Read(b.Context(), page.Objects[0].Key, devices.Offset, devices.Length)
	require.NoError(b, err)
	table, err := summary.OpenDevices(data)
	require.NoError(b, err)
	b.ReportMetric(float64(devices.Length)/float64(table.Devices()), "B/device")
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
				b.Skip("takes minutes; set SCALE to 0.5 or more")
			}
			dir := b.TempDir()
			store, err := oss.OpenStore(dir)
			require.NoError(b, err)
			events, _ := partitionEvents(16, rows(n))
			require.NoError(b, recordRuns(b.Context(), store, 16, defaultRunRows, events))
			for b.Loop() {
				cmd := exec.CommandContext(b.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), compactVariable+"="+dir)
				cmd.Stderr = os.Stderr
				peak, err := cmd.Output()
				require.NoError(b, err)
				kilobytes, err := strconv.ParseFloat(string(peak), 64)
				require.NoError(b, err)
				b.ReportMetric(kilobytes/1024, "peak-MB")
			}
		})
	}
}
