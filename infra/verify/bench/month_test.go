package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
	"devicetrace/pkg/traceapi"
)

// BenchmarkMonth measures how a new function instance answers the API's request for a device's last
// thirty days, all of them closed. The search for the status of a device that has been silent for a
// month reads as much. The store is in memory.
func BenchmarkMonth(b *testing.B) {
	store, devices := closedMonth(b, 256, rows(35_000))
	measure(b, func(i int) error {
		return askDays(b.Context(), store, query.Config{Shards: 256}, devices[i%len(devices)])
	})

	counting := objstore.NewCounting(store)
	var requests samples
	for _, d := range sample(devices, 20) {
		counting.Reset()
		require.NoError(b, askDays(b.Context(), counting, query.Config{Shards: 256}, d))
		requests = append(requests, float64(counting.Requests()))
	}
	b.ReportMetric(requests.max(), "requests")
	b.ReportMetric(monthWaves(b, store, query.Config{Shards: 256}, devices), "waves")
	b.ReportMetric(monthWaves(b, store, query.Config{Shards: 256, Parallel: 1 << 12, BudgetBytes: 1 << 30}, devices), "round-trips")
}

// monthWaves returns the maximum number of waves that the question takes for any of a few devices.
func monthWaves(b *testing.B, store query.Store, config query.Config, devices []device) float64 {
	var waves samples
	for _, d := range sample(devices, 5) {
		n, err := countWaves(store, func(gated query.Store) (func() error, error) {
			return func() error { return askDays(b.Context(), gated, config, d) }, nil
		})
		require.NoError(b, err)
		waves = append(waves, float64(n))
	}
	return waves.max()
}

// closedMonth returns a store with thirty closed days of one partition. All days have the same
// events, except for their times.
func closedMonth(b *testing.B, shards, rows int) (*memstore.Store, []device) {
	events, devices := partitionEvents(shards, rows)
	store := memstore.New()
	for range daysPerMonth {
		require.NoError(b, recordRuns(b.Context(), store, shards, defaultRunRows, events))
		for i := range events {
			e := &events[i]
			e.Time, e.ReceivedAt = e.Time.AddDate(0, 0, -1), e.ReceivedAt.AddDate(0, 0, -1)
			if !e.ConnectedAt.IsZero() {
				e.ConnectedAt = e.ConnectedAt.AddDate(0, 0, -1)
			}
		}
	}
	_, err := compactAt(b.Context(), store, b.TempDir(), afterClose())
	require.NoError(b, err)
	objects, err := objstore.All(b.Context(), store, layout.EventsPrefix, "")
	require.NoError(b, err)
	require.Len(b, objects, daysPerMonth)
	return store, sample(devices, maxQuestions)
}

// askDays asks a new instance of the query function for a device's thirty days.
func askDays(ctx context.Context, store query.Store, config query.Config, d device) error {
	handler, err := queryHandler(store, config, func() time.Time { return today.AddDate(0, 0, 1).Add(12 * time.Hour) })
	if err != nil {
		return err
	}
	parameters := url.Values{
		"instance": {instance}, "client": {string(d.client)},
		"from": {today.AddDate(0, 0, 1-daysPerMonth).Format(time.DateOnly)}, "to": {today.Format(time.DateOnly)},
	}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/days?"+parameters.Encode(), nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		text, _ := io.ReadAll(w.Body)
		return fmt.Errorf("days of %q: status %d: %s", d.client, w.Code, text)
	}
	return nil
}

// queryHandler returns the API's handler with a new reader, as the query function builds it.
func queryHandler(store query.Store, config query.Config, now func() time.Time) (http.Handler, error) {
	reader, err := query.New(store, config)
	if err != nil {
		return nil, err
	}
	var tokens serve.Tokens
	if err := tokens.Add(token); err != nil {
		return nil, err
	}
	return traceapi.New(traceapi.Config{Reader: reader, Tokens: tokens, Now: now})
}
