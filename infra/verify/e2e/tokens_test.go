package e2e

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTokens checks that a request without the right token cannot read or store anything.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.record(t, "tokens", manyEvents("device", time.Now(), 1)) // so that the bucket is not empty
	before := s.objects(t, "")
	for _, token := range []string{"", "wrong", queryToken} {
		for _, path := range []string{"/webhooks/events/tokens", "/webhooks/emqx/tokens"} {
			r, err := do(t.Context(), http.MethodPost, s.url(path), token, nil, []byte(`{"client_id":"x","action":"connect"}`))
			require.NoError(t, err)
			require.Equal(t, http.StatusUnauthorized, r.status, token)
		}
	}
	for _, token := range []string{"", "wrong", webhookToken} {
		r, err := do(t.Context(), http.MethodGet, s.url("/api/v1/trace?instance=tokens&client=device"), token, nil, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, r.status, token)
		require.NotContains(t, string(r.body), "events")
	}
	require.Equal(t, before, s.objects(t, ""))
	for _, file := range before {
		require.NotContains(t, readFile(t, file), webhookToken)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}
