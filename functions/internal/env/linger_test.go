package env

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLinger(t *testing.T) {
	for set, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Millisecond, " 250 ": 250 * time.Millisecond, "2000": 2 * time.Second,
	} {
		r := reader(map[string]string{"LINGER": set})
		require.Equal(t, want, r.Linger())
		require.NoError(t, r.Err())
	}
	for _, set := range []string{"-1", "2001", "250ms", "0.25", "1s"} {
		r := reader(map[string]string{"LINGER": set})
		require.Zero(t, r.Linger())
		require.EqualError(t, r.Err(), `environment variable LINGER is "`+set+`", want a whole number from 0 to 2000`)
	}
}
