package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
)

// BenchmarkRecord measures the recorder's work for one webhook delivery. The recorder decodes the
// delivery. For each partition that the events fall into, it encodes the whole run and makes a put.
// A delivery of 100 events touches all 16 partitions of a fleet. Deliveries of other sizes touch only
// one partition.
func BenchmarkRecord(b *testing.B) {
	partition, _ := partitionEvents(16, rows(60_000))
	wide := newFleetPart(rows(10_000), 0, 1).events
	for _, c := range []struct {
		name   string
		hooks  []webhook
		newRun bool // whether each delivery starts a new run, because its events fill one
	}{
		{"events=1", webhooks(b, partition, 1), false},
		{"events=100", webhooks(b, wide, 100), false},
		{"events=1000", webhooks(b, partition, 1000), true},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkRecord(b, c.hooks, c.newRun) })
	}
}

func benchmarkRecord(b *testing.B, hooks []webhook, newRun bool) {
	store := objstore.NewCounting(discard{memstore.New()})
	w, err := record.New(store, record.Config{})
	require.NoError(b, err)
	require.NoError(b, w.Claim(b.Context()))
	store.Reset()
	events := 0
	used := measure(b, func(i int) error {
		batch, err := hooks[i%len(hooks)].decode()
		if err != nil {
			return err
		}
		events += len(batch)
		if err := w.Append(b.Context(), batch); err != nil || !newRun {
			return err
		}
		return w.Close(b.Context()) // so that the next delivery starts a new run
	})
	b.ReportMetric(float64(events)/used.Seconds(), "events/cpu-s")
	b.ReportMetric(float64(len(store.Of(objstore.OpPut)))/float64(b.N), "puts/op")
	b.ReportMetric(float64(store.Requests())/float64(b.N), "requests/op")
}

// discard is a store that accepts segments and reads their bytes, but does not keep them.
type discard struct{ objstore.Store }

func (d discard) Put(ctx context.Context, key string, body io.ReaderAt, size int64) error {
	if !strings.HasPrefix(key, layout.EventsPrefix) {
		return d.Store.Put(ctx, key, body, size)
	}
	n, err := io.Copy(io.Discard, io.NewSectionReader(body, 0, size))
	if err == nil && n != size {
		err = fmt.Errorf("put %q: %d bytes of %d", key, n, size)
	}
	return err
}
