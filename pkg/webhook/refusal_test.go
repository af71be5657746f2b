package webhook

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/layout"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
)

// These are the members of a valid event in the two forms that the tests send.
const (
	ownConnect      = `"client_id":"c","action":"connect"`
	apsaraMQConnect = `"eventType":"connect","clientId":"c"`
)

// overLimit returns one body for each limit. Each body consists of events with the given members
// and exceeds only that limit. code and reason are the expected error.
func overLimit(members string) map[string]struct{ body, code, reason string } {
	var spread []string
	for day := range record.MaxPartitions + 1 {
		spread = append(spread, fmt.Sprintf(`{%s,"time":%d}`, members, now.AddDate(0, 0, -day).UnixMilli()))
	}
	item := "{" + members + "}"
	return map[string]struct{ body, code, reason string }{
		"bytes":      {item + strings.Repeat(" ", maxBody), "TooLarge", "the body is longer than 8 MiB, as sent or decompressed"},
		"items":      {strings.Repeat(item+"\n", 100_001), "TooManyItems", "the body holds more than 100000 items"},
		"partitions": {strings.Join(spread, "\n"), "TooManyPartitions", "the events belong to 257 partitions (combinations of shard and UTC day); at most 256 are allowed"},
	}
}

// requireNothingStored checks that the bucket holds nothing but the layout marker.
func (s *system) requireNothingStored() {
	s.t.Helper()
	objects, err := objstore.All(s.t.Context(), s.store, "", "")
	require.NoError(s.t, err)
	for _, object := range objects {
		require.True(s.t, strings.HasPrefix(object.Key, layout.MarkerPrefix), object.Key)
	}
}

// A body that exceeds a limit must be refused with 413 and a message that states the limit. None of
// it may be stored.
func TestABodyOverALimitIsRefused(t *testing.T) {
	for name, c := range overLimit(ownConnect) {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			s.handler.config.Retention = 0
			w := s.do("POST", "/webhooks/events/prod", c.body, "secret")
			require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
			require.JSONEq(t, fmt.Sprintf(`{"code":%q,"error":%q}`, c.code, c.reason+"; nothing was stored: send smaller batches"), w.Body.String())
			require.Empty(t, w.Header().Get("Retry-After"))
			s.requireNothingStored()
		})
	}
}

// Event must quarantine the whole payload if it exceeds a limit. Event must not return an error,
// because the platform would then redeliver the payload in vain.
func TestAPayloadOverALimitIsQuarantined(t *testing.T) {
	for name, c := range overLimit(apsaraMQConnect) {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t)
			s.handler.config.Retention = 0
			require.NoError(t, s.handler.Event(t.Context(), []byte(c.body)))
			id := s.onlyItem()
			item, err := quarantine.Get(t.Context(), s.store, id)
			require.NoError(t, err)
			require.Equal(t, c.body, string(item.Body))
			require.Equal(t, []quarantine.Error{{Error: c.reason}}, item.Errors)

			want := rejection{Rejected: []broker.Rejected{{Error: c.reason}}}
			require.Equal(t, want, s.replay(id, http.StatusUnprocessableEntity))
			events, err := objstore.All(t.Context(), s.store, layout.EventsPrefix, "")
			require.NoError(t, err)
			require.Empty(t, events)
		})
	}
}

// Bodies that reach the limit for items or for partitions, but do not exceed it, are recorded.
func TestBodiesAtTheLimitsAreRecorded(t *testing.T) {
	for name, c := range overLimit(ownConnect) {
		if name == "bytes" {
			continue // see TestLongestBodyIsTaken
		}
		s := newSystem(t)
		s.handler.config.Retention = 0
		body := c.body[:strings.LastIndexByte(strings.TrimSpace(c.body), '\n')]
		w := s.do("POST", "/webhooks/events/prod", body, "secret")
		require.Equal(t, http.StatusOK, w.Code, "%s: %s", name, w.Body)
		require.JSONEq(t, fmt.Sprintf(`{"recorded":%d}`, 1+strings.Count(body, "\n")), w.Body.String())
	}
}

// The smallest budget must suffice to quarantine, show and replay the longest payload that the
// platform delivers.
func TestTheLongestPayloadIsQuarantined(t *testing.T) {
	s := newSystem(t)
	s.handler.budget.size = MinBudget
	require.NoError(t, s.handler.Event(t.Context(), make([]byte, serve.MaxBody)))
	id := s.onlyItem()
	item := decoded[itemResponse](t, s.do("GET", "/webhooks/quarantine/"+id.String(), "", "admin"), http.StatusOK)
	require.Equal(t, serve.MaxBody, item.BodyBytes)
	require.Equal(t, []quarantine.Error{{Error: errTooLarge.reason}}, item.Errors)
	require.Len(t, s.replay(id, http.StatusUnprocessableEntity).Rejected, 1)
}
