package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
	"devicetrace/pkg/query"
	"devicetrace/pkg/serve"
)

// serveQuery runs a server like the query function. If its first argument is true, the reader lists
// a partition before it reads the partition's objects, so that a warm query takes two round trips.
func serveQuery(arguments []string) error {
	listFirst, err := strconv.ParseBool(arguments[0])
	if err != nil {
		return err
	}
	serve.Main("query", func(getenv func(string) string) (serve.Function, error) {
		keys := &ossstore.Credentials{}
		keys.Set(ossKey, ossSecret, "")
		store, err := ossstore.New(ossstore.Config{Endpoint: getenv("OSS_ENDPOINT"), Region: ossRegion, Bucket: ossBucket, Credentials: keys})
		if err != nil {
			return serve.Function{}, err
		}
		config := query.Config{Shards: 256, ListFirst: listFirst}
		handler, err := queryHandler(objstore.Retrying(store, objstore.RetryPolicy{}), config, time.Now)
		return serve.Function{Handler: handler, MaxRequests: 64}, err
	})
	return nil
}

// BenchmarkStack measures the response times of warm queries through the whole stack: HTTP, the
// API, the reader, the vendor's SDK, and a stand-in for OSS that is as slow as OSS. It compares them
// with a server that lists the partition first. The two servers take turns.
func BenchmarkStack(b *testing.B) {
	dir, devices := closedPartition(b, 256, rows(35_000))
	one, two := &stack{}, &stack{}
	for _, s := range []*stack{one, two} {
		s.address = startServer(b, func(bucket *standIn) (*exec.Cmd, io.Reader) { return startQuery(b, bucket, s == two) }, dir)
		require.NoError(b, trace(s.address, devices[0])) // reads the partition's index
	}
	scale, err := parseScale(os.Getenv("SCALE"))
	require.NoError(b, err)
	turns, each := 12, 500
	switch {
	case testing.Short():
		turns, each = 2, 10
	case scale < 0.1:
		turns, each = 4, 250
	}
	for b.Loop() {
		for range turns {
			for _, s := range []*stack{one, two} {
				took, err := inParallel(each, func(i int) error { return trace(s.address, devices[i%len(devices)]) })
				require.NoError(b, err)
				s.took = append(s.took, took...)
			}
		}
	}
	b.Run("two-round-trips", func(b *testing.B) { two.report(b) })
	b.Run("one-round-trip", func(b *testing.B) {
		one.report(b)
		b.ReportMetric(one.took.median()/two.took.median(), "p50-ratio")
		b.ReportMetric(one.took.percentile(99)/two.took.percentile(99), "p99-ratio")
	})
}

// stack is a running server and the durations of its responses, in ms.
type stack struct {
	address string
	took    samples
}

// report reports the durations, which are already measured, as the benchmark's result.
func (s *stack) report(b *testing.B) {
	for b.Loop() {
	}
	reportTimes(b, s.took)
}

func startQuery(b *testing.B, bucket *standIn, listFirst bool) (*exec.Cmd, io.Reader) {
	cmd := child(b, "query", strconv.FormatBool(listFirst))
	cmd.Env, cmd.Stderr = append(cmd.Env, append(bucket.environment(), "HOST=127.0.0.1", "PORT=0")...), nil
	return cmd, startWithLog(b, cmd)
}

// trace asks a server for a device's events of the day.
func trace(address string, d device) error {
	q := dayOf(d)
	parameters := url.Values{
		"instance": {string(q.InstanceID)}, "client": {string(q.ClientID)},
		"from": {q.From.Format(time.RFC3339Nano)}, "to": {q.To.Format(time.RFC3339Nano)},
	}
	return do(http.MethodGet, address+"/api/v1/trace?"+parameters.Encode(), nil)
}
