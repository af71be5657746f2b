package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSamples checks that isHTTPEvent recognizes all samples as HTTP requests, except those from
// the timer and RocketMQ triggers.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("../../events/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		payload, err := os.ReadFile(file)
		require.NoError(t, err)
		name := filepath.Base(file)
		if name == "timer.json" || strings.HasPrefix(name, "rocketmq-") {
			require.False(t, isHTTPEvent(payload), file)
			continue
		}
		require.True(t, isHTTPEvent(payload), file)
		r, err := httpRequest(t.Context(), payload)
		require.NoError(t, err, file)
		require.NotEmpty(t, BearerToken(r), file)
	}
}
