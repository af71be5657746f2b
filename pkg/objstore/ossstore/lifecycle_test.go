package ossstore_test

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/objstore"
)

// The project's lifecycle rules, set through the real SDK, expire events and quarantined
// input, and keep the layout marker.
func TestLifecycle(t *testing.T) {
	rules, err := os.ReadFile("../../../infra/operate/bucket/lifecycle.xml")
	require.NoError(t, err)
	server := standIn(t, nil)
	store := connect(t, server, nil)
	for _, key := range []string{"events/e", "quarantine/q", "layout/v1-shards16"} {
		put(t, store, key, "v")
	}

	web := httptest.NewServer(server)
	defer web.Close()
	client, err := oss.New(web.URL, "id", "secret",
		oss.SecurityToken("token"), oss.AuthVersion(oss.AuthV4), oss.Region(testRegion))
	require.NoError(t, err)
	require.NoError(t, client.SetBucketLifecycleXml(testBucket, string(rules)))
	got, err := client.GetBucketLifecycle(testBucket)
	require.NoError(t, err)
	require.Len(t, got.Rules, 2)

	removed, err := server.Expire(time.Now().Add(30 * 24 * time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	left, err := objstore.All(t.Context(), store, "", "")
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, "layout/v1-shards16", left[0].Key)
}
