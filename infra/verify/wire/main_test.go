package wire_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
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

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // otherwise every refused delivery would log a line
	os.Exit(m.Run())
}

// limit is the time after which a hanging test fails. No passing test takes this long.
const limit = 3 * time.Minute

// standIn returns a stand-in for OSS with a new, empty bucket on disk.
func standIn(t *testing.T) *oss.Server {
	t.Helper()
	server, err := oss.Open(oss.Config{
		Dir: t.TempDir(), Bucket: testBucket, Region: testRegion,
		Credentials: func(id string) (secret, token string, ok bool) { return "secret", "token", id == "id" },
	})
	require.NoError(t, err)
	return server
}

// connect returns a store that uses the vendor's SDK, as the functions do, and sends its
// requests through the proxy.
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

// patient returns a store that retries failed calls as often as the functions do.
func patient(store objstore.Store) objstore.Store {
	return objstore.Retrying(store, objstore.RetryPolicy{Attempts: 5, Base: time.Microsecond, Max: time.Millisecond})
}
