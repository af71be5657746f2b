package serve

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryIsLimitedBelowThePlatforms(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	for _, c := range []struct {
		size, own string
		want      int64
	}{
		{"500", "", 400 << 20},
		{"500", "100MiB", before}, // limitMemory leaves GOMEMLIMIT to the Go runtime
		{"", "", before},
		{"much", "", before},
		{"0", "", before},
		{"99999999999", "", before},
	} {
		debug.SetMemoryLimit(before)
		limitMemory(func(name string) string {
			return map[string]string{"FC_FUNCTION_MEMORY_SIZE": c.size, "GOMEMLIMIT": c.own}[name]
		})
		require.Equal(t, c.want, debug.SetMemoryLimit(-1), "%+v", c)
	}
}
