package segment

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"
)

// The inputs in this file have valid checksums, but our writers never produce them.

func TestMinRowRawIsTheSizeOfAnEmptyRow(t *testing.T) {
	require.EqualValues(t, minRowRaw, new(Digest).Add(&Row{}))
}

// ParseIndex must reject sizes that would cause overflows or large allocations.
func TestIndexesWithHostileNumbers(t *testing.T) {
	data, err := Encode([]Row{{ClientID: "a"}, {ClientID: "b"}})
	require.NoError(t, err)
	for name, change := range map[string]func(*Footer){
		"no row groups": func(f *Footer) { f.groups, f.digest.Rows = nil, 0 },
		"long rows":     func(f *Footer) { f.groups[0].Raw = maxGroupRaw + 1 },
		"overflow":      func(f *Footer) { f.groups[0].Raw = math.MaxInt64/4 + 1 },
		"many rows": func(f *Footer) {
			f.groups[0].Rows, f.digest.Rows, f.groups[0].Raw = 1<<20, 1<<20, maxGroupRaw
		},
		"long chunks":         func(f *Footer) { f.groups[0].plain = 1 << 62 },
		"long encoded chunks": func(f *Footer) { f.groups[0].encoded = 1 << 62 },
	} {
		f, err := ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		change(f)
		_, err = ParseIndex(f.encodeIndex(), int64(len(data)))
		require.ErrorIs(t, err, ErrCorrupt, name)
	}
}

// pageOf returns an uncompressed page with the given numbers in its header.
func pageOf(kind format.PageType, values, raw int64, data string) []byte {
	header := []byte{0x15}
	header = binary.AppendVarint(header, int64(kind))
	header = binary.AppendVarint(append(header, 0x15), raw)
	header = binary.AppendVarint(append(header, 0x15), int64(len(data)))
	header = binary.AppendVarint(append(header, 0x2c, 0x15), values) // the data page header and its first field
	return append(append(header, thriftStop, thriftStop), data...)
}

func TestHostilePageHeaders(t *testing.T) {
	number := columnType{name: "n", kind: format.Int32}
	one := string(pageOf(format.DataPage, 1, 4, "1234"))
	for name, c := range map[string]struct {
		chunk string
		left  int64
		want  string
	}{
		"valid":           {one + one, 8, ""},
		"pages too long":  {one + one, 7, "has 1 values in 4 bytes"},
		"an empty page":   {string(pageOf(format.DataPage, 0, 0, "")) + one + one, 8, "has a page of type DATA_PAGE with 0 values"},
		"only zeros":      {"\x00" + one + one, 8, "has a page of type DATA_PAGE with 0 values"},
		"too many values": {one + one + one, 12, "has 1 values in 4 bytes"},
		"bomb":            {string(pageOf(format.DataPage, 2, math.MaxInt64, "1234")), 1 << 20, "has 2 values in"},
		"negative raw":    {string(pageOf(format.DataPage, 2, -1, "1234")), 1 << 20, "damaged page header"},
		"negative values": {string(pageOf(format.DataPage, -2, 4, "1234")), 1 << 20, "damaged page header"},
	} {
		var reader chunkReader
		err := reader.open(number, format.Uncompressed, []byte(c.chunk), 2, &c.left)
		if c.want == "" {
			require.NoError(t, err, name)
			require.Zero(t, c.left)
			continue
		}
		require.ErrorIs(t, err, ErrCorrupt, name)
		require.ErrorContains(t, err, c.want, name)
	}
}

// Readers must reject a definition level of 2. It would count as two values and shift the values of
// all later rows.
func TestValuesWiderThanTheirWidth(t *testing.T) {
	for _, width := range []int{1, 7, 9, 31} {
		run := binary.LittleEndian.AppendUint32([]byte{3 << 1}, 1<<width)[:1+(width+7)/8]
		_, err := decodeHybrid(nil, run, width, 3)
		require.ErrorIs(t, err, ErrCorrupt, fmt.Sprint(width))
	}
}

// Readers must reject pages that are longer than the footer states, because they reserve memory by
// the sizes in the footer.
func TestPagesLongerThanTheFooterStates(t *testing.T) {
	data, err := Encode([]Row{{ClientID: "a"}, {ClientID: "b"}})
	require.NoError(t, err)
	for name, change := range map[string]func(*Group){
		"chunks": func(g *Group) { g.plain, g.encoded = 1, 1 },
		"rows":   func(g *Group) { g.Raw = -columnCount << 8 },
	} {
		f, err := ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		g := &f.groups[0]
		change(g)
		_, err = f.openGroup(g, data[g.Offset:g.Offset+g.Length])
		require.ErrorIs(t, err, ErrCorrupt, name)
	}
}

// readLengths is a store that records the length of each read, and then fails.
type readLengths []int64

func (r *readLengths) Read(_ context.Context, _ string, _, n int64) ([]byte, error) {
	*r = append(*r, n)
	return nil, io.ErrUnexpectedEOF
}

// Even if a name states huge lengths, readers must not read more than the longest possible footer
// and index.
func TestNamesWithHugeLengths(t *testing.T) {
	var lengths readLengths
	o := Object{Size: 1 << 42, FooterLength: 1 << 40, IndexLength: 1 << 40}
	for _, open := range []func(context.Context, RangeReader, Object) (*Footer, error){OpenIndex, OpenFooter, OpenBoth} {
		_, err := open(t.Context(), &lengths, o)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	require.Equal(t, readLengths{2 * maxFooter, 2 * maxFooter, 2 * maxFooter}, lengths)
}
