package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// columns lists the columns of a segment, each with its name and its type in DuckDB.
var columns = []string{
	"client_id VARCHAR", "time TIMESTAMP WITH TIME ZONE", "action VARCHAR", "action_info VARCHAR",
	"channel_id VARCHAR", "native_event VARCHAR", "native_reason VARCHAR", "reason_code INTEGER",
	"received_delay_ms BIGINT", "peer_address VARCHAR", "peer_port BIGINT",
	"username VARCHAR", "node VARCHAR", "protocol VARCHAR", "protocol_version INTEGER", "keep_alive INTEGER",
	"clean_start INTEGER", "source VARCHAR", "source_event_id VARCHAR", "time_origin VARCHAR",
	"connected_for_ms BIGINT",
}

// values returns the values of a row in the order of columns. The values have the types that
// canonical returns, so that they can be compared with values from DuckDB.
func values(r segment.Row) []any {
	var connectedFor any
	if r.ConnectedAt != 0 {
		connectedFor = r.Time - r.ConnectedAt
	}
	return []any{
		r.ClientID, r.Time, r.Action, r.ActionInfo,
		r.ChannelID, r.NativeEvent, r.NativeReason, int64(r.ReasonCode),
		r.ReceivedDelay, r.PeerAddress, r.PeerPort,
		r.Username, r.Node, r.Protocol, int64(r.ProtocolVersion), int64(r.KeepAlive),
		int64(r.CleanStart), r.Source, r.SourceEventID, r.TimeOrigin,
		connectedFor,
	}
}

// canonical converts integers to int64 and times to Unix milliseconds. It returns other values
// unchanged.
func canonical(v any) any {
	switch v := v.(type) {
	case int32:
		return int64(v)
	case time.Time:
		return v.UnixMilli()
	default:
		return v
	}
}

// duck is an in-memory DuckDB.
type duck struct{ *sql.DB }

func openDuck(t *testing.T) duck {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return duck{db}
}

// query runs an SQL statement and returns all rows of the result. It passes each value through
// canonical.
func (d duck) query(t *testing.T, statement string, parameters ...any) (rows [][]any) {
	t.Helper()
	result, err := d.QueryContext(t.Context(), statement, parameters...)
	require.NoError(t, err, statement)
	defer result.Close()
	names, err := result.Columns()
	require.NoError(t, err)
	for result.Next() {
		row, places := make([]any, len(names)), make([]any, len(names))
		for i := range row {
			places[i] = &row[i]
		}
		require.NoError(t, result.Scan(places...))
		for i := range row {
			row[i] = canonical(row[i])
		}
		rows = append(rows, row)
	}
	require.NoError(t, result.Err())
	return rows
}

func (d duck) number(t *testing.T, statement string, parameters ...any) int {
	t.Helper()
	rows := d.query(t, statement, parameters...)
	require.Len(t, rows, 1)
	return int(rows[0][0].(int64))
}

// requireFile checks that DuckDB and our reader see the same columns and the same rows in a
// segment, in the same order. The rows must be sorted. requireFile returns their number.
func (d duck) requireFile(t *testing.T, file string) (rows int) {
	t.Helper()
	ours := readSegment(t, file)
	from := fmt.Sprintf("read_parquet('%s', hive_partitioning = false)", file)
	var described []string
	for _, column := range d.query(t, "SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM "+from+")") {
		described = append(described, column[0].(string))
	}
	require.Equal(t, columns, described)
	require.Equal(t, len(ours), d.number(t, "SELECT num_rows FROM parquet_file_metadata('"+file+"')"))
	theirs := d.query(t, "SELECT * FROM "+from)
	require.Len(t, theirs, len(ours))
	for i := range ours {
		require.Equal(t, values(ours[i]), theirs[i], "row %d", i)
	}
	require.True(t, slices.IsSortedFunc(ours, func(a, b segment.Row) int { return a.Compare(&b) }))
	return len(ours)
}

// readSegment returns all rows of a segment as our reader sees them.
func readSegment(t *testing.T, file string) (rows []segment.Row) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	store, object := memstore.New(), segment.Object{Key: filepath.Base(file), Size: int64(len(data))}
	require.NoError(t, store.Put(t.Context(), object.Key, bytes.NewReader(data), object.Size))
	footer, err := segment.OpenFooter(t.Context(), store, object)
	require.NoError(t, err)
	cursor := segment.OpenCursor(store, object, footer)
	defer cursor.Close()
	for {
		row, err := cursor.Next(t.Context())
		if err == io.EOF {
			return rows
		}
		require.NoError(t, err)
		rows = append(rows, *row)
	}
}

// copyLive copies the live segments into a folder with Hive partitions. The live segments are all
// compacted segments and the last object of every run.
func (s *stack) copyLive(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	all := s.objects(t, "events/")
	var listing []objstore.Object
	for _, key := range slices.Sorted(maps.Keys(all)) {
		listing = append(listing, objstore.Object{Key: key})
	}
	runs, live := layout.SplitRuns(layout.Segments(listing))
	for _, run := range runs {
		live = append(live, run.Head())
	}
	for _, object := range live {
		file := filepath.Join(dir, object.Key)
		require.NoError(t, copyFile(all[object.Key], file))
		files = append(files, file)
	}
	return dir, files
}

// TestDuckDBAgrees checks that DuckDB and our reader agree about every segment. They must see the
// same columns and rows, in fresh and in compacted segments. DuckDB must also find each device's
// rows in the partition that our layout assigns to them.
func TestDuckDBAgrees(t *testing.T) {
	s, db := newStack(t), openDuck(t)
	from := time.Now().Add(-2 * time.Minute)
	events := mixedEvents(3, from, 2000)
	for batch := range slices.Chunk(events, 250) {
		s.record(t, "duck", batch)
	}
	s.fillRuns(t, "duck", "GID_x@@@plain", runsBegin())
	total := len(events) + runs*runRows

	fresh := db.requireBucket(t, s, events, total)
	s.age(t)
	s.compact(t)
	compacted := db.requireBucket(t, s, events, total)
	require.Less(t, compacted, fresh)
	t.Logf("%d rows in %d fresh segments, then in %d", total, fresh, compacted)
}

// requireBucket compares the whole bucket with the events that the test sent. It returns the number
// of live segments.
func (d duck) requireBucket(t *testing.T, s *stack, events []inputEvent, total int) (segments int) {
	t.Helper()
	dir, files := s.copyLive(t)
	rows := 0
	for _, file := range files {
		rows += d.requireFile(t, file)
	}
	require.Equal(t, total, rows)
	from := fmt.Sprintf("read_parquet('%s/events/*/*/*/*.parquet', hive_partitioning = true, hive_types = {'instance': VARCHAR, 'shard': VARCHAR, 'day': DATE})", dir)
	require.Equal(t, total, d.number(t, "SELECT count(*) FROM "+from))
	require.Zero(t, d.number(t, "SELECT count(*) FROM "+from+
		" WHERE shard <> substr(md5(client_id), 1, 1) OR day <> CAST(time AT TIME ZONE 'UTC' AS DATE)"))
	d.requireSent(t, from, events)
	d.requireFound(t, from, events)
	d.requireDistinct(t, s, total)
	return len(files)
}

// requireSent checks that DuckDB reads exactly the events that the test sent. The check does not
// use our own reader.
func (d duck) requireSent(t *testing.T, from string, events []inputEvent) {
	t.Helper()
	got := d.query(t, "SELECT client_id, action, time, source_event_id, time - connected_for_ms * INTERVAL 1 millisecond, peer_port, keep_alive FROM "+from+
		" WHERE source_event_id LIKE 'mixed-%' ORDER BY source_event_id")
	require.Len(t, got, len(events))
	for i, e := range events {
		var connectedAt any
		if e.ConnectedAt != 0 {
			connectedAt = e.ConnectedAt
		}
		keepAlive := int64(-1)
		if e.KeepAlive != nil {
			keepAlive = int64(*e.KeepAlive)
		}
		require.Equal(t, []any{e.ClientID, e.Action, e.Time, e.SourceEventID, connectedAt, int64(e.PeerPort), keepAlive}, got[i])
	}
}

// requireFound looks up each device with DuckDB. The statistics and the partitions let DuckDB skip
// data, but they must not hide any row of the device.
func (d duck) requireFound(t *testing.T, from string, events []inputEvent) {
	t.Helper()
	byClient := map[string]int{}
	for _, e := range events {
		byClient[e.ClientID]++
	}
	for clientID, n := range byClient {
		require.Equal(t, n, d.number(t, "SELECT count(*) FROM "+from+
			" WHERE client_id = $1 AND shard = substr(md5($1), 1, 1) AND source_event_id LIKE 'mixed-%'", clientID), clientID)
	}
}

// requireDistinct reads all objects of the bucket, including the earlier objects of each run. Every
// row of an earlier object must be identical to a row of the run's last object.
func (d duck) requireDistinct(t *testing.T, s *stack, total int) {
	t.Helper()
	var files []string
	for _, file := range s.objects(t, "events/") {
		files = append(files, "'"+file+"'")
	}
	require.Equal(t, total, d.number(t, "SELECT count(*) FROM (SELECT DISTINCT * FROM read_parquet(["+
		strings.Join(files, ", ")+"], hive_partitioning = false))"))
}

// TestDuckDBReadsReusedWriter writes several segments with the same segment.Writer and checks that
// DuckDB can read each of them.
func TestDuckDBReadsReusedWriter(t *testing.T) {
	db := openDuck(t)
	w := segment.NewWriter(io.Discard, 0)
	for i, rows := range []int{1, 3000, 700, 3000} {
		var data bytes.Buffer
		w.Reset(&data, 1024)
		require.NoError(t, w.Write(someRows(uint64(i), rows)))
		written, err := w.Close()
		require.NoError(t, err)
		require.EqualValues(t, data.Len(), written.Size)
		file := filepath.Join(t.TempDir(), "segment.parquet")
		require.NoError(t, os.WriteFile(file, data.Bytes(), 0o644))
		require.Equal(t, rows, db.requireFile(t, file))
	}
}

// someRows returns n sorted rows. Some client identifiers are too long for the statistics, which
// then hold only a prefix.
func someRows(seed uint64, n int) []segment.Row {
	rows := make([]segment.Row, n)
	for i, e := range mixedEvents(seed, time.UnixMilli(1795339800000), n) {
		rows[i] = segment.Row{
			ClientID: e.ClientID + strings.Repeat("x", i%3*200), Time: e.Time, Action: e.Action,
			SourceEventID: e.SourceEventID, ConnectedAt: e.ConnectedAt, ReasonCode: -1, KeepAlive: -1, CleanStart: -1,
		}
	}
	return segment.Distinct(rows)
}
