package serve

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSamples: every sample but the timer's is an HTTP request.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob("../../events/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		payload, err := os.ReadFile(file)
		require.NoError(t, err)
		if filepath.Base(file) == "timer.json" {
			require.False(t, isHTTPEvent(payload), file)
			continue
		}
		require.True(t, isHTTPEvent(payload), file)
		r, err := httpRequest(t.Context(), payload)
		require.NoError(t, err, file)
		require.NotEmpty(t, BearerToken(r), file)
	}
}
