package segment_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// decodeAll returns all remaining rows. It passes up to n row groups and the given memory, in
// bytes, to each call to Decode. data holds the whole segment.
func decodeAll(c *segment.ClientRows, data []byte, n int, memory int64) (rows []segment.Row, err error) {
	for len(c.Groups()) > 0 {
		groups := c.Groups()[:min(n, len(c.Groups()))]
		first, last := groups[0], groups[len(groups)-1]
		offset := min(first.Offset, last.Offset)
		blocks, err := c.Decode(len(groups), data[offset:max(first.Offset+first.Length, last.Offset+last.Length)], offset, memory)
		if err != nil {
			return nil, err
		}
		for _, b := range blocks {
			rows = append(rows, b.Rows...)
		}
	}
	return rows, nil
}

// clientRows returns the rows of a client in a segment, in ascending order. data holds the segment.
func clientRows(t testing.TB, data []byte, client string) []segment.Row {
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	rows, err := decodeAll(footer.ClientRows(event.ClientID(client), math.MinInt64, math.MaxInt64, false), data, 100, math.MaxInt64)
	require.NoError(t, err)
	return rows
}

// between returns a client's rows between two times, in Unix ms. If descending is true, it returns
// them in reverse.
func between(rows []segment.Row, client string, from, to int64, descending bool) (found []segment.Row) {
	for _, row := range rows {
		if row.ClientID == client && from <= row.Time && row.Time <= to {
			found = append(found, row)
		}
	}
	if descending {
		slices.Reverse(found)
	}
	return found
}

// However many row groups a caller reads at a time, and however little memory it has, ClientRows
// must yield each row of the client once, in order.
func TestClientRowsComeInOrderWithAnyMemory(t *testing.T) {
	rows := append(rowsOf(30, 12), segment.FromEvents(span("GID_z", 170))...)
	rows = append(rows, segment.FromEvents(span("GID_zz", 3))...)
	data, _ := write(t, rows, 32)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	from := noon.UnixMilli()
	for _, client := range []string{rows[200].ClientID, "GID_z", "GID_zz", "", "GID_y", "zzz"} {
		for _, times := range [][2]int64{
			{math.MinInt64, math.MaxInt64}, {from, from}, {from + 1, from + 999}, {from + 10_000, from + 130_000}, {from + 169_000, from + 1e9},
		} {
			for _, descending := range []bool{false, true} {
				for _, memory := range []int64{0, 5000, math.MaxInt64} {
					want := between(rows, client, times[0], times[1], descending)
					for _, n := range []int{1, 3} {
						c := footer.ClientRows(event.ClientID(client), times[0], times[1], descending)
						got, err := decodeAll(c, data, n, memory)
						require.NoError(t, err)
						require.Equal(t, want, got, "%s, %v, descending: %v, %d groups, memory %d", client, times, descending, n, memory)
					}
				}
			}
		}
	}
}

// In a row group with several pages per column, ClientRows must find the rows in any page. Nulls
// must not shift the values of later rows.
func TestClientRowsInSeveralPages(t *testing.T) {
	rows := make([]segment.Row, 40_000) // a page of times holds 32,768
	for i := range rows {
		rows[i] = segment.Row{ClientID: "GID_meter", Time: int64(i), ConnectedAt: int64(i % 3), PeerPort: int64(i)}
	}
	rows[0].ClientID, rows[len(rows)-1].ClientID = "GID_a", "GID_z"
	data, _ := write(t, rows, 0)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	for _, times := range [][2]int64{{0, 40_000}, {10, 20}, {32_000, 33_000}, {39_000, 40_000}} {
		for _, descending := range []bool{false, true} {
			c := footer.ClientRows("GID_meter", times[0], times[1], descending)
			require.Len(t, c.Groups(), 1)
			got, err := decodeAll(c, data, 1, 5<<20)
			require.NoError(t, err)
			require.Equal(t, between(rows, "GID_meter", times[0], times[1], descending), got, "%v, descending: %v", times, descending)
		}
	}
}

func TestExclusiveMemoryCountsOnlyRowGroupsOfOneClient(t *testing.T) {
	rows := slices.Concat(segment.FromEvents(span("GID_a", 10)), segment.FromEvents(span("GID_m", 200)), segment.FromEvents(span("GID_z", 3)))
	data, _ := write(t, rows, 32)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	groups := footer.Groups()
	require.Len(t, groups, 4, "two of GID_m alone, between two that it shares")
	for client, want := range map[event.ClientID]int64{
		"GID_a": 0, "GID_m": groups[1].Memory() + groups[2].Memory(), "GID_z": 0,
	} {
		require.Equal(t, want, footer.ClientRows(client, math.MinInt64, math.MaxInt64, false).ExclusiveMemory(), client)
	}
}

// Decode must stop once the rows take the given memory. This must hold even if the client's rows
// are much longer than the average row of the row group.
func TestDecodeStopsAtItsMemory(t *testing.T) {
	rows := segment.FromEvents(span("GID_a", 3000)) // short rows
	long := segment.FromEvents(span("GID_b", 1000))
	for i := range long {
		long[i].Username = strings.Repeat("u", 500) + fmt.Sprint(i)
	}
	data, _ := write(t, append(rows, long...), 4000)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	for _, descending := range []bool{false, true} {
		c := footer.ClientRows("GID_b", math.MinInt64, math.MaxInt64, descending)
		require.Len(t, c.Groups(), 1)
		g := c.Groups()[0]
		blocks, err := c.Decode(1, data[g.Offset:g.Offset+g.Length], g.Offset, 100_000)
		require.NoError(t, err)
		decoded, memory := sizeOf(blocks)
		require.Greater(t, decoded, 50)
		require.GreaterOrEqual(t, memory, int64(decoded*(300+500)))
		require.Less(t, memory, int64(100_000+128*900))
	}
}

// Decode must stop as soon as the rows take exactly the given memory, whether in the middle of a
// row group or at its end.
func TestDecodeStopsAtItsExactMemory(t *testing.T) {
	data, _ := write(t, segment.FromEvents(span("GID_z", 20)), 5) // row groups of ten equally long rows
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	decode := func(maxMemory int64) (int, int64) {
		blocks, err := footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, false).Decode(2, data, 0, maxMemory)
		require.NoError(t, err)
		return sizeOf(blocks)
	}
	one, memory := decode(0)
	require.Equal(t, 1, one, "at least one row")
	for rows := 1; rows < 20; rows++ {
		got, _ := decode(int64(rows) * memory)
		require.Equal(t, rows, got)
		got, _ = decode(int64(rows)*memory + 1)
		require.Equal(t, rows+1, got)
	}
}

// sizeOf returns the number of rows in blocks and their memory.
func sizeOf(blocks []segment.Block) (rows int, memory int64) {
	for _, b := range blocks {
		rows, memory = rows+len(b.Rows), memory+b.Memory
	}
	return rows, memory
}

// A few decoded rows must not keep in memory the texts of other rows in their row group.
func TestFewRowsTakeLittleMemory(t *testing.T) {
	rows := segment.FromEvents(span("GID_a", 500))
	for i := range rows {
		rows[i].Node = fmt.Sprintf("%0*d", event.MaxText, i) // a column with a dictionary
	}
	data, _ := write(t, rows, 0)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	kept := make([][]segment.Block, 50)
	before := heap()
	for i := range kept {
		c := footer.ClientRows("GID_a", math.MinInt64, math.MaxInt64, false)
		kept[i], err = c.Decode(1, data, 0, 5000)
		require.NoError(t, err)
		require.Less(t, kept[i][0].Memory, int64(10_000))
	}
	require.Less(t, (heap()-before)/int64(len(kept)), int64(20_000))
	runtime.KeepAlive(kept)
}

// In decoding order, no remaining row may come before Bound. Bound must advance as rows are
// decoded.
func TestBoundsOfTheRowsToCome(t *testing.T) {
	rows := segment.FromEvents(span("GID_z", 1000))
	data, _ := write(t, rows, 100)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	first, last := rows[0].Time, rows[999].Time
	require.Equal(t, first, footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, false).Bound())
	require.Equal(t, first+5, footer.ClientRows("GID_z", first+5, math.MaxInt64, false).Bound())
	require.Equal(t, last, footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, true).Bound())
	require.Equal(t, last-5, footer.ClientRows("GID_z", math.MinInt64, last-5, true).Bound())
	for _, descending := range []bool{false, true} {
		c := footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, descending)
		for range 3 {
			g := c.Groups()[0]
			blocks, err := c.Decode(1, data[g.Offset:g.Offset+g.Length], g.Offset, 10_000)
			require.NoError(t, err)
			rows := blocks[len(blocks)-1].Rows
			require.Equal(t, rows[len(rows)-1].Time, c.Bound())
		}
	}
}

// If a client's rows are out of order, the segment must count as corrupt. Otherwise, a merge of
// several segments would yield rows twice or in the wrong order.
func TestRowsOfAClientOutOfOrder(t *testing.T) {
	rows := segment.FromEvents(span("GID_z", 1000))
	swapped := slices.Clone(rows)
	swapped[400], swapped[800] = swapped[800], swapped[400] // in two row groups
	equal := slices.Clone(rows)
	equal[500].Time = equal[501].Time
	equal[500].SourceEventID = "later in the order of rows"
	for name, rows := range map[string][]segment.Row{"times": swapped, "one time": equal} {
		data, _ := write(t, rows, 100)
		footer, err := segment.ParseFooter(data, int64(len(data)))
		require.NoError(t, err)
		for _, descending := range []bool{false, true} {
			_, err = decodeAll(footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, descending), data, 1, 1<<20)
			require.ErrorIs(t, err, segment.ErrCorrupt, name)
		}
	}
}

// Damage in a row group must be noticed when the row group is decoded, not before.
func TestDamageInALaterRowGroup(t *testing.T) {
	rows := segment.FromEvents(span("GID_z", 1000))
	data, _ := write(t, rows, 100)
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(t, err)
	g := footer.Groups()[3]
	damaged := bytes.Clone(data)
	damaged[g.Offset+g.Length/2] ^= 1
	c := footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, false)
	for range 3 {
		g := c.Groups()[0]
		_, err = c.Decode(1, damaged[g.Offset:g.Offset+g.Length], g.Offset, math.MaxInt64)
		require.NoError(t, err)
	}
	_, err = c.Decode(1, damaged[g.Offset:g.Offset+g.Length], g.Offset, math.MaxInt64)
	require.ErrorIs(t, err, segment.ErrCorrupt)
}

func BenchmarkClientRows(b *testing.B) {
	rows := segment.FromEvents(span("GID_z", 100_000))
	data, _ := write(b, rows, segment.GroupRows(int64(len(rows))))
	footer, err := segment.ParseFooter(data, int64(len(data)))
	require.NoError(b, err)
	for _, descending := range []bool{false, true} {
		b.Run(fmt.Sprintf("descending=%v", descending), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := decodeAll(footer.ClientRows("GID_z", math.MinInt64, math.MaxInt64, descending), data, 1, 4<<20)
				require.NoError(b, err)
				require.Len(b, got, len(rows))
			}
			b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
