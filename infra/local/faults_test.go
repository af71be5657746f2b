package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
)

// newFaults serves a bucket for which no access key is valid, so every request that reaches the
// bucket gets a 403.
func newFaults(t *testing.T) (*faults, *httptest.Server) {
	t.Helper()
	f := &faults{}
	bucket, err := oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: "bucket", Region: "cn-hangzhou", Delay: f.pause, Age: f.age,
		Credentials: func(string) (string, string, bool) { return "", "", false },
	})
	require.NoError(t, err)
	f.bucket = bucket
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server
}

func TestStoreThatIsDownCutsConnections(t *testing.T) {
	f, server := newFaults(t)
	for _, down := range []bool{true, false, true} {
		f.down.Store(down)
		response, err := http.Get(server.URL + "/bucket/key")
		if down {
			require.ErrorContains(t, err, "EOF")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, http.StatusForbidden, response.StatusCode)
		require.NoError(t, response.Body.Close())
	}
}

func TestFaultsAreSetAllAtOnce(t *testing.T) {
	f, _ := newFaults(t)
	require.NoError(t, f.set(url.Values{"down": {"true"}, "delay": {"200ms"}, "age": {"1h"}, "max_bytes": {"7"}}))
	require.True(t, f.down.Load())
	require.Equal(t, 200*time.Millisecond, f.pause())
	require.Equal(t, time.Hour, f.age())
	for name, value := range map[string]string{"down": "perhaps", "delay": "7", "age": "old", "max_bytes": "many", "other": "1"} {
		require.Error(t, f.set(url.Values{name: {value}}), name)
		require.True(t, f.down.Load(), "an invalid query changes nothing")
	}
	require.NoError(t, f.set(nil))
	require.False(t, f.down.Load())
	require.Zero(t, f.pause())
	require.Zero(t, f.age())
}
