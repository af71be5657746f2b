package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/quarantine"
)

// NanoMQ sends neither a time nor an identifier. Even if one client's events all arrive in the same
// millisecond, queries must show each of them.
func TestSimultaneousEventsWithoutATimeAreAllShown(t *testing.T) {
	s := newSystem(t)
	for range 100 {
		w := s.do("POST", "/webhooks/nanomq/prod", `{"action":"client_connack","clientid":"c","conn_ack":"success"}`, "secret")
		require.Equal(t, http.StatusOK, w.Code)
	}
	require.Len(t, s.trace("c"), 100)
}

// If an event has no time, its source_event_id does not identify it: two deliveries with the same
// id are two events.
func TestAnIDWithoutATimeIsNoIdentity(t *testing.T) {
	s := newSystem(t)
	for range 2 {
		s.do("POST", "/webhooks/events/prod", `{"client_id":"c","action":"connect","source_event_id":"1"}`, "secret")
	}
	got := s.trace("c")
	require.Len(t, got, 2)
	for _, e := range got {
		require.Regexp(t, `^1-[0-9a-f]{8}-00000$`, e.SourceEventID)
	}
}

// Each delivery must draw 32 random bits from Config.Random exactly once, however many events it
// has.
func TestADeliveryDrawsItsBitsOnce(t *testing.T) {
	s := newSystem(t)
	random := bytes.NewReader([]byte{0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 1, 2})
	s.handler.config.Random = random
	s.do("POST", "/webhooks/events/prod", `[{"client_id":"c","action":"connect"},{"client_id":"c","action":"close"}]`, "secret")
	require.NoError(t, s.handler.Event(t.Context(), []byte(`{"eventType":"connect","clientId":"t"}`)))
	require.Equal(t, 1, random.Len())
	got := s.trace("c")
	require.Len(t, got, 2)
	require.Equal(t, []string{"deadbeef-00000", "deadbeef-00001"}, []string{got[0].SourceEventID, got[1].SourceEventID})
}

// A delivery whose random bits cannot be drawn must be neither recorded nor acknowledged.
func TestNothingIsRecordedWithoutRandomBits(t *testing.T) {
	s := newSystem(t)
	broken := errors.New("no entropy")
	for _, random := range []error{broken, nil} { // nil means that there are too few bytes
		s.handler.config.Random = bytes.NewReader([]byte{1, 2, 3})
		if random != nil {
			s.handler.config.Random = iotest.ErrReader(random)
		}
		w := s.do("POST", "/webhooks/events/prod", `[{"client_id":"c","action":"connect"},{}]`, "secret")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
		require.Error(t, s.handler.Event(t.Context(), []byte(`{"eventType":"connect","clientId":"c"}`)))
	}
	objects, err := objstore.All(t.Context(), s.store, "", "")
	require.NoError(t, err)
	require.Empty(t, objects)
}

// A trigger redelivers a message after an error. Even if the notification has no time, the id and
// time of its envelope must make every delivery result in the same event.
func TestARedeliveredMessageIsTheSameEvent(t *testing.T) {
	s := newSystem(t)
	s.handler.config.TriggerInstance = "prod"
	payload := strings.Replace(notification("c"), fmt.Sprintf(`,\"time\":%d`, now.UnixMilli()), "", 1)
	require.NotEqual(t, notification("c"), payload)
	for range 3 {
		require.NoError(t, s.handler.Event(t.Context(), []byte(payload)))
		s.now = s.now.Add(time.Millisecond)
	}
	require.Len(t, s.trace("c"), 1)
}

// A replay must use the random bits that are stored with the item. It then records the same events
// as the original delivery.
func TestAReplayRepeatsTheBits(t *testing.T) {
	s := newSystem(t)
	id := s.post(`[{"client_id":"c","action":"connect"},{"client_id":"c","action":"explode"},{"client_id":"c","action":"close"}]`)
	before := s.trace("c")
	require.Len(t, before, 2)
	item, err := quarantine.Get(t.Context(), s.store, id)
	require.NoError(t, err)
	require.Equal(t, item.DeliveryID+"-00000", before[0].SourceEventID)

	s.now = now.AddDate(0, 0, 1)
	s.replay(id, http.StatusUnprocessableEntity)
	require.Equal(t, before, s.trace("c"))
	require.Equal(t, event.FromReceiver, before[0].TimeOrigin)
}
