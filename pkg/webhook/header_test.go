package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeadersAreKept(t *testing.T) {
	for _, c := range []struct{ hook, position, encoding string }{
		{"on_register", "mosquitto.log:1024", "br"},
		{strings.Repeat(" ~", 32), strings.Repeat(" ~", 512), strings.Repeat("~ ~ ", 15) + "~ ~~"}, // the longest
	} {
		b := &harness{}
		w := b.post("/webhooks/vernemq/prod", "x", "vernemq-hook", c.hook, "X-Log-Position", c.position, "Content-Encoding", c.encoding)
		require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
		kept := b.kept(t)
		require.Equal(t, c.hook, kept.Hook)
		require.Equal(t, c.position, kept.Position)
		require.Equal(t, c.encoding, kept.Encoding)
		require.Equal(t, errEncoding.Error(), kept.Errors[0].Error, "the position is usable")
	}
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
