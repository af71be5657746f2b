package segment_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

// heap returns the number of heap bytes in use.
func heap() int64 {
	for range 3 { // one collection is not enough, because a sync.Pool is emptied only by the second
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestFooterMemory(t *testing.T) {
	long := rowsOf(100, 2)
	for i := range long {
		long[i].ClientID += strings.Repeat("x", 10_000)
	}
	for name, file := range map[string]struct {
		rows  []segment.Row
		group int64
	}{
		"one row group":    {rowsOf(100, 2), 0},
		"many row groups":  {rowsOf(1000, 2), 50},
		"long identifiers": {long, 20},
	} {
		t.Run(name, func(t *testing.T) {
			data, written := write(t, file.rows, file.group)
			tail := data[written.Size-written.FooterLength:]
			footers := make([]*segment.Footer, 1000)
			before := heap()
			for i := range footers {
				var err error
				footers[i], err = segment.ParseFooter(bytes.Clone(tail), written.Size)
				require.NoError(t, err)
			}
			took := (heap() - before) / int64(len(footers))
			require.InDelta(t, took, footers[0].Memory(), 0.1*float64(took)+100, "%d row groups", len(footers[0].Groups()))
		})
	}
}
