package segment_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// withFooter returns a copy of a segment, without its index and with the given footer and a
// matching checksum.
func withFooter(data []byte, footer []byte) []byte {
	length := uint32(len(footer))
	footer = append(binary.LittleEndian.AppendUint32(bytes.Clone(footer), length), "PAR1"...)
	before := withoutIndex(data[:len(data)-16-footerLength(data)])
	changed := binary.LittleEndian.AppendUint64(bytes.Clone(before), xxhash.Sum64(footer))
	return append(changed, footer...)
}

// withoutIndex returns the given bytes without the index at their end, if there is one.
func withoutIndex(before []byte) []byte {
	if start := len(before) - 12 - int(binary.LittleEndian.Uint32(before[len(before)-12:])); start >= 0 {
		if _, err := segment.ParseIndex(before[start:], int64(start)); err == nil {
			return before[:start]
		}
	}
	return before
}

// footerLength returns the length of the footer, as stated at the end of a Parquet file.
func footerLength(data []byte) int { return int(binary.LittleEndian.Uint32(data[len(data)-8:])) }

type metadata = format.FileMetaData

// changed returns a copy of a segment with a changed footer and the matching checksum.
func changed(t *testing.T, data []byte, change func(*metadata)) []byte {
	end := len(data) - 8
	var m metadata
	require.NoError(t, thrift.Unmarshal(new(thrift.CompactProtocol), data[end-footerLength(data):end], &m))
	change(&m)
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &m)
	require.NoError(t, err)
	return withFooter(data, footer)
}

// set returns a change that sets the given keys of our own metadata to text.
func set(text string, keys ...string) func(*metadata) {
	return func(m *metadata) {
		for i, pair := range m.KeyValueMetadata {
			if slices.Contains(keys, strings.TrimPrefix(pair.Key, "device-trace.")) {
				m.KeyValueMetadata[i].Value = text
			}
		}
	}
}

// chunk returns a change to the metadata of one column chunk.
func chunk(group, column int, change func(*format.ColumnMetaData)) func(*metadata) {
	return func(m *metadata) { change(&m.RowGroups[group].Columns[column].MetaData) }
}

func TestFootersThatAreNotOfAValidSegment(t *testing.T) {
	data, _ := write(t, rowsOf(9, 4), 12)
	data = changed(t, data, func(*metadata) {}) // has no index
	require.Equal(t, data, changed(t, data, func(*metadata) {}))
	first := func(change func(*format.ColumnMetaData)) func(*metadata) { return chunk(0, 0, change) }
	for name, c := range map[string]struct {
		change func(*metadata)
		want   string
	}{
		"schema":    {set("x", "schema"), `its schema is "x"`},
		"version":   {set("4", "version"), `its schema version is "4"`},
		"no column": {func(m *metadata) { m.Schema[3].Name = "x" }, "it has no column action"},
		"columns swapped": {func(m *metadata) {
			m.Schema[9].Name, m.Schema[21].Name = m.Schema[21].Name, m.Schema[9].Name // only the last column may be null
		}, "it has no column connected_for_ms"},
		"another column":        {func(m *metadata) { m.Schema = append(m.Schema, m.Schema[3]) }, "it has 22 columns instead of 21"},
		"another codec":         {chunk(1, 4, func(c *format.ColumnMetaData) { c.Codec = format.Snappy }), "row group 1 is not compressed with ZSTD"},
		"chunks overlap":        {chunk(1, 4, func(c *format.ColumnMetaData) { c.DataPageOffset-- }), "column chunk 4 of row group 1 is out of order"},
		"a chunk missing":       {func(m *metadata) { m.RowGroups[1].Columns = m.RowGroups[1].Columns[:20] }, "row group 1 has 20 column chunks instead of 21"},
		"no count":              {set("", "rows"), `its metadata states "" rows`},
		"no hash":               {set("", "hash"), `with hash ""`},
		"no count and no hash":  {set("", "rows", "hash"), `its metadata states "" rows with hash ""`},
		"another count":         {set("35", "rows"), "its metadata states 35 rows, its row groups 36"},
		"no checksums":          {set("", "groups"), "it has 0 checksums and 3 sizes for 3 row groups"},
		"half a checksum":       {set("0", "groups"), `checksum "0" is shorter than 16 digits`},
		"no hexadecimal":        {set(strings.Repeat("x", 48), "groups"), `checksum "xxxxxxxxxxxxxxxx" is not hexadecimal`},
		"no sizes":              {set("", "raw"), `size "" of a row group is not a positive number`},
		"two sizes":             {set("1,1", "raw"), "it has 3 checksums and 2 sizes for 3 row groups"},
		"no number as size":     {set("1,1,x", "raw"), `size "x" of a row group is not a positive number`},
		"no positive size":      {set("1,1,0", "raw"), `size "0" of a row group is not a positive number`},
		"groups overlap":        {chunk(1, 0, func(c *format.ColumnMetaData) { c.DataPageOffset = 4 }), "row group 1 is out of order"},
		"clients overlap":       {first(func(c *format.ColumnMetaData) { c.Statistics.MaxValue = []byte("z") }), "row group 1 is out of order"},
		"bounds swapped":        {first(func(c *format.ColumnMetaData) { c.Statistics.MinValue = []byte("z") }), "row group 0 is out of order"},
		"no bounds of clients":  {first(func(c *format.ColumnMetaData) { c.Statistics.MinValue = nil }), "row group 0 lacks the bounds"},
		"no bounds of times":    {chunk(0, 1, func(c *format.ColumnMetaData) { c.Statistics.MaxValue = nil }), "row group 0 lacks the bounds"},
		"starts in the magic":   {first(func(c *format.ColumnMetaData) { c.DataPageOffset = 3 }), "column chunk 1 of row group 0 is out of order"},
		"negative length":       {first(func(c *format.ColumnMetaData) { c.TotalCompressedSize = -1 }), "row group 0 lies outside the object"},
		"ends after the object": {first(func(c *format.ColumnMetaData) { c.TotalCompressedSize = 1 << 40 }), "row group 0 lies outside the object"},
		"empty group": {func(m *metadata) {
			for i := range m.RowGroups[0].Columns {
				chunk(0, i, func(c *format.ColumnMetaData) {
					c.DataPageOffset, c.DictionaryPageOffset, c.TotalCompressedSize = 4, 0, 0
				})(m)
			}
		}, "row group 0 is empty"},
	} {
		data := changed(t, data, c.change)
		_, err := segment.ParseFooter(data, int64(len(data)))
		requireCorrupt(t, err, c.want, name)
	}
}

func TestFooterBytesThatAreNotOfAValidSegment(t *testing.T) {
	data, written := write(t, rowsOf(9, 4), 12)
	_, err := segment.ParseFooter(data[written.Size-written.FooterLength+1:], written.Size)
	requireCorrupt(t, err, "bytes of a footer of", "")
	for _, footer := range []string{"", "no Thrift"} {
		data := withFooter(data, []byte(footer))
		_, err := segment.ParseFooter(data, int64(len(data)))
		require.ErrorIs(t, err, segment.ErrCorrupt, footer)
	}
}

func TestFooterLengths(t *testing.T) {
	const magic, fixed = 4, 16 // besides the footer, its checksum, length and magic take 16 bytes
	for stated, c := range map[uint32]struct {
		size int64
		want string
	}{
		0:              {magic + fixed, ""},
		100:            {magic + fixed + 100, ""},
		101:            {magic + fixed + 100, "its footer states a length of 117 bytes, but the object has 120"},
		64<<20 - fixed: {1 << 40, ""},
		64<<20 - 15:    {1 << 40, "its footer states a length"},
		math.MaxUint32: {1 << 40, "its footer states a length"},
	} {
		tail := append(binary.LittleEndian.AppendUint32(nil, stated), "PAR1"...)
		length, err := segment.FooterLength(tail, c.size)
		requireCorrupt(t, err, c.want, fmt.Sprint(stated))
		if c.want == "" {
			require.EqualValues(t, stated+fixed, length)
		}
	}
	for _, tail := range []string{"", "AR1", "\x00\x00\x00PAR1", "\x00\x00\x00\x00PAR2"} {
		_, err := segment.FooterLength([]byte(tail), 1<<20)
		require.ErrorIs(t, err, segment.ErrCorrupt, "%q", tail)
	}
}

// Readers must report invalid rows even if the footer and all checksums are valid.
func TestRowsThatAreNotOfAValidSegment(t *testing.T) {
	rows := segment.FromEvents(span("GID_a", 300))
	for i := range rows {
		rows[i].ConnectedAt = int64(i % 2) // every other value is null
	}
	data, written := write(t, rows, 0)
	footer, err := segment.ParseFooter(data, written.Size)
	require.NoError(t, err)
	raw := footer.Groups()[0].Raw
	with := func(change func([]segment.Row)) []byte {
		rows := slices.Clone(rows)
		change(rows)
		data, _ := write(t, rows, 0)
		return data
	}
	damaged := bytes.Clone(data)
	group := damaged[4 : 4+footer.Groups()[0].Length]
	group[1] ^= 0xff

	for name, c := range map[string]struct {
		data           []byte
		cursor, lookup string // the errors of a cursor and of a lookup, which reads less
	}{
		"another hash": {changed(t, data, set("1", "hash")), "the rows do not match the footer", ""},
		"lower size":   {changed(t, data, set(fmt.Sprint(raw-1), "raw")), "the rows of row group 0 take", ""},
		"higher size":  {changed(t, data, set(fmt.Sprint(raw+1), "raw")), "the rows of row group 0 take", ""},
		"one row more": {changed(t, changed(t, data, set("301", "rows")), func(m *metadata) { m.RowGroups[0].NumRows = 301 }),
			"column client_id ends early", "column client_id ends early"},
		"rows swapped":   {with(func(r []segment.Row) { r[50], r[60] = r[60], r[50] }), "rows out of order", "rows out of order"},
		"blocks swapped": {with(func(r []segment.Row) { r[127], r[128] = r[128], r[127] }), "rows out of order", "rows out of order"},
		// A binary search for GID_a does not meet this row.
		"another client's row": {with(func(r []segment.Row) { r[5].ClientID = "GID_" }), "rows out of order", "rows out of order"},
		"damaged page header":  {changed(t, damaged, set(fmt.Sprintf("%016x", xxhash.Sum64(group)), "groups")), "damaged page header", "damaged page header"},
	} {
		requireUnreadable(t, c.data, "GID_a", c.cursor, c.lookup, name)
	}
}

// requireCorrupt requires an ErrCorrupt that contains the given text or, if the text is empty, no
// error.
func requireCorrupt(t *testing.T, err error, want, name string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err, name)
		return
	}
	require.ErrorIs(t, err, segment.ErrCorrupt, name)
	require.ErrorContains(t, err, want, name)
}

// requireUnreadable requires the given errors from a cursor and from lookups of a client in both
// directions.
func requireUnreadable(t *testing.T, data []byte, client event.ClientID, cursor, lookup, name string) {
	t.Helper()
	size := int64(len(data))
	footer, err := segment.ParseFooter(data, size)
	require.NoError(t, err, name)
	_, err = readAll(t, segment.OpenCursor(&objects{data: map[string][]byte{"": data}}, segment.Object{Size: size}, footer))
	requireCorrupt(t, err, cursor, name)
	for _, descending := range []bool{false, true} {
		_, err = decodeAll(footer.ClientRows(client, math.MinInt64, math.MaxInt64, descending), data, 1, math.MaxInt64)
		requireCorrupt(t, err, lookup, name)
	}
}

// Readers must report a column chunk without values as corrupt.
func TestColumnsThatEndEarly(t *testing.T) {
	rows := append(segment.FromEvents(span("GID_a", 5)), segment.FromEvents(span("GID_b", 5))...)
	data, _ := write(t, rows, 0)
	for column := range 21 {
		short := withoutChunk(t, data, column)
		for _, client := range []event.ClientID{"GID_a", "GID_b"} {
			requireUnreadable(t, short, client, "ends early", "ends early", fmt.Sprint(column))
		}
	}
}

// withoutChunk returns a copy of a segment that lacks the bytes of one column chunk. The segment
// must have exactly one row group.
func withoutChunk(t *testing.T, data []byte, column int) []byte {
	var cut []byte
	shortened := changed(t, data, func(m *metadata) {
		columns := m.RowGroups[0].Columns
		c := &columns[column].MetaData
		length, start := c.TotalCompressedSize, c.DataPageOffset
		if c.DictionaryPageOffset > 0 {
			start, c.DataPageOffset, c.DictionaryPageOffset = c.DictionaryPageOffset, c.DictionaryPageOffset, 0
		}
		c.TotalCompressedSize = 0
		for i := column + 1; i < len(columns); i++ {
			c := &columns[i].MetaData
			c.DataPageOffset -= length
			c.DictionaryPageOffset = max(0, c.DictionaryPageOffset-length)
		}
		end := columns[20].MetaData.DataPageOffset + columns[20].MetaData.TotalCompressedSize
		cut = append(bytes.Clone(data[:start]), data[start+length:]...)
		set(fmt.Sprintf("%016x", xxhash.Sum64(cut[4:end])), "groups")(m)
	})
	before := withoutIndex(cut[:len(cut)-16-footerLength(data)])
	return append(before, shortened[len(shortened)-16-footerLength(shortened):]...)
}
