package wire_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/ossstore"
)

const (
	testBucket = "device-trace"
	testRegion = "cn-hangzhou"
)

// limit is when a test fails that still waits: nothing here takes so long.
const limit = 3 * time.Minute

// standIn is a fresh bucket on disk.
func standIn(t *testing.T) *oss.Server {
	t.Helper()
	server, err := oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: testBucket, Region: testRegion,
		Credentials: func(id string) (secret, token string, ok bool) { return "secret", "token", id == "id" },
	})
	require.NoError(t, err)
	return server
}

// connect is the store of a function that speaks to the bucket through a proxy.
func connect(t *testing.T, proxy http.Handler) objstore.Store {
	t.Helper()
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	credentials := &ossstore.Credentials{}
	credentials.Set("id", "secret", "token")
	store, err := ossstore.New(ossstore.Config{
		Endpoint: server.URL, Region: testRegion, Bucket: testBucket, Credentials: credentials,
	})
	require.NoError(t, err)
	return store
}

// patient tries as often as functions do.
func patient(store objstore.Store) objstore.Store {
	return objstore.Retrying(store, objstore.RetryPolicy{Attempts: 5, Base: time.Microsecond, Max: time.Millisecond})
}
