package env

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShards(t *testing.T) {
	for set, want := range map[string]int{"": 16, "16": 16, " 256 ": 256, "4096": 4096} {
		r := reader(map[string]string{"SHARDS": set})
		require.Equal(t, want, r.Shards())
		require.NoError(t, r.Err())
	}
	for _, set := range []string{"5", "17", "0", "-16", "1", "65536", "16.0", "many"} {
		r := reader(map[string]string{"SHARDS": set})
		require.Equal(t, 16, r.Shards())
		require.EqualError(t, r.Err(), `environment variable SHARDS is "`+set+`", want 16, 256 or 4096`)
	}
}
