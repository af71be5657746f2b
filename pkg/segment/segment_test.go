package segment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/segment"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fleet returns devices*perDevice events of random devices, in random order. Half of the events are
// connect events, and the other half are keep-alive timeouts.
func fleet(devices, perDevice int) []event.Event {
	random := rand.New(rand.NewPCG(1, 2))
	var events []event.Event
	for i := range devices * perDevice {
		device := random.IntN(devices)
		at := noon.Add(time.Duration(random.IntN(3600_000)) * time.Millisecond)
		e := event.Event{
			InstanceID: "post-cn-1", ClientID: event.ClientID(fmt.Sprintf("GID_meter@@@SN%08d", device)),
			Action: event.Connect, ActionInfo: event.Accepted, Time: at, TimeOrigin: event.FromBroker,
			ReceivedAt: at.Add(time.Duration(random.IntN(50)) * time.Millisecond),
			Source:     "emqx", NativeEvent: "client.connected", ReasonCode: event.Some[int32](0),
			PeerAddress: fmt.Sprintf("10.0.%d.%d", device%7, device%250), PeerPort: int32(1024 + random.IntN(60000)),
			Username: "meter", Node: fmt.Sprintf("emqx@10.1.0.%d", device%6), Protocol: "MQTT", ProtocolVersion: 5,
			KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true), ConnectedAt: at,
		}
		if i%2 == 1 {
			e.Action, e.ActionInfo = event.Close, event.NoHeart
			e.NativeEvent, e.NativeReason = "client.disconnected", "keepalive_timeout"
			e.ReasonCode, e.KeepAlive, e.CleanStart = event.Optional[int32]{}, event.Optional[time.Duration]{}, event.Optional[bool]{}
			e.ConnectedAt = at.Add(-time.Minute)
		}
		events = append(events, e)
	}
	return events
}

func rowsOf(devices, perDevice int) []segment.Row {
	return segment.FromEvents(fleet(devices, perDevice))
}

func write(t testing.TB, rows []segment.Row, groupRows int64) ([]byte, segment.Written) {
	var out bytes.Buffer
	w := segment.NewWriter(&out, groupRows)
	require.NoError(t, w.Write(rows))
	written, err := w.Close()
	require.NoError(t, err)
	require.EqualValues(t, out.Len(), written.Size)
	return out.Bytes(), written
}

// objects is an in-memory store that counts reads.
type objects struct {
	data  map[string][]byte
	reads int
}

func (o *objects) Read(_ context.Context, key string, off, n int64) ([]byte, error) {
	o.reads++
	data := o.data[key]
	if off < 0 || off+n > int64(len(data)) {
		return nil, objstore.ErrRange
	}
	return bytes.Clone(data[off : off+n]), nil
}

func readAll(t testing.TB, cursor *segment.Cursor) ([]segment.Row, error) {
	defer cursor.Close()
	var rows []segment.Row
	for {
		row, err := cursor.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, *row)
	}
}

func open(t testing.TB, store segment.RangeReader, key string, size int64) *segment.Cursor {
	object := segment.Object{Key: key, Size: size}
	footer, err := segment.OpenFooter(t.Context(), store, object)
	require.NoError(t, err)
	return segment.OpenCursor(store, object, footer)
}

func TestEventsSurvive(t *testing.T) {
	full := fleet(1, 2)
	full[0].ChannelID, full[0].SourceEventID = "c", "e"
	full = append(full, event.Event{ // an event with only the mandatory fields
		InstanceID: "i", ClientID: "é\x00/@@@", Action: event.Close, Time: noon, ReceivedAt: noon,
	})
	for _, e := range full {
		row := segment.FromEvent(&e)
		require.Equal(t, e, row.Event(e.InstanceID))
	}
}

func TestWriteAndStream(t *testing.T) {
	rows := rowsOf(60, 10)
	for _, groupRows := range []int64{0, 1, 100, 128, 129, 1 << 20} {
		data, written := write(t, rows, groupRows)
		store := &objects{data: map[string][]byte{"k": data}}
		got, err := readAll(t, open(t, store, "k", written.Size))
		require.NoError(t, err)
		require.Equal(t, rows, got, "row groups of %d", groupRows)
		length, err := segment.FooterLength(data, written.Size)
		require.NoError(t, err)
		require.Equal(t, written.FooterLength, length)
	}
}

// A footer takes two requests if its length is unknown and exceeds 64 KiB, otherwise one. Each row
// group takes one more.
func TestRequestsToReadASegment(t *testing.T) {
	for _, c := range []struct {
		groupRows   int64
		knownLength bool
		requests    int
	}{{100, true, 1}, {100, false, 1}, {1, true, 1}, {1, false, 2}} {
		data, written := write(t, rowsOf(30, 5), c.groupRows)
		require.Equal(t, c.groupRows == 1, written.FooterLength > 64<<10)
		object := segment.Object{Key: "k", Size: written.Size}
		if c.knownLength {
			object.FooterLength = written.FooterLength
		}
		store := &objects{data: map[string][]byte{"k": data}}
		footer, err := segment.OpenFooter(t.Context(), store, object)
		require.NoError(t, err)
		require.Equal(t, c.requests, store.reads)
		_, err = readAll(t, segment.OpenCursor(store, object, footer))
		require.NoError(t, err)
		require.Equal(t, c.requests+len(footer.Groups()), store.reads)
	}
}

// A reused writer must write the same bytes as a new writer. This needs a check because the Parquet
// library's Reset blanks metadata in all files after the first.
func TestReusedWriterWritesTheSameBytes(t *testing.T) {
	rows := rowsOf(50, 10)
	want, _ := write(t, rows, 100)
	w := segment.NewWriter(io.Discard, 100)
	for range 3 {
		var out bytes.Buffer
		w.Reset(&out, 100)
		require.NoError(t, w.Write(rows))
		_, err := w.Close()
		require.NoError(t, err)
		require.Equal(t, want, out.Bytes())
	}
	file, err := parquet.OpenFile(bytes.NewReader(want), int64(len(want)))
	require.NoError(t, err)
	for _, group := range file.Metadata().RowGroups {
		require.Len(t, group.SortingColumns, 2)
		for _, column := range group.Columns {
			require.Len(t, column.MetaData.PathInSchema, 1)
		}
	}
}

func TestLookupReadsOneRowGroup(t *testing.T) {
	rows := rowsOf(200, 10)
	data, written := write(t, rows, 64)
	footer, err := segment.ParseFooter(data[written.Size-written.FooterLength:], written.Size)
	require.NoError(t, err)
	for _, client := range []string{rows[0].ClientID, rows[len(rows)/2].ClientID, rows[len(rows)-1].ClientID, "", "GID_meter@@@SN00000000x", "zzz"} {
		require.LessOrEqual(t, len(footer.GroupsOf(event.ClientID(client), math.MinInt64, math.MaxInt64)), 1)
		require.Equal(t, between(rows, client, math.MinInt64, math.MaxInt64, false), clientRows(t, data, client), client)
	}
}

func TestClientIDsLongerThanAnyBound(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 65000)
	var events []event.Event
	for i := range 20 {
		events = append(events, event.Event{
			InstanceID: "i", ClientID: event.ClientID(string(long) + fmt.Sprint(i)), Time: noon, ReceivedAt: noon, Action: event.Close,
		})
	}
	rows := segment.FromEvents(events)
	data, written := write(t, rows, 3)
	footer, err := segment.ParseFooter(data, written.Size)
	require.NoError(t, err)
	for _, row := range rows {
		groups := footer.GroupsOf(event.ClientID(row.ClientID), row.Time, row.Time)
		require.Len(t, groups, 1)
		require.Equal(t, []segment.Row{row}, clientRows(t, data, row.ClientID))
	}
}

func TestOfDuplicatesTheFirstReceivedIsKept(t *testing.T) {
	events := fleet(5, 10)
	again := append([]event.Event(nil), events...)
	for i := range again {
		again[i].ReceivedAt = again[i].ReceivedAt.Add(time.Hour)
	}
	want := segment.FromEvents(events)
	require.Equal(t, want, segment.FromEvents(append(again, events...)))
	require.Equal(t, want, segment.Union(segment.FromEvents(again), want))
	require.Equal(t, want, segment.Union(want, segment.FromEvents(again)))

	other := events[0]
	other.SourceEventID = "another"
	require.Len(t, segment.FromEvents([]event.Event{events[0], other}), 2, "two events of one millisecond")
}

func TestMerge(t *testing.T) {
	events := fleet(100, 20)
	want := segment.FromEvents(events)
	store := &objects{data: map[string][]byte{}}
	var cursors []*segment.Cursor
	for i := range 5 { // each event is in two inputs
		var part []event.Event
		for j, e := range events {
			if j%5 == i || (j+1)%5 == i {
				part = append(part, e)
			}
		}
		key := fmt.Sprint(i)
		data, written := write(t, segment.FromEvents(part), 64)
		store.data[key] = data
		cursors = append(cursors, open(t, store, key, written.Size))
	}
	merge, err := segment.NewMerge(t.Context(), cursors)
	require.NoError(t, err)
	var got []segment.Row
	for {
		row, err := merge.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		got = append(got, *row)
	}
	require.Equal(t, want, got)
}

func TestDigestDiffersIfARowDiffers(t *testing.T) {
	rows := rowsOf(10, 5)
	var forward, backward, other segment.Digest
	for i := range rows {
		forward.Add(&rows[i])
		backward.Add(&rows[len(rows)-1-i])
	}
	require.True(t, forward.Equal(backward))
	rows[3].NativeReason += "x"
	for i := range rows {
		other.Add(&rows[i])
	}
	require.False(t, forward.Equal(other))
}

// A reader of a damaged object must return an error or the original rows. It must never panic
// or return other rows.
func TestDamageIsDetected(t *testing.T) {
	rows := rowsOf(40, 10)
	data, written := write(t, rows, 100)
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		damaged := bytes.Clone(data)
		damaged[random.IntN(len(damaged))] ^= byte(1 << random.IntN(8))
		checkDamaged(t, damaged, rows)
	}
	for _, length := range []int64{0, 1, 7, 8, 11, 12, 100, written.Size / 2, written.Size - written.FooterLength, written.Size - 1} {
		checkDamaged(t, data[:length], rows)
	}
	checkDamaged(t, append(bytes.Clone(data[:8]), 0xff, 0xff, 0xff, 0xff, 'P', 'A', 'R', '1'), rows)
}

func checkDamaged(t *testing.T, data []byte, want []segment.Row) {
	store := &objects{data: map[string][]byte{"k": data}}
	object := segment.Object{Key: "k", Size: int64(len(data))}
	footer, err := segment.OpenFooter(t.Context(), store, object)
	if err != nil {
		require.ErrorIs(t, err, segment.ErrCorrupt)
		return
	}
	got, err := readAll(t, segment.OpenCursor(store, object, footer))
	if err != nil {
		require.ErrorIs(t, err, segment.ErrCorrupt)
		return
	}
	require.Equal(t, want, got)
}

func FuzzParseFooter(f *testing.F) {
	data, written := write(f, rowsOf(5, 4), 8)
	f.Add(data)
	f.Add(data[written.Size-written.FooterLength:])
	f.Fuzz(func(t *testing.T, data []byte) {
		footer, err := segment.ParseFooter(data, int64(len(data)))
		if err != nil {
			require.ErrorIs(t, err, segment.ErrCorrupt)
			return
		}
		for _, descending := range []bool{false, true} {
			c := footer.ClientRows("GID_meter@@@SN00000001", math.MinInt64, math.MaxInt64, descending)
			_, _ = decodeAll(c, data, 2, 1<<10)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		rows := rowsOf(n, 1)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, err := segment.Encode(rows)
				require.NoError(b, err)
				b.ReportMetric(float64(len(data)), "bytes")
			}
		})
	}
}

func BenchmarkLookup(b *testing.B) {
	rows := rowsOf(3500, 10)
	data, written := write(b, rows, segment.GroupRows(int64(len(rows))))
	footer, err := segment.ParseFooter(data[written.Size-written.FooterLength:], written.Size)
	require.NoError(b, err)
	client := rows[len(rows)/2].ClientID
	g := footer.GroupsOf(event.ClientID(client), math.MinInt64, math.MaxInt64)[0]
	b.ReportAllocs()
	for b.Loop() {
		_, err := decodeAll(footer.ClientRows(event.ClientID(client), math.MinInt64, math.MaxInt64, false), data, 1, math.MaxInt64)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(written.Size)/float64(len(rows)), "bytes/row")
	b.ReportMetric(float64(written.FooterLength), "footer-bytes")
	b.ReportMetric(float64(g.Length), "group-bytes")
}

func BenchmarkMerge(b *testing.B) {
	rows := rowsOf(8000, 10)
	store := &objects{data: map[string][]byte{}}
	for i := range 8 {
		var part []segment.Row
		for j := i; j < len(rows); j += 8 {
			part = append(part, rows[j])
		}
		data, _ := write(b, part, segment.GroupRows(int64(len(part))))
		store.data[fmt.Sprint(i)] = data
	}
	b.ReportAllocs()
	for b.Loop() {
		var cursors []*segment.Cursor
		for key, data := range store.data {
			cursors = append(cursors, open(b, store, key, int64(len(data))))
		}
		merge, err := segment.NewMerge(b.Context(), cursors)
		require.NoError(b, err)
		w := segment.NewWriter(io.Discard, segment.GroupRows(int64(len(rows))))
		for {
			row, err := merge.Next(b.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(b, err)
			require.NoError(b, w.Add(row))
		}
		_, err = w.Close()
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Checksums must be checked before the Parquet library parses the bytes.
func TestChecksumsComeFirst(t *testing.T) {
	rows := rowsOf(40, 10)
	data, written := write(t, rows, 100)
	footer, err := segment.ParseFooter(data, written.Size)
	require.NoError(t, err)
	for i, g := range footer.Groups() {
		damaged := bytes.Clone(data)
		damaged[g.Offset+g.Length/2] ^= 1
		_, err := readAll(t, open(t, &objects{data: map[string][]byte{"k": damaged}}, "k", written.Size))
		require.ErrorIs(t, err, segment.ErrCorrupt)
		require.ErrorContains(t, err, fmt.Sprintf("the checksum of row group %d is wrong", i))
	}
	for at := written.Size - written.FooterLength; at < written.Size-8; at += 97 {
		damaged := bytes.Clone(data)
		damaged[at] ^= 1
		_, err := segment.ParseFooter(damaged[written.Size-written.FooterLength:], written.Size)
		require.ErrorIs(t, err, segment.ErrCorrupt)
		require.ErrorContains(t, err, "the footer's checksum is wrong")
	}
}

func TestNoSegmentWithoutRows(t *testing.T) {
	_, err := segment.NewWriter(io.Discard, 0).Close()
	require.EqualError(t, err, "encode segment: no rows")
	_, err = segment.Encode(nil)
	require.EqualError(t, err, "encode segment: no rows")
}

// Once a row group has reached its intended size, in rows or in bytes, it must end at the next
// client. At twice that size, it must end even within a client's rows.
func TestRowGroupsEndWithAClient(t *testing.T) {
	const quarter = 2 << 20 / 4 // of the maximum size in bytes
	for name, c := range map[string]struct {
		clients   string // one letter per row
		rowBytes  int64
		groupRows int64
		want      []int64 // rows per row group
	}{
		"full at a new client":           {"aaaabb", 100, 4, []int64{4, 2}},
		"full before a new client":       {"aaabbbcc", 100, 4, []int64{6, 2}},
		"a client with many rows":        {"aaaaaaaaaab", 100, 4, []int64{8, 3}},
		"long rows":                      {"abcdef", quarter, 0, []int64{4, 2}},
		"long rows, limited rows":        {"abcdef", quarter, 100, []int64{4, 2}},
		"slightly shorter rows":          {"abcdef", quarter - 1, 0, []int64{5, 1}},
		"a client with many long rows":   {"aaaaaaaaaab", quarter, 0, []int64{8, 3}},
		"short rows, no limit in number": {"aaaaaaaaaab", 100, 0, []int64{11}},
	} {
		rows := make([]segment.Row, len(c.clients))
		for i := range rows {
			rows[i] = segment.Row{ClientID: c.clients[i : i+1], Time: int64(i)}
			var size segment.Digest // only for the sizes that Add returns
			missing := c.rowBytes - size.Add(&rows[i])
			rows[i].Username = strings.Repeat("u", int(missing))
			excess := size.Add(&rows[i]) - c.rowBytes // encoding the length of a longer username takes more bytes
			rows[i].Username = rows[i].Username[excess:]
		}
		data, written := write(t, rows, c.groupRows)
		footer, err := segment.ParseFooter(data, written.Size)
		require.NoError(t, err)
		var got []int64
		for _, g := range footer.Groups() {
			require.Equal(t, g.Rows*c.rowBytes, g.Raw, name)
			got = append(got, g.Rows)
		}
		require.Equal(t, c.want, got, name)
		read, err := readAll(t, open(t, &objects{data: map[string][]byte{"k": data}}, "k", written.Size))
		require.NoError(t, err)
		require.Equal(t, rows, read, name)
	}
}

// broken is a store that panics on every read after the first.
type broken struct{ *objects }

func (b broken) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if b.reads > 0 {
		panic("the store is broken")
	}
	return b.objects.Read(ctx, key, off, n)
}

// A panic in the store must not make an object count as corrupt, because a compaction leaves out
// corrupt objects.
func TestAPanicOfTheStoreIsPassedOn(t *testing.T) {
	data, written := write(t, rowsOf(4, 2), 0)
	cursor := open(t, broken{&objects{data: map[string][]byte{"k": data}}}, "k", written.Size)
	require.PanicsWithValue(t, "the store is broken", func() { _, _ = cursor.Next(t.Context()) })
}

// span returns n events of a client, one per second.
func span(client string, n int) (events []event.Event) {
	for i := range n {
		at := noon.Add(time.Duration(i) * time.Second)
		events = append(events, event.Event{InstanceID: "i", ClientID: event.ClientID(client), Time: at, ReceivedAt: at})
	}
	return events
}

// cutOff is a store whose connection breaks after a given number of reads.
type cutOff struct {
	*objects
	at int
}

func (c *cutOff) Read(ctx context.Context, key string, off, n int64) ([]byte, error) {
	if c.reads == c.at {
		return nil, &url.Error{Op: "Get", URL: "http://store", Err: io.EOF}
	}
	return c.objects.Read(ctx, key, off, n)
}

// The error from a broken connection may wrap io.EOF. A cursor must not mistake it for the end of
// the rows.
func TestABrokenConnectionIsNotTheEnd(t *testing.T) {
	data, written := write(t, rowsOf(40, 10), 100)
	for at := range 5 {
		store := &cutOff{&objects{data: map[string][]byte{"k": data}}, at}
		object := segment.Object{Key: "k", Size: written.Size}
		footer, err := segment.OpenFooter(t.Context(), store, object)
		if at > 0 { // the first read is of the footer
			require.NoError(t, err)
			var merge *segment.Merge
			merge, err = segment.NewMerge(t.Context(), []*segment.Cursor{segment.OpenCursor(store, object, footer)})
			for err == nil {
				_, err = merge.Next(t.Context())
			}
			require.NotErrorIs(t, err, io.EOF, "read %d", at)
		}
		var cause *url.Error
		require.ErrorAs(t, err, &cause)
	}
}
