package openapi

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNoncesAreKeptHalfAnHour checks that a nonce is kept for 30 minutes. A request's date may
// differ from our clock by up to 15 minutes either way, so a request that is dated 15 minutes ahead
// is valid for 30 minutes. If its nonce were forgotten earlier, the request could be replayed.
func TestNoncesAreKeptHalfAnHour(t *testing.T) {
	n := newNonces()
	for minute := range 120 {
		at := now.Add(time.Duration(minute) * time.Minute)
		require.True(t, n.add("ak", strconv.Itoa(minute), at))
		for earlier := max(0, minute-30); earlier <= minute; earlier++ {
			require.False(t, n.add("ak", strconv.Itoa(earlier), at), "%d at %d", earlier, minute)
		}
	}
	require.True(t, n.add("ak", "0", now.Add(2*time.Hour)), "an old nonce must be forgotten")
}

func TestNoncesBelongToTheirKey(t *testing.T) {
	n := newNonces()
	require.True(t, n.add("a", "x", now))
	require.True(t, n.add("b", "x", now))
	require.False(t, n.add("a", "x", now))
}

func TestNoncesAreBounded(t *testing.T) {
	n := newNonces()
	for i := range 3 * maxNonces {
		require.True(t, n.add("ak", strconv.Itoa(i), now))
		if len(n.young) > maxNonces || len(n.old) > maxNonces {
			require.FailNow(t, "more than maxNonces are kept")
		}
	}
	require.False(t, n.add("ak", strconv.Itoa(2*maxNonces), now), "recent nonces must be kept")
	require.True(t, n.add("ak", "0", now), "older nonces must be forgotten")
}
