package compact

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// If an output turns out larger than StageBytes, the merge must fail instead of filling the disk.
// If only the summaries do not fit, the merge must leave them out instead.
func TestAStagedOutputStaysWithinStageBytes(t *testing.T) {
	var rows []segment.Row
	for i := range 2000 { // the output has two row groups
		rows = append(rows, segment.Row{ClientID: fmt.Sprintf("%04d", i)})
	}
	data, err := segment.Encode(rows)
	require.NoError(t, err)
	where := layout.Partition{Instance: "i", Shard: "4", Day: "2026-11-22"}
	name := layout.Name{Run: strings.Repeat("0", 32), Seq: 1}
	input := layout.Segment{Key: name.Key(where), Name: name, Size: int64(len(data))}
	store := memstore.New()
	require.NoError(t, store.Put(t.Context(), input.Key, bytes.NewReader(data), input.Size))

	stage := func(limit int64, devices bool) (layout.Segment, error) {
		c, err := New(store, Config{Dir: t.TempDir(), StageBytes: limit})
		require.NoError(t, err)
		p := c.partition(Listing{Partition: where}, &Report{})
		require.NoError(t, p.learn(t.Context(), Plan{Unknown: []layout.Segment{input}}))
		plan := Plan{Partition: where, Inputs: []layout.Segment{input}, Level: 1, Devices: devices}
		output, err := p.stage(t.Context(), plan)
		if err != nil {
			return layout.Segment{}, err
		}
		defer output.discard()
		return output.segment(plan), nil
	}
	whole, err := stage(1<<20, true)
	require.NoError(t, err)
	require.NotZero(t, whole.Name.DevicesLength)
	again, err := stage(whole.Size+whole.Name.DevicesLength, true)
	require.NoError(t, err)
	require.Equal(t, whole, again, "the devices are on the disk twice while they are copied")

	minutes, err := stage(whole.Size+whole.Name.DevicesLength-1, true)
	require.NoError(t, err)
	require.Zero(t, minutes.Name.DevicesLength)
	require.Equal(t, whole.Name.DropsLength, minutes.Name.DropsLength)
	same, err := stage(minutes.Size, true)
	require.NoError(t, err)
	require.Equal(t, minutes, same)

	none, err := stage(minutes.Size-1, true)
	require.NoError(t, err)
	require.False(t, none.Name.HasSummaries())
	for _, devices := range []bool{false, true} {
		same, err = stage(none.Size, devices)
		require.NoError(t, err)
		require.Equal(t, none, same)
		for _, limit := range []int64{1, none.Size - 1} {
			_, err = stage(limit, devices)
			require.ErrorContains(t, err, "the output exceeds StageBytes")
		}
	}
}
