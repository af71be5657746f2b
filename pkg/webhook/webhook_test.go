package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
)

func TestWrongPathsAndMethods(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         int
		code         string
	}{
		{"POST", "/", 404, "NotFound"},
		{"POST", "/webhooks", 404, "NotFound"},
		{"POST", "/webhooks/", 404, "NotFound"},
		{"POST", "/webhooks/nobroker/local", 404, "NotFound"},
		{"GET", "/webhooks/emqx/local", 405, "MethodNotAllowed"},
		{"PUT", "/webhooks/emqx/local", 405, "MethodNotAllowed"},
		{"POST", "/webhooks/emqx", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/a/b", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/a%20b", 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/" + strings.Repeat("a", 129), 400, "InvalidInstance"},
		{"POST", "/webhooks/emqx/" + strings.Repeat("a", 128), 200, ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			b := &harness{}
			w := b.do(c.method, c.path, strings.NewReader(connected("c1")), "Authorization", "Bearer secret")
			require.Equal(t, c.want, w.Code, w.Body)
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			if c.want == 405 {
				require.Equal(t, "POST", w.Header().Get("Allow"))
			}
			if c.code != "" {
				require.Contains(t, w.Body.String(), `{"code":"`+c.code+`","error":"`)
				require.Empty(t, b.recorded)
			}
		})
	}
}

// TestNotFoundListsTheRoutes checks that a 404 response lists the routes even without a token,
// because the route is the first thing that a new sender has to get right.
func TestNotFoundListsTheRoutes(t *testing.T) {
	w := (&harness{}).do("POST", "/webhooks/nobroker/local", strings.NewReader("{}"))
	require.Equal(t, http.StatusNotFound, w.Code)
	require.JSONEq(t, `{"code":"NotFound","error":"there is no such path; send events to /webhooks/{route}/{instance}, where the route is one of `+
		strings.Join(broker.Names(), ", ")+`"}`, w.Body.String())
	require.NotContains(t, broker.Names(), adminRoute, "the quarantine uses this place in the path")
}
