package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEncodings(t *testing.T) {
	for encoding, body := range map[string]string{
		"": connected("c1"), " Identity": connected("c1"), "gzip": gzipped(t, connected("c1")), "X-GZIP": gzipped(t, connected("c1")),
	} {
		b := &harness{}
		w := b.post("/webhooks/emqx/local", body, "Content-Encoding", encoding)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Len(t, b.recorded, 1)
	}
}

func TestDamagedGzipIsKept(t *testing.T) {
	b := &harness{}
	whole := gzipped(t, connected("c1"))
	damaged := whole[:len(whole)-4]
	w := b.post("/webhooks/emqx/local", damaged, "Content-Encoding", "gzip")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, damaged, string(b.kept(t).Body))
	require.Equal(t, "gzip", b.kept(t).Encoding)
	require.Empty(t, b.recorded)
}

func TestTooLarge(t *testing.T) {
	long := strings.Repeat(" ", maxBody+1)
	for name, c := range map[string]struct{ body, encoding string }{
		"as sent":      {long, ""},
		"decompressed": {gzipped(t, long), "gzip"},
		"sent":         {long, "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &harness{}
			w := b.post("/webhooks/events/local", c.body, "Content-Encoding", c.encoding)
			require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
			require.Contains(t, w.Body.String(), `"code":"TooLarge"`)
			require.Empty(t, b.quarantined)
		})
	}
}

func TestLongestBodyIsTaken(t *testing.T) {
	b := &harness{}
	event := connected("c1")
	w := b.post("/webhooks/emqx/local", event+strings.Repeat(" ", maxBody-len(event)))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
}
