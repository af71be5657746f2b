package segment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// indexOf returns the index of a segment, and its offset in the segment.
func indexOf(data []byte, written segment.Written) (index []byte, offset int64) {
	offset = written.Size - written.FooterLength - written.IndexLength
	return data[offset : offset+written.IndexLength], offset
}

// Parsing the index must give the same Footer as parsing the footer.
func TestTheIndexEqualsTheFooter(t *testing.T) {
	long := rowsOf(40, 3)
	for i := range long {
		long[i].ClientID = strings.Repeat("x", 400) + long[i].ClientID
	}
	for name, c := range map[string]struct {
		rows  []segment.Row
		group int64
		holds []string
	}{
		"one row":        {rowsOf(1, 1), 0, nil},
		"row groups":     {rowsOf(100, 10), 30, []string{"a", "b"}},
		"long clients":   {long, 7, []string{strings.Repeat("n", 200)}},
		"early times":    {[]segment.Row{{ClientID: "a", Time: math.MinInt64}, {ClientID: "b", Time: math.MaxInt64}}, 1, nil},
		"empty client":   {[]segment.Row{{}}, 0, nil},
		"one per group":  {rowsOf(20, 5), 1, nil},
		"shared clients": {segment.FromEvents(span("GID_z", 500)), 50, nil},
	} {
		var out bytes.Buffer
		w := segment.NewWriter(&out, c.group)
		w.SetHolds(c.holds)
		require.NoError(t, w.Write(c.rows))
		written, err := w.Close()
		require.NoError(t, err)
		footer, err := segment.ParseBoth(out.Bytes(), written.Size, written.IndexLength)
		require.NoError(t, err, name)
		index, offset := indexOf(out.Bytes(), written)
		fromIndex, err := segment.ParseIndex(index, offset)
		require.NoError(t, err, name)
		require.Equal(t, footer, fromIndex, name)
		require.Equal(t, c.holds, fromIndex.Holds())
		require.Equal(t, index, fromIndex.EncodeIndex())
	}
}

// OpenIndex must make one request. If the index is damaged, it must make a second request for the
// footer, and the rows must be the same. ParseBoth must reject a damaged index.
func TestOpenIndex(t *testing.T) {
	rows := rowsOf(50, 10)
	data, written := write(t, rows, 100)
	object := segment.Object{Key: "k", Size: written.Size, FooterLength: written.FooterLength, IndexLength: written.IndexLength}
	for _, damage := range []int64{-1, 0, 9, written.IndexLength / 2, written.IndexLength - 9, written.IndexLength - 1} {
		damaged, requests := bytes.Clone(data), 1
		if damage >= 0 {
			damaged[written.Size-written.FooterLength-written.IndexLength+damage] ^= 1
			requests = 2
		}
		store := &objects{data: map[string][]byte{"k": damaged}}
		footer, err := segment.OpenIndex(t.Context(), store, object)
		require.NoError(t, err)
		require.Equal(t, requests, store.reads)
		got, err := readAll(t, segment.OpenCursor(store, object, footer))
		require.NoError(t, err)
		require.Equal(t, rows, got)
		_, err = segment.OpenBoth(t.Context(), store, object)
		require.Equal(t, damage >= 0, errors.Is(err, segment.ErrCorrupt), "%v", err)
	}
	for _, of := range []segment.Object{
		{Key: "k", Size: written.Size}, {Key: "k", Size: written.Size, FooterLength: written.FooterLength},
		{Key: "k", Size: written.Size, FooterLength: written.FooterLength, IndexLength: 1 << 60},
		{Key: "k", Size: written.Size, FooterLength: written.FooterLength, IndexLength: 5},
	} {
		_, err := segment.OpenIndex(t.Context(), &objects{data: map[string][]byte{"k": data}}, of)
		require.NoError(t, err, "%+v", of)
	}
	_, err := segment.OpenIndex(t.Context(), failingStore{}, object)
	require.ErrorIs(t, err, errStore)
}

var errStore = errors.New("the store fails")

type failingStore struct{}

func (failingStore) Read(context.Context, string, int64, int64) ([]byte, error) { return nil, errStore }

// ParseBoth must reject an index that belongs to another segment than the footer.
func TestAnIndexOfAnotherSegment(t *testing.T) {
	rows := rowsOf(9, 4)
	data, written := write(t, rows, 12)
	rows[20].Time--
	other, otherWritten := write(t, rows, 12)
	index, _ := indexOf(other, otherWritten)
	end := written.Size - written.FooterLength
	mixed := append(bytes.Clone(data[:end-written.IndexLength]), index...)
	mixed = append(mixed, data[end:]...)
	_, err := segment.ParseBoth(mixed, int64(len(mixed)), int64(len(index)))
	require.ErrorIs(t, err, segment.ErrCorrupt)
}

// If ParseIndex accepts an index, it must return the same Footer after encoding and parsing it
// again. The Footer must take little memory, and its row groups must lie inside the object.
func FuzzParseIndex(f *testing.F) {
	for _, group := range []int64{0, 1, 8} {
		data, written := write(f, rowsOf(5, 4), group)
		index, _ := indexOf(data, written)
		f.Add(index[:len(index)-12])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const offset = 100_000
		footer, err := segment.ParseIndex(segment.SealIndex(body), offset)
		if err != nil {
			require.ErrorIs(t, err, segment.ErrCorrupt)
			return
		}
		require.LessOrEqual(t, footer.Memory(), int64(100+30*len(body)))
		again, err := segment.ParseIndex(footer.EncodeIndex(), offset)
		require.NoError(t, err)
		require.Equal(t, footer, again)
		for _, g := range footer.Groups() {
			require.LessOrEqual(t, g.Offset+g.Length, int64(offset))
		}
	})
}

// A partition has about 35,000 rows if there are 256 shards, and 600,000 rows if there are 16.
func TestMemoryOfAnIndex(t *testing.T) {
	for _, c := range []struct{ rows, maxMemory int64 }{{35_000, 64 << 10}, {600_000, 200 << 10}} {
		rows := rowsOf(int(c.rows/100), 10) // a tenth of the rows, in as many row groups
		data, written := write(t, rows, segment.GroupRows(c.rows)/10)
		footer, err := segment.ParseFooter(data, written.Size)
		require.NoError(t, err)
		t.Logf("%d row groups: %d bytes, %d of the index", len(footer.Groups()), footer.Memory(), written.IndexLength)
		require.LessOrEqual(t, footer.Memory(), c.maxMemory)
	}
}

func BenchmarkParseIndex(b *testing.B) {
	for _, n := range []int64{35_000, 600_000} {
		rows := rowsOf(int(n/100), 10)
		data, written := write(b, rows, segment.GroupRows(n)/10)
		index, offset := indexOf(data, written)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := segment.ParseIndex(index, offset)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(len(index)), "bytes")
		})
	}
}
