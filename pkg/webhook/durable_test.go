package webhook

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
)

// TestAcknowledgedMeansDurable uses the real writer to check that everything that a response
// reports as recorded or rejected is in the bucket.
func TestAcknowledgedMeansDurable(t *testing.T) {
	store := memstore.New()
	writer, err := record.New(store, record.Config{})
	require.NoError(t, err)
	require.NoError(t, writer.Claim(t.Context()))
	var tokens serve.Tokens
	require.NoError(t, tokens.Add("secret"))
	handler := mustNew(Config{Recorder: writer, Store: store, Tokens: tokens, Retention: 24 * time.Hour, Now: func() time.Time { return now }})
	for _, want := range []int{http.StatusOK, http.StatusBadRequest} {
		body := map[int]string{http.StatusOK: connected("c1"), http.StatusBadRequest: "junk"}[want]
		r := httptest.NewRequest("POST", "/webhooks/emqx/local", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer secret")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, want, w.Code, w.Body)
	}
	for prefix, want := range map[string]int{"events/": 1, layout.QuarantinePrefix: 1, layout.MarkerPrefix: 1} {
		objects, err := objstore.All(t.Context(), store, prefix, "")
		require.NoError(t, err)
		require.Len(t, objects, want, prefix)
	}
	other, err := record.New(store, record.Config{Shards: 256})
	require.NoError(t, err)
	require.ErrorIs(t, other.Claim(t.Context()), layout.ErrConflict)
}
