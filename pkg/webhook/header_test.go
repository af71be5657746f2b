package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHookAndPositionAreKept(t *testing.T) {
	b := &harness{}
	w := b.post("/webhooks/vernemq/prod", "\xff", "vernemq-hook", "on_register", "X-Log-Position", "mosquitto.log:1024")
	require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
	kept := b.kept(t)
	require.Equal(t, "on_register", kept.Hook)
	require.Equal(t, "mosquitto.log:1024", kept.Position)
}

// TestUnusableHeaders sends unusable values in the position and hook headers. Because the position
// is unusable, the delivery must be quarantined instead of recorded (see positionRule). The
// quarantined item must contain the position in printable form, truncated if it is too long. The
// unusable hook must count as absent.
func TestUnusableHeaders(t *testing.T) {
	for bad, shown := range map[string]string{
		strings.Repeat("x", 1025):        strings.Repeat("x", 1025),
		strings.Repeat("x", 5000) + ":5": strings.Repeat("x", 1025),
		"log\x01:5":                      "log\ufffd:5",
		"log\u202e\xff:5":                "log\ufffd\ufffd:5",
		"lög:5":                          "lög:5",
	} {
		b := &harness{}
		w := b.post("/webhooks/events/prod", ownEvent, "vernemq-hook", bad, "X-Log-Position", bad)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.JSONEq(t, `{"recorded":0,"rejected":[{"item":0,"field":"X-Log-Position","error":"must be printable ASCII, at most 1024 bytes"}]}`, w.Body.String())
		require.Empty(t, b.recorded)
		kept := b.kept(t)
		require.Equal(t, ownEvent, string(kept.Body))
		require.Empty(t, kept.Hook)
		require.Equal(t, shown, kept.Position)
	}
}

func TestUnusableEncodingIsKeptAsUnknown(t *testing.T) {
	b := &harness{}
	w := b.post("/webhooks/events/prod", ownEvent, "Content-Encoding", strings.Repeat("x", 65))
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "unknown", b.kept(t).Encoding)
}
