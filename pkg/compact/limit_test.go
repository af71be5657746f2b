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

	stage := func(limit int64) (int64, error) {
		c, err := New(store, Config{Dir: t.TempDir(), StageBytes: limit})
		require.NoError(t, err)
		p := c.partition(Listing{Partition: where}, &Report{})
		require.NoError(t, p.learn(t.Context(), Plan{Unknown: []layout.Segment{input}}))
		output, err := p.stage(t.Context(), Plan{Partition: where, Inputs: []layout.Segment{input}, Level: 1})
		if err != nil {
			return 0, err
		}
		defer output.discard()
		return output.written.Size, nil
	}
	size, err := stage(1 << 20)
	require.NoError(t, err)
	_, err = stage(size)
	require.NoError(t, err)
	for _, limit := range []int64{1, size - 1} {
		_, err = stage(limit)
		require.ErrorContains(t, err, "the output exceeds StageBytes")
	}
}
