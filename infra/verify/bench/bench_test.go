package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == childArgument {
		exitOn(child(context.Background(), os.Args[2:]))
		return
	}
	os.Exit(m.Run())
}

// testScale is 300 devices.
const testScale = 0.0003

// wanted are rows that the whole benchmark has at any scale. They are measured, not
// judged: what they are is for another machine and another scale.
var wanted = map[string][]string{
	"storage": {"compacted, 16 shards", "compacted, 256 shards", "  column client_id, 256 shards", "fresh object of 1 rows"},
	"query":   {"closed day, 16 shards, cold query: requests", "closed day, 256 shards, warm query, local disk: p50"},
	"grow": {
		"35,000 rows, one of 256 shards, cold query: round trips in sequence",
		"350,000 rows, one of 256 shards, first query of an instance: requests",
		"600,000 rows, one of 16 shards, warm query, OSS client and stand-in: p99",
	},
	"recorder":   {"1000 events a webhook, one partition, empty run", "1 event a webhook, one partition, mean over a run's life"},
	"compaction": {"64 fresh segments of 512 rows, the day is still open: merging", "64 fresh segments of 512 rows, the day is over: merging"},
	"start":      {"recorder: binary", "query: start to the first poll for work", "compactor: start to the first answer as a plain server"},
	"peers":      {"SQLite: p50, to ours", "DuckDB on a plain daily file: p99", "DuckDB on our files, glob and shard: p50, to ours"},
	"latency":    {"webhook of 100 events to acknowledgement, 16 shards, 5 a second: p99", "query of a closed day, 16 shards, warm, 20 a second: p50"},
	"price":      {"1,000,000 devices, 256 shards, 100 events a webhook", "100,000,000 devices, 4096 shards, 1 event a webhook"},
}

// TestShortRun is the whole benchmark on a very small fleet. That the peers' answers are
// ours is checked on the way: a difference is an error.
func TestShortRun(t *testing.T) {
	var log bytes.Buffer
	b, err := newBench("../../..", testScale, &log)
	require.NoError(t, err)
	t.Cleanup(b.close)
	require.NoError(t, b.runAll(t.Context(), sections), log.String())

	found := map[string]row{}
	for _, r := range b.rows {
		found[r.Section+": "+r.What] = r
		require.True(t, r.Text != "" || r.Value >= 0, r.What)
		require.NotEqual(t, r.Text == "", r.Unit == "" && !countsThings(r), "%s has no unit", r.What)
	}
	for section, rows := range wanted {
		for _, what := range rows {
			_, ok := found[section+": "+what]
			require.True(t, ok, "no row %s: %s", section, what)
		}
	}
	requireCounts(t, found)
	requirePeers(t, b)
	requireReport(t, b)
}

// requireCounts asserts what does not depend on the machine.
func requireCounts(t *testing.T, found map[string]row) {
	t.Helper()
	most := map[string]float64{}
	for _, of := range []string{
		"query: closed day, 16 shards", "query: closed day, 256 shards",
		"grow: 35,000 rows, one of 256 shards", "grow: 350,000 rows, one of 256 shards", "grow: 600,000 rows, one of 16 shards",
	} {
		most[of+", first query of an instance: requests"] = 4
		most[of+", cold query: requests"] = 4
		most[of+", cold query: round trips in sequence"] = 3
		most[of+", warm query: round trips in sequence"] = 2
	}
	for _, of := range []string{"1 event", "100 events", "1000 events"} {
		most["recorder: "+of+" a webhook, one partition, empty run: puts"] = 1
	}
	for what, most := range most {
		r, ok := found[what]
		require.True(t, ok, what)
		require.Positive(t, r.Value, what)
		require.LessOrEqual(t, r.Value, most, what)
	}
}

// requirePeers asserts that each peer that is here was compared, and says which is not.
func requirePeers(t *testing.T, b *bench) {
	t.Helper()
	compared := 0
	for _, r := range b.rows {
		if strings.HasPrefix(r.Text, errNotHere.Error()) {
			t.Logf("%s: %s: not compared", r.What, r.Text)
		}
		if strings.HasSuffix(r.What, ": rows equal to ours") {
			require.Positive(t, r.Value, r.What)
			compared++
		}
	}
	require.GreaterOrEqual(t, compared, 5)
}

func requireReport(t *testing.T, b *bench) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bench.json")
	r := b.report(t.Context())
	require.NoError(t, r.write("", file))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var back report
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r.Rows, back.Rows)
	require.Equal(t, 300, back.Devices)

	var table bytes.Buffer
	r.print(&table)
	for _, name := range sectionNames() {
		require.Contains(t, table.String(), fmt.Sprintf("\n%s ", name))
	}
}

// countsThings says that a row is a plain number of what its name says.
func countsThings(r row) bool {
	return strings.Contains(r.What, "round trips") || strings.Contains(r.What, "requests") || strings.Contains(r.What, "live objects")
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		f    figure
		v    float64
		want verdict
	}{
		{figure{}, 1, ""},
		{atMost(2), 1, met}, {atMost(2), 2, met}, {atMost(2), 3, missed},
		{atLeast(2), 1, missed}, {atLeast(2), 2, met}, {atLeast(2), 3, met},
		{atMost(2).when(false, "too small"), 1, notApplicable}, {atMost(2).when(true, "too small"), 1, met},
	} {
		require.Equal(t, c.want, c.f.judge(c.v), "%v of %g", c.f, c.v)
	}
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 0.12345: "0.123", 1.2345: "1.23", 12.345: "12.3", 123.45: "123", 12_345.6: "12,346", 1e7: "10,000,000", 1234: "1234",
	} {
		require.Equal(t, want, short(v))
	}
}

func TestScale(t *testing.T) {
	for text, want := range map[string]float64{"": 1, "0.01": 0.01, "1": 1} {
		got, err := scaleOf(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"x", "0", "-1", "1000"} {
		_, err := scaleOf(text)
		require.Error(t, err, text)
	}
}

func TestChoose(t *testing.T) {
	all, err := choose("")
	require.NoError(t, err)
	require.Len(t, all, len(sections))
	two, err := choose("peers,query")
	require.NoError(t, err)
	require.Len(t, two, 2)
	_, err = choose("nothing")
	require.ErrorContains(t, err, "nothing")
}
