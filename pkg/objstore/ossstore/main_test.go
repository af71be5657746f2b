package ossstore_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore/ossstore"
)

const (
	testBucket = "device-trace"
	testRegion = "cn-hangzhou"
)

// keys holds the access keys that a stand-in accepts. It maps the id of each key to its secret and
// token.
type keys map[string]struct{ secret, token string }

func (k keys) find(id string) (secret, token string, ok bool) {
	key, ok := k[id]
	return key.secret, key.token, ok
}

func testKeys() keys { return keys{"id": {"secret", "token"}} }

func testCredentials() *ossstore.Credentials {
	credentials := &ossstore.Credentials{}
	credentials.Set("id", "secret", "token")
	return credentials
}

// standIn returns a stand-in for OSS with an empty bucket on disk. If change is not nil, it
// adjusts the stand-in's configuration.
func standIn(t *testing.T, change func(*oss.Config)) *oss.Server {
	t.Helper()
	cfg := oss.Config{Dir: t.TempDir(), Bucket: testBucket, Region: testRegion, Credentials: testKeys().find}
	if change != nil {
		change(&cfg)
	}
	server, err := oss.Open(cfg)
	require.NoError(t, err)
	return server
}

// connect returns a store whose requests go to handler. If change is not nil, it adjusts the
// store's configuration.
func connect(t *testing.T, handler http.Handler, change func(*ossstore.Config)) *ossstore.Store {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	cfg := ossstore.Config{Endpoint: server.URL, Region: testRegion, Bucket: testBucket, Credentials: testCredentials()}
	if change != nil {
		change(&cfg)
	}
	store, err := ossstore.New(cfg)
	require.NoError(t, err)
	return store
}
