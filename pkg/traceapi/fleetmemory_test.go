//go:build linux && !race

package traceapi_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/segment"
	"devicetrace/pkg/summary"
)

const (
	fleetOfDay   = "/api/v1/fleet?instance=i&from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z&step=1m"
	devicesOfDay = "/api/v1/devices?instance=i&day=2026-11-22"
	scopeAtNoon  = "/api/v1/scope?instance=i&at=2026-11-22T12:00:30Z"
)

// dropOn returns a row for a drop of the given client. Its texts have the maximum length and differ
// from row to row.
func dropOn(client, node string, at time.Time, i int) segment.Row {
	r := rowOf(1)(0)
	padded := func(text string, n int) string { return text + strings.Repeat("x", n-len(text)) }
	for j, text := range []*string{&r.ChannelID, &r.NativeReason, &r.PeerAddress, &r.Username, &r.Protocol, &r.SourceEventID} {
		*text = padded(fmt.Sprintf("%08d-%d", i, j), event.MaxText)
	}
	r.Action, r.ActionInfo, r.NativeEvent = string(event.Close), string(event.NoHeart), "client.disconnected"
	r.ClientID, r.Node, r.Time = padded(client, event.MaxClientID), padded(node, event.MaxText), at.UnixMilli()
	return r
}

// emptyBucket returns a bucket for 16 shards without events.
func emptyBucket(t *testing.T) *bucket {
	b := &bucket{folder: t.TempDir()}
	b.put(t, layout.Layout{Shards: 16}.Marker(), nil)
	return b
}

// partitionOf returns the n-th partition of the day.
func partitionOf(n int) layout.Partition {
	return layout.Partition{Instance: "i", Shard: layout.Layout{Shards: 16}.AllShards()[n], Day: layout.DayOf(morning)}
}

// putSummaries puts a compacted object with the sums of the given rows. The object itself has only the
// first row, because no question about a fleet reads rows if there are summaries.
func (b *bucket) putSummaries(t *testing.T, where layout.Partition, rows []segment.Row) {
	fold := summary.NewFold(true)
	for i := range rows {
		fold.Add(&rows[i])
	}
	sums := fold.Sums()
	minutes, err := summary.EncodeMinutes(sums)
	require.NoError(t, err)
	drops, err := summary.EncodeDrops(sums)
	require.NoError(t, err)
	devices, err := summary.EncodeDevices(sums.Devices)
	require.NoError(t, err)
	var out bytes.Buffer
	w := segment.NewWriter(&out, 1)
	w.SetSummaries(func(int64) ([]io.Reader, error) {
		return []io.Reader{bytes.NewReader(devices), bytes.NewReader(drops), bytes.NewReader(minutes)}, nil
	})
	require.NoError(t, w.Add(&rows[0]))
	written, err := w.Close()
	require.NoError(t, err)
	name := layout.Name{
		Level: 1, Digest: strings.Repeat("0", 64), FooterLength: written.FooterLength, IndexLength: written.IndexLength,
		MinutesLength: int64(len(minutes)), DropsLength: int64(len(drops)), DevicesLength: int64(len(devices)),
	}
	b.put(t, name.Key(where), out.Bytes())
}

// If each shard has other nodes, with drops in every other minute, the sums of all shards have
// millions of cells. Even then, questions must take little memory.
func TestMemoryOfAFleetWithManyNodes(t *testing.T) {
	b := emptyBucket(t)
	for shard := range 16 {
		var rows []segment.Row
		for node := range summary.NamedNodes {
			client := fmt.Sprintf("%02d-%03d", shard, node)
			row := dropOn(client, client, morning, node)
			for i := range 12 * 60 {
				row.Time = morning.Add(time.Duration(i) * 2 * time.Minute).UnixMilli()
				rows = append(rows, row)
			}
		}
		b.putSummaries(t, partitionOf(shard), rows)
	}
	for _, path := range []string{fleetOfDay + "&format=csv", scopeAtNoon, devicesOfDay} {
		require.Less(t, measure(t, b, path).Peak, int64(300*MB))
	}
	require.Less(t, measure(t, b, fleetOfDay, fleetOfDay, fleetOfDay).Peak, int64(448*MB))
}

// Questions must take little memory even if one shard has hundreds of fresh objects with long rows.
// The rows take much more memory than the objects.
func TestMemoryOfAFleetWithManyFreshObjects(t *testing.T) {
	b := emptyBucket(t)
	var rows []segment.Row
	for i := range 512 {
		rows = append(rows, dropOn(fmt.Sprintf("%03d", i), "n", morning.Add(time.Duration(i)*time.Minute), i))
	}
	data, err := segment.Encode(rows)
	require.NoError(t, err)
	for run := range 300 {
		b.put(t, layout.Name{Run: fmt.Sprintf("%032x", run), Seq: 1}.Key(partitionOf(0)), data)
	}
	for _, path := range []string{fleetOfDay, devicesOfDay, devicesOfDay + "&q=00"} {
		require.Less(t, measure(t, b, path).Peak, int64(400*MB))
	}
}

// A scope must take little memory even if the texts of tens of thousands of drops have the maximum
// length.
func TestMemoryOfAScopeWithLongTexts(t *testing.T) {
	b := emptyBucket(t)
	for shard := range 16 {
		var rows []segment.Row
		for i := range 3000 {
			rows = append(rows, dropOn(fmt.Sprintf("%02d-%04d", shard, i), fmt.Sprint("n", i), morning.Add(12*time.Hour+time.Duration(i)*time.Millisecond), 0))
		}
		data, err := segment.Encode(rows)
		require.NoError(t, err)
		b.put(t, layout.Name{Run: strings.Repeat("0", 32), Seq: 1}.Key(partitionOf(shard)), data)
	}
	require.Less(t, measure(t, b, slices.Repeat([]string{scopeAtNoon}, 4)...).Peak, int64(300*MB))
}
