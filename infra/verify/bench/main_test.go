package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

// compactVariable is the name of an environment variable that holds the folder of a bucket. If
// the variable is set, the test binary runs no tests. Instead, it compacts that bucket and prints
// its own peak memory in KB.
const compactVariable = "BENCH_COMPACT"

func TestMain(m *testing.M) {
	dir := os.Getenv(compactVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := compactAndPrintPeak(dir); err != nil {
		fmt.Fprintln(os.Stderr, "compact:", err)
		os.Exit(1)
	}
}

func compactAndPrintPeak(dir string) error {
	store, err := oss.OpenStore(dir)
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

// rows returns the number of rows in a partition: n or, with -short, a hundredth of n but at least
// 300.
func rows(n int) int {
	if testing.Short() {
		return max(n/100, 300)
	}
	return n
}

// measure calls op until the benchmark ends, and reports the CPU time and the elapsed time per
// call. It returns the CPU time of all calls together.
func measure(b *testing.B, op func(i int) error) time.Duration {
	b.Helper()
	var took durations
	runtime.GC() // so that garbage from the set-up is not counted
	before := cpu()
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if err := op(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	used := cpu() - before
	b.ReportMetric(milliseconds(used)/float64(b.N), "cpu-ms/op")
	reportTimes(b, took)
	return used
}

// measureParallel reports the elapsed time per call while several calls are in flight: four if
// GOMAXPROCS is 1, 2 or 4, and otherwise one per processor.
func measureParallel(b *testing.B, op func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var took durations
	b.SetParallelism(max(1, 4/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			began := time.Now()
			if err := op(int(next.Add(1))); err != nil {
				b.Error(err)
				return
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		}
	})
	reportTimes(b, took)
}

func reportTimes(b *testing.B, took durations) {
	b.ReportMetric(took.percentile(50), "p50-ms")
	b.ReportMetric(took.percentile(99), "p99-ms")
}

// TestShortRun runs all benchmarks and the bench command at a tiny scale. The partitions are very
// small, and the fleet has 300 devices. The bench command compares our rows with the rows that
// other engines return, and fails if they differ.
//
// Every target must have a measurement, unless the measurement takes minutes or PostgreSQL is not
// installed. A target that limits a count must also be met, because counts depend on neither the
// machine nor the scale. One target is known to be missed; see README.md.
func TestShortRun(t *testing.T) {
	const scale = "0.0003"
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$", "-test.bench=.", "-test.benchtime=1x", "-test.short")
	cmd.Env = append(os.Environ(), "SCALE="+scale)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	file := filepath.Join(t.TempDir(), "benchmarks")
	require.NoError(t, os.WriteFile(file, output, 0o600))

	var printed bytes.Buffer
	require.NoError(t, run(t.Context(), []string{file}, scale, &printed), "%s", &printed)
	found := newResults(&bytes.Buffer{})
	require.NoError(t, found.read(bytes.NewReader(append(output, printed.Bytes()...))))
	for _, target := range targets {
		requireTarget(t, found, target)
	}
	require.Contains(t, printed.String(), "100000000", "the prices of the largest fleet")
}

func requireTarget(t *testing.T, found *results, target target) {
	value, measured := found.values[metric{target.benchmark, target.unit}]
	if !measured && target.benchmark == "Peer/PostgreSQL" {
		t.Log("PostgreSQL is not installed, so it was not compared")
		return
	}
	if !measured && target.benchmark == "Compactor/rows=2400000" {
		return // not measured at this scale, because it takes minutes
	}
	require.True(t, measured, "%s of %s was not measured", target.unit, target.benchmark)
	counts := []string{"round-trips", "requests", "puts/op"}
	if slices.Contains(counts, target.unit) && target.benchmark != "FleetQuestion/open/writers=60" {
		require.Equal(t, "met", target.verdict(value, 1), "%s of %s: %g", target.unit, target.benchmark, value)
	}
	if strings.HasPrefix(target.benchmark, "Peer/") {
		require.Positive(t, found.values[metric{target.benchmark, "equal-rows"}], target.benchmark)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		relation string
		value    float64
		scale    float64
		want     string
	}{
		{"≤", 1, 1, "met"}, {"≤", 2, 1, "met"}, {"≤", 3, 1, "MISSED"},
		{"≥", 1, 1, "MISSED"}, {"≥", 2, 1, "met"}, {"≥", 3, 1, "met"},
		{"≤", 1, 0.1, "applies from SCALE=0.5"},
	} {
		target := target{relation: c.relation, limit: 2, minScale: 0.5}
		require.Equal(t, c.want, target.verdict(c.value, c.scale), "%g %s 2", c.value, c.relation)
	}
}

func TestScale(t *testing.T) {
	for text, want := range map[string]float64{"": 1, "0.01": 0.01, "1": 1} {
		got, err := parseScale(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"x", "0", "-1", "1000"} {
		_, err := parseScale(text)
		require.Error(t, err, text)
	}
}
