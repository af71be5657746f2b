package e2e

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAttackQuarantine sends bodies of 8 MiB that would be much longer as JSON strings. Each body
// must be quarantined in an object of less than 12 MiB.
func TestAttackQuarantine(t *testing.T) {
	t.Parallel()
	needsProc(t)
	const full = 8 << 20
	s := newStackWith(t, "ADMIN_TOKEN="+adminToken)
	control := bytes.Repeat([]byte{1}, full)
	for i, c := range []struct {
		name   string
		body   []byte
		header http.Header
	}{
		{"control characters", control, nil},
		{"zeros, compressed", zipped(t, full, ""), http.Header{"Content-Encoding": {"gzip"}}},
		{"not UTF-8", bytes.Repeat([]byte{0xff}, full), nil},
		{"line separators", bytes.Repeat([]byte("\u2028"), full/3), nil},
		{"quotation marks", bytes.Repeat([]byte(`"`), full), nil},
	} {
		r := s.post(t, "/webhooks/events/quarantined", c.body, c.header)
		require.Equal(t, 400, r.status, "%s: %s", c.name, r.body)
		require.Contains(t, string(r.body), "the item is not valid JSON", c.name)
		require.Less(t, len(r.body), 1000, c.name)
		require.Len(t, s.objects(t, "quarantine/"), i+1, c.name)
		if i == 0 {
			require.True(t, s.onlyQuarantined(t) == string(control), "the body must be kept unchanged")
		}
	}
	for key, file := range s.objects(t, "quarantine/") {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Less(t, info.Size(), int64(full*3/2), key)
	}
	s.requireMemory(t, "recorder")
}

// onlyQuarantined returns the body of the only item in quarantine.
func (s *stack) onlyQuarantined(t *testing.T) (body string) {
	t.Helper()
	for key := range s.objects(t, "quarantine/") {
		day, name, _ := strings.Cut(strings.TrimPrefix(key, "quarantine/day="), "/")
		status, out, err := newOperator(t, s).run(t, "quarantine", "show", day+"-"+strings.TrimSuffix(name, ".json"))
		require.Equal(t, 0, status, err)
		body = out
	}
	return body
}
