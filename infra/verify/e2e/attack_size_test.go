package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/oss"
	"devicetrace/pkg/check"
)

// memoryLimits holds, for each function, the maximum number of bytes that the function may use
// whatever it is sent: seven eighths of memorySize in s.yaml, or one quarter for the compactor. The Go
// runtime of the recorder and of the query function lets garbage grow to four fifths.
var memoryLimits = map[string]int{"recorder": 448 << 20, "query": 448 << 20, "compactor": 256 << 20}

// requireMemory checks the peak memory of the given functions since the stack was started.
func (s *stack) requireMemory(t *testing.T, functions ...string) {
	t.Helper()
	for _, function := range functions {
		peak := s.peakOf(t, function)
		require.Less(t, peak, memoryLimits[function], function)
		t.Logf("peak memory of %s: %d MiB", function, peak>>20)
	}
}

// requireEvents stops the stack, and checks that its bucket violates no invariant and holds exactly
// the given number of events.
func (s *stack) requireEvents(t *testing.T, events int) {
	t.Helper()
	s.interrupt(t)
	bucket, err := oss.OpenStore(filepath.Join(s.data, "oss"))
	require.NoError(t, err)
	report, err := check.Bucket(t.Context(), bucket, check.Options{})
	require.NoError(t, err)
	require.NoError(t, report.Err())
	require.EqualValues(t, events, report.Events)
}

// apiTime is the format of times in responses of the API.
const apiTime = "2006-01-02T15:04:05.000Z"

// read queries an endpoint of the API and decodes the response, which must have status 200.
func (s *stack) read(t *testing.T, endpoint string, parameters url.Values, into any) {
	t.Helper()
	r, err := do(t.Context(), http.MethodGet, s.url("/api/v1/"+endpoint+"?"+parameters.Encode()), queryToken, nil, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.status, string(r.body))
	require.NoError(t, json.Unmarshal(r.body, into))
}
