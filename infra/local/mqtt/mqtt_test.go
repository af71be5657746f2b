package mqtt_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/local/demo/ends"
	"devicetrace/infra/local/mqtt"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// recorder is an endpoint that decodes events like the real recorder. A test can set fault to
// inject faults. The recorder calls fault before it records the events of requests 1, 4, 7 and so
// on, and after it has recorded the events of requests 2, 5, 8 and so on. If fault returns true,
// fault has already responded to the request.
type recorder struct {
	t       *testing.T
	fault   func(n int64, w http.ResponseWriter) (handled bool)
	calls   atomic.Int64
	mu      sync.Mutex
	arrived *sync.Cond
	rows    []event.Event // the events of all deliveries, with duplicates
}

func newRecorder(t *testing.T) (*recorder, *httptest.Server) {
	r := &recorder{t: t}
	r.arrived = sync.NewCond(&r.mu)
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return r, s
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	n := r.calls.Add(1)
	if req.Header.Get("Authorization") != "Bearer secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.fault != nil && n%3 == 1 && r.fault(n, w) { // fault may respond before the events are recorded
		return
	}
	source, _ := broker.Find(broker.Events)
	b := source.Decode(body, broker.Meta{InstanceID: "local", ReceivedAt: time.Now(), Retention: time.Hour})
	if len(b.Rejected) > 0 {
		r.t.Errorf("rejected: %+v", b.Rejected)
	}
	r.mu.Lock()
	r.rows = append(r.rows, b.Events...)
	r.arrived.Broadcast()
	r.mu.Unlock()
	if r.fault != nil && n%3 == 2 && r.fault(n, w) { // fault may respond after the events were recorded
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]int{"recorded": len(b.Events)})
}

// distinct returns the rows without duplicates, in the order in which they first arrived.
func (r *recorder) distinct() []event.Event {
	seen := map[string]bool{}
	var rows []event.Event
	for _, e := range r.rows {
		if !seen[e.SourceEventID] {
			rows = append(rows, e)
		}
		seen[e.SourceEventID] = true
	}
	return rows
}

// of waits for n rows from the given client and returns the rows sorted by event identifier. The
// rows may arrive in a different order. For example, after a takeover, the end event of the old
// connection may arrive after the new connect event.
func (r *recorder) of(clientID string, n int) []event.Event {
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.arrived.Broadcast()
	})()
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var rows []event.Event
		for _, e := range r.distinct() {
			if string(e.ClientID) == clientID {
				rows = append(rows, e)
			}
		}
		if len(rows) >= n || ctx.Err() != nil {
			slices.SortFunc(rows, func(a, b event.Event) int { return cmp.Compare(a.SourceEventID, b.SourceEventID) })
			return rows
		}
		r.arrived.Wait()
	}
}

func config(address, url string) mqtt.Config {
	return mqtt.Config{
		Address: address, Instance: "local", WebhookURL: url, Token: "secret",
		User: "device", Password: "devpass", Log: slog.New(slog.DiscardHandler),
	}
}

func start(t *testing.T, url string) (*mqtt.Broker, ends.Target) {
	t.Helper()
	b, err := mqtt.Start(config("127.0.0.1:0", url))
	require.NoError(t, err)
	return b, ends.Target{Address: b.Addr(), User: "device", Password: "devpass"}
}

// words returns each row's action and action info.
func words(rows []event.Event) []ends.Row {
	var words []ends.Row
	for _, e := range rows {
		words = append(words, ends.Row{Action: string(e.Action), Info: string(e.ActionInfo)})
	}
	return words
}

// requireOneConnection requires that the rows agree in every field that is constant over a
// connection.
func requireOneConnection(t *testing.T, rows []event.Event) {
	t.Helper()
	for i, e := range rows {
		require.Len(t, e.ChannelID, 32)
		require.Equal(t, rows[0].ChannelID, e.ChannelID)
		require.Equal(t, rows[0].PeerPort, e.PeerPort)
		require.Equal(t, "127.0.0.1", e.PeerAddress)
		require.NotZero(t, e.PeerPort)
		require.Equal(t, "device", e.Username)
		require.Equal(t, "local", e.Node)
		require.Equal(t, event.FromBroker, e.TimeOrigin)
		require.Equal(t, rows[0].ConnectedAt, e.ConnectedAt)
		require.False(t, e.Time.Before(rows[max(0, i-1)].Time), "times go backwards")
	}
}

func TestEveryKindOfEnd(t *testing.T) {
	r, s := newRecorder(t)
	b, target := start(t, s.URL)
	t.Cleanup(func() { require.NoError(t, b.Stop(context.Background())) }) // runs after the parallel subtests
	for _, version := range []byte{4, 5} {
		target.Version = version
		for _, kind := range ends.Kinds {
			name := kind.Name + "-v" + string('0'+rune(version))
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				id := "GID_test@@@" + name
				require.NoError(t, kind.Run(t.Context(), target, id))
				rows := r.of(id, len(kind.Rows))
				require.Equal(t, kind.Rows, words(rows))
				if kind.Name == "takeover" {
					require.NotEqual(t, rows[0].ChannelID, rows[2].ChannelID)
					requireOneConnection(t, rows[:2])
					requireOneConnection(t, rows[2:])
					require.False(t, rows[2].Time.Before(rows[1].Time))
					return
				}
				requireOneConnection(t, rows)
			})
		}
	}
}

// A packet with a denied topic must end the connection in both MQTT versions, at every
// QoS, for PUBLISH and for SUBSCRIBE.
func TestDeniedTopics(t *testing.T) {
	r, s := newRecorder(t)
	b, target := start(t, s.URL)
	for _, version := range []byte{4, 5} {
		target.Version = version
		for name, packet := range map[string][]byte{
			"qos0":   ends.Publish(version, "denied/a", 0),
			"qos1":   ends.Publish(version, "denied/a", 1),
			"qos2":   ends.Publish(version, "denied/a", 2),
			"filter": ends.Subscribe(version, "denied/#"),
			"shared": ends.Subscribe(version, "$share/group/denied/a"),
		} {
			id := name + string('0'+rune(version))
			c, err := ends.Dial(t.Context(), target, id, time.Minute)
			require.NoError(t, err)
			_, err = c.Write(packet)
			require.NoError(t, err)
			require.NoError(t, c.AwaitEnd(), id)
			rows := r.of(id, 2)
			require.Equal(t, []ends.Row{{Action: "connect", Info: "accepted"}, {Action: "close", Info: "topic auth failed"}}, words(rows), id)
			require.Equal(t, event.Some[int32](0x87), rows[1].ReasonCode)
		}
	}
	require.NoError(t, b.Stop(t.Context()))
}

func TestAllowedTopicsStayOpen(t *testing.T) {
	r, s := newRecorder(t)
	b, target := start(t, s.URL)
	c, err := ends.Dial(t.Context(), target, "good", time.Minute)
	require.NoError(t, err)
	for _, packet := range [][]byte{ends.Subscribe(4, "#"), ends.Publish(4, "allowed/denied/x", 0), {0xC0, 0}, {0xE0, 0}} {
		_, err = c.Write(packet)
		require.NoError(t, err)
	}
	require.NoError(t, c.AwaitEnd())
	require.Equal(t, "disconnected by client", words(r.of("good", 2))[1].Info)
	require.NoError(t, b.Stop(t.Context()))
}

// TestRawEnds covers ways to end a connection that need hand-made packets.
func TestRawEnds(t *testing.T) {
	r, s := newRecorder(t)
	b, target := start(t, s.URL)
	for _, c := range []struct {
		name    string
		version byte
		packet  []byte
		info    string
		code    event.Optional[int32]
	}{
		{"second CONNECT", 4, ends.Connect(target, "x", time.Minute), "invalid param", event.Some[int32](0x82)},
		{"second CONNECT in v5", 5, ends.Connect(target, "x", time.Minute), "invalid param", event.Some[int32](0x82)},
		{"a packet too large", 4, []byte{0x30, 0xFF, 0xFF, 0xFF, 0x7F}, "invalid param", event.Some[int32](0x95)},
		{"DISCONNECT in v3", 4, []byte{0xE0, 0}, "disconnected by client", event.Optional[int32]{}},
		{"DISCONNECT with will", 5, []byte{0xE0, 2, 0x04, 0}, "disconnected by client", event.Some[int32](0x04)},
		{"DISCONNECT with an error", 5, []byte{0xE0, 2, 0x80, 0}, "disconnected by client", event.Some[int32](0x80)},
		{"DISCONNECT without a code", 5, []byte{0xE0, 0}, "disconnected by client", event.Some[int32](0x00)},
		{"DISCONNECT of one byte", 5, []byte{0xE0, 1, 0x04}, "disconnected by client", event.Optional[int32]{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			target.Version = c.version
			conn, err := ends.Dial(t.Context(), target, c.name, time.Minute)
			require.NoError(t, err)
			_, err = conn.Write(c.packet)
			require.NoError(t, err)
			require.NoError(t, conn.AwaitEnd())
			rows := r.of(c.name, 2)
			require.Equal(t, c.info, words(rows)[1].Info)
			require.Equal(t, c.code, rows[1].ReasonCode)
		})
	}
	require.NoError(t, b.Stop(t.Context()))
}

func TestRefusals(t *testing.T) {
	r, s := newRecorder(t)
	b, target := start(t, s.URL)
	for _, c := range []struct {
		version byte
		user    string
		info    string
		code    int32
	}{
		{4, "nobody", "not authorized", 5},
		{5, "nobody", "not authorized", 0x86},
		{6, "device", "invalid param", 0x82},
	} {
		id := "refused" + string('0'+rune(c.version))
		target.User, target.Version = c.user, c.version
		_, err := ends.Dial(t.Context(), target, id, time.Minute)
		require.Error(t, err)
		rows := r.of(id, 1)
		require.Equal(t, []ends.Row{{Action: "close", Info: c.info}}, words(rows))
		require.Equal(t, event.Some(c.code), rows[0].ReasonCode)
		require.NotEmpty(t, rows[0].NativeReason)
	}
	require.NoError(t, b.Stop(t.Context()))
}

// Stop must deliver the end events of all sessions. Neither clients that stop reading nor a client
// that never sends a CONNECT may prevent this.
func TestStopDeliversEverything(t *testing.T) {
	r, s := newRecorder(t)
	b, target := start(t, s.URL)
	ids := []string{"a", "b", "c"}
	for _, id := range ids {
		c, err := ends.Dial(t.Context(), target, id, 0)
		require.NoError(t, err)
		defer c.Close()
	}
	mute, err := net.Dial("tcp", b.Addr())
	require.NoError(t, err)
	defer mute.Close()
	require.NoError(t, b.Stop(t.Context()))
	for _, id := range ids {
		require.Equal(t, []ends.Row{{Action: "connect", Info: "accepted"}, {Action: "close", Info: "ServerShutdown"}}, words(r.of(id, 2)))
	}
	require.Len(t, r.rows, 6)
}

// Despite faults, the recorder must get every event, and must get the events of each connection in
// order. The recorder responds to some requests with status 503, and aborts others without a
// response. Some faults of each kind happen before the events are recorded, and some afterwards.
func TestFaultsLoseNothing(t *testing.T) {
	r, s := newRecorder(t)
	r.fault = func(n int64, w http.ResponseWriter) bool {
		if n > 40 {
			return false
		}
		if n%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		panic(http.ErrAbortHandler)
	}
	b, target := start(t, s.URL)
	var clients sync.WaitGroup
	const devices, rounds = 10, 5
	for i := range devices {
		clients.Go(func() {
			for range rounds {
				if err := ends.Dropped(t.Context(), target, "dev"+string('0'+rune(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	require.NoError(t, b.Stop(t.Context()))
	rows := r.distinct()
	require.Len(t, rows, 2*devices*rounds)
	require.Greater(t, len(r.rows), len(rows), "no fault made a duplicate, so the test proves nothing")
	requireExactDuplicates(t, r.rows)
	channels := map[string][]event.Event{}
	for _, e := range rows {
		channels[e.ChannelID] = append(channels[e.ChannelID], e)
	}
	require.Len(t, channels, devices*rounds)
	for _, rows := range channels {
		require.Len(t, rows, 2)
		require.Equal(t, event.Connect, rows[0].Action)
		require.Less(t, rows[0].SourceEventID, rows[1].SourceEventID)
	}
}

// requireExactDuplicates checks that repeated events differ only in the received time.
func requireExactDuplicates(t *testing.T, rows []event.Event) {
	t.Helper()
	first := map[string]event.Event{}
	for _, e := range rows {
		e.ReceivedAt = time.Time{}
		if known, ok := first[e.SourceEventID]; ok {
			require.Equal(t, known, e)
		}
		first[e.SourceEventID] = e
	}
}

func TestStopReportsUndeliveredEvents(t *testing.T) {
	for name, status := range map[string]int{"a wrong token": http.StatusUnauthorized, "a recorder that is down": http.StatusServiceUnavailable} {
		t.Run(name, func(t *testing.T) {
			responded := make(chan struct{}, 100)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				responded <- struct{}{}
			}))
			defer s.Close()
			b, target := start(t, s.URL)
			_, err := ends.Dial(t.Context(), target, "c", time.Minute)
			require.NoError(t, err)
			<-responded
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			require.ErrorContains(t, b.Stop(ctx), "2 events were not delivered")
		})
	}
}

func TestAddressInUse(t *testing.T) {
	_, s := newRecorder(t)
	b, _ := start(t, s.URL)
	_, err := mqtt.Start(config(b.Addr(), s.URL))
	require.True(t, errors.Is(err, syscall.EADDRINUSE), err)
	require.NoError(t, b.Stop(t.Context()))
}
