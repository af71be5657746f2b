package ossstore_test

import (
	"encoding/xml"
	"os"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/stretchr/testify/require"

	standin "devicetrace/infra/local/oss"
	"devicetrace/pkg/objstore"
)

// The real SDK must be able to parse the project's lifecycle rules. The rules must expire events
// and quarantined input, but not the layout marker.
func TestLifecycle(t *testing.T) {
	rules, err := os.ReadFile("../../../infra/operate/bucket/lifecycle.xml")
	require.NoError(t, err)
	var parsed oss.LifecycleConfiguration
	require.NoError(t, xml.Unmarshal(rules, &parsed))
	require.Len(t, parsed.Rules, 2)

	server := standIn(t, func(cfg *standin.Config) { cfg.Lifecycle = rules })
	store := connect(t, server, nil)
	for _, key := range []string{"events/e", "quarantine/q", "layout/v3-shards16"} {
		put(t, store, key, "v")
	}
	removed, err := server.Expire(time.Now().Add(30 * 24 * time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	left, err := objstore.All(t.Context(), store, "", "")
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, "layout/v3-shards16", left[0].Key)
}
