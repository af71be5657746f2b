package compact

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/segment"
)

// If an output turns out larger than StageBytes, the merge must fail instead of filling the disk.
func TestAStagedOutputStaysWithinStageBytes(t *testing.T) {
	store := memstore.New()
	data, err := segment.Encode([]segment.Row{{ClientID: "c"}})
	require.NoError(t, err)
	where := layout.Partition{Instance: "i", Shard: "4", Day: "2026-11-22"}
	name := layout.Name{Run: strings.Repeat("0", 32), Seq: 1}
	input := layout.Segment{Key: name.Key(where), Name: name, Size: int64(len(data))}
	require.NoError(t, store.Put(t.Context(), input.Key, bytes.NewReader(data), input.Size))

	stage := func(limit int64) (*staged, error) {
		c, err := New(store, Config{Dir: t.TempDir(), StageBytes: limit})
		require.NoError(t, err)
		return c.partition(Listing{Partition: where}, &Report{}).stage(t.Context(), Plan{Partition: where, Inputs: []layout.Segment{input}, Level: 1})
	}
	output, err := stage(1 << 20)
	require.NoError(t, err)
	defer output.discard()
	size := output.written.Size
	output, err = stage(size)
	require.NoError(t, err)
	defer output.discard()
	_, err = stage(size - 1)
	require.ErrorContains(t, err, "the output exceeds StageBytes")
}
