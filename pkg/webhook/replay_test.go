package webhook

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/objstore"
	"devicetrace/pkg/objstore/memstore"
	"devicetrace/pkg/quarantine"
	"devicetrace/pkg/query"
	"devicetrace/pkg/record"
	"devicetrace/pkg/serve"
)

// system is a handler with a real writer, an in-memory store and a clock that tests can set.
type system struct {
	t       *testing.T
	store   *memstore.Store
	handler *Handler
	now     time.Time
}

func newSystem(t *testing.T) *system {
	s := &system{t: t, store: memstore.New(), now: now}
	writer, err := record.New(s.store, record.Config{})
	require.NoError(t, err)
	var tokens serve.Tokens
	require.NoError(t, tokens.Add("secret"))
	s.handler = mustNew(Config{
		Recorder: writer, Store: s.store, Tokens: tokens, AdminToken: "admin", Retention: 30 * 24 * time.Hour,
		Now: func() time.Time { return s.now },
	})
	return s
}

func (s *system) do(method, path, body, token string, header ...string) *httptest.ResponseRecorder {
	return call(s.handler, method, path, strings.NewReader(body), append(bearer(token), header...)...)
}

// post sends a body that is at least partly invalid, and returns the id of the resulting item in
// quarantine.
func (s *system) post(body string) quarantine.ID {
	s.t.Helper()
	require.Equal(s.t, http.StatusBadRequest, s.do("POST", "/webhooks/events/prod", body, "secret").Code)
	return s.onlyItem()
}

// onlyItem returns the id of the only item in quarantine. It fails the test unless there is exactly
// one item.
func (s *system) onlyItem() quarantine.ID {
	s.t.Helper()
	objects, err := objstore.All(s.t.Context(), s.store, "quarantine/", "")
	require.NoError(s.t, err)
	require.Len(s.t, objects, 1)
	name := strings.NewReplacer("quarantine/day=", "", "/", "-", ".json", "").Replace(objects[0].Key)
	id, err := quarantine.ParseID(name)
	require.NoError(s.t, err)
	return id
}

func (s *system) replay(id quarantine.ID, status int) rejection {
	s.t.Helper()
	return decoded[rejection](s.t, s.do("POST", "/webhooks/quarantine/"+id.String()+"/replay", "", "admin"), status)
}

// trace queries the given client and returns all its events.
func (s *system) trace(client string) []event.Event {
	s.t.Helper()
	reader, err := query.New(s.store, query.Config{})
	require.NoError(s.t, err)
	var events []event.Event
	for day := now.AddDate(0, 0, -60); day.Before(now.AddDate(0, 0, 60)); day = day.AddDate(0, 0, 1) {
		result, err := reader.Trace(s.t.Context(), query.Request{InstanceID: "prod", ClientID: event.ClientID(client), From: day, To: day.Add(24*time.Hour - 1)})
		require.NoError(s.t, err)
		require.Empty(s.t, result.Unreadable)
		events = append(events, result.Events...)
	}
	return events
}

// TestReplayAfterAnUpgrade checks that a replay records an event that an older recorder left out,
// and that queries then show each event once. The events have no time of their own, so only the
// index in the body distinguishes two events of the same kind.
func TestReplayAfterAnUpgrade(t *testing.T) {
	s := newSystem(t)
	body := `[{"client_id":"c","action":"connect"},{"client_id":"c","action":"close"},{"client_id":"c","action":"connect"},{"client_id":"c","action":"connect"}]`
	source, _ := broker.Find(broker.Events)
	batch := source.Decode([]byte(body), broker.Meta{InstanceID: "prod", ReceivedAt: now})
	require.Len(t, batch.Events, 4)
	require.NoError(t, s.handler.config.Recorder.Append(t.Context(), []event.Event{batch.Events[0], batch.Events[2], batch.Events[3]}))
	require.Len(t, s.trace("c"), 3)
	id, err := quarantine.Keep(t.Context(), s.store, quarantine.Item{
		ReceivedAt: now, Route: "events", InstanceID: "prod", Body: []byte(body), Errors: []quarantine.Error{{Item: 1}},
	})
	require.NoError(t, err)

	s.now = now.Add(50 * time.Hour)
	for range 3 {
		require.Equal(t, rejection{Recorded: 4, Rejected: []broker.Rejected{}}, s.replay(id, http.StatusOK))
		got := s.trace("c")
		require.Len(t, got, 4)
		for _, e := range got {
			require.Equal(t, now, e.ReceivedAt)
			require.Equal(t, now, e.Time)
		}
	}
	require.Equal(t, id, s.onlyItem(), "the item stays in quarantine")
}

// TestReplayStillRejected replays a body with an item that is still invalid. Queries must show
// the valid items once, and the invalid item must not be quarantined again.
func TestReplayStillRejected(t *testing.T) {
	s := newSystem(t)
	id := s.post(`[{"client_id":"c","action":"connect"},{"client_id":"c","action":"explode"},{"client_id":"c","action":"close"}]`)
	before := s.trace("c")
	require.Len(t, before, 2)
	s.now = now.Add(time.Hour)
	for range 2 {
		require.Equal(t, rejection{Recorded: 2, Rejected: []broker.Rejected{{Item: 1, Field: "action", Error: `"explode" is not known; use connect, close or disconnect`}}},
			s.replay(id, http.StatusUnprocessableEntity))
		require.Equal(t, before, s.trace("c"))
		require.Equal(t, id, s.onlyItem())
	}
}

// TestReplayJudgesTheAgeByTheReceivedTime checks that a replay rejects an event as too old only if
// it was already older than the retention when it was received. The time of the replay must not
// matter.
func TestReplayJudgesTheAgeByTheReceivedTime(t *testing.T) {
	s := newSystem(t)
	at := func(client string, t time.Time) string {
		return fmt.Sprintf(`{"client_id":%q,"action":"connect","time":%d}`, client, t.UnixMilli())
	}
	s.post("[" + at("kept", now.Add(-29*24*time.Hour)) + "," + at("old", now.Add(-31*24*time.Hour)) + "]")
	s.now = now.Add(20 * 24 * time.Hour)
	got := s.replay(s.onlyItem(), http.StatusUnprocessableEntity)
	require.Equal(t, 1, got.Recorded)
	require.Equal(t, 1, got.Rejected[0].Item)
	require.Len(t, s.trace("kept"), 1)
	require.Empty(t, s.trace("old"))
}

// TestReplayAcceptsAFutureEventLater checks that a replay rejects an event as too far in the future
// only if it is too far ahead of both the received time and the time of the replay.
func TestReplayAcceptsAFutureEventLater(t *testing.T) {
	s := newSystem(t)
	ahead := now.Add(3 * time.Hour).Truncate(time.Millisecond)
	id := s.post(fmt.Sprintf(`{"client_id":"c","action":"connect","time":%d,"connected_at":%[1]d}`, ahead.UnixMilli()))
	for _, c := range []struct {
		at     time.Duration
		status int
		shown  int
	}{
		{0, http.StatusUnprocessableEntity, 0},
		{2*time.Hour - time.Second, http.StatusUnprocessableEntity, 0},
		{2 * time.Hour, http.StatusOK, 1},
		{-time.Hour, http.StatusUnprocessableEntity, 1}, // the clock was set back, so the time of receipt is later
		{50 * time.Hour, http.StatusOK, 1},
	} {
		s.now = now.Add(c.at)
		s.replay(id, c.status)
		require.Len(t, s.trace("c"), c.shown, c.at)
	}
	require.Equal(t, ahead, s.trace("c")[0].Time)
	require.Equal(t, now, s.trace("c")[0].ReceivedAt)
}

// TestReplayKeepsTheReceivedTimeAsALimit checks that an event that was acceptable on arrival stays
// acceptable even if the clock is set back.
func TestReplayKeepsTheReceivedTimeAsALimit(t *testing.T) {
	s := newSystem(t)
	id := s.post(fmt.Sprintf(`[{"client_id":"c","action":"connect","time":%d},7]`, now.Add(time.Hour).UnixMilli()))
	s.now = now.Add(-24 * time.Hour)
	require.Equal(t, 1, s.replay(id, http.StatusUnprocessableEntity).Recorded)
}

// TestReplayUsesTheHeaders checks that a replay uses the hook, position and encoding that are
// stored with the body.
func TestReplayUsesTheHeaders(t *testing.T) {
	s := newSystem(t)
	const line = "1795334400: New client connected from 192.0.2.7:52341 as c (p2, c1, k60).\n"
	for i, item := range []quarantine.Item{
		{Route: "vernemq", Hook: "on_register", Body: []byte(`{"peer_addr":"192.0.2.7","peer_port":1,"mountpoint":"","client_id":"v","username":null}`)},
		{Route: "mosquitto", Position: "mosquitto.log:4096", Body: []byte(line + line)},
		{Route: "events", Encoding: "gzip", Body: []byte(gzipped(t, `{"client_id":"g","action":"connect"}`))},
	} {
		item.ReceivedAt, item.InstanceID = now, "prod"
		id, err := quarantine.Keep(t.Context(), s.store, item)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 1}[i], s.replay(id, http.StatusOK).Recorded)
	}
	require.Len(t, s.trace("v"), 1)
	require.Len(t, s.trace("g"), 1)
	lines := s.trace("c")
	require.Len(t, lines, 2, "their positions tell the lines apart")
	require.Equal(t, "mosquitto.log:000000000004096", lines[0].SourceEventID)
}

// TestReplayOfAnUnusablePosition sends a log line with an unusable position. The delivery must be
// rejected, and so must its replay. Otherwise the replay would record the line without a position.
// If the sender then sent the line with a valid position, queries would show the line twice.
func TestReplayOfAnUnusablePosition(t *testing.T) {
	const line = "1795334400: New client connected from 192.0.2.7:52341 as c (p2, c1, k60).\n"
	for _, bad := range []string{"日志:0", "log\x01:0", "log\xff:0", strings.Repeat("x", 1023) + ":0", strings.Repeat("日", 342)} {
		s := newSystem(t)
		send := func(position string) *httptest.ResponseRecorder {
			return s.do("POST", "/webhooks/mosquitto/prod", line, "secret", positionHeader, position)
		}
		refused := decoded[rejection](t, send(bad), http.StatusBadRequest)
		require.Equal(t, rejection{Rejected: []broker.Rejected{{Field: positionHeader, Error: "must be printable ASCII, at most 1024 bytes"}}}, refused)
		id := s.onlyItem()
		require.Equal(t, refused, s.replay(id, http.StatusUnprocessableEntity))
		require.Empty(t, s.trace("c"))

		require.Equal(t, http.StatusOK, send("log:0").Code)
		require.Equal(t, refused, s.replay(id, http.StatusUnprocessableEntity))
		require.Len(t, s.trace("c"), 1)
	}
}

func TestReplayRejectsWholeBodies(t *testing.T) {
	s := newSystem(t)
	for name, c := range map[string]struct {
		item quarantine.Item
		want string
	}{
		"removed route":               {quarantine.Item{Route: "nobroker"}, "there is no such route any more"},
		"unknown encoding":            {quarantine.Item{Route: "events", Encoding: "br"}, "the Content-Encoding is not supported: send gzip or none"},
		"too large when decompressed": {quarantine.Item{Route: "events", Encoding: "gzip", Body: []byte(gzipped(t, strings.Repeat(" ", maxBody+1)))}, "the body is longer than 8 MiB, as sent or decompressed"},
	} {
		t.Run(name, func(t *testing.T) {
			c.item.ReceivedAt, c.item.InstanceID = now, "prod"
			id, err := quarantine.Keep(t.Context(), s.store, c.item)
			require.NoError(t, err)
			require.Equal(t, rejection{Rejected: []broker.Rejected{{Error: c.want}}}, s.replay(id, http.StatusUnprocessableEntity))
		})
	}
}
