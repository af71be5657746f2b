package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestTencentConnectedHasAllFields(t *testing.T) {
	connected := time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC)
	require.Equal(t, &event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: connected, TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "tencent", NativeEvent: "client.connected",
		Username: "device", Node: "10.0.0.5:1883",
		ProtocolVersion: 5, KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true),
		ConnectedAt: connected,
	}, onlyEvent(t, "tencent-connected"))
}

func TestTencentDisconnectedHasAllFields(t *testing.T) {
	require.Equal(t, &event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Close, ActionInfo: event.NotAuthorized,
		Time: time.Date(2026, 11, 22, 9, 31, 30, 0, time.UTC), TimeOrigin: event.FromBroker,
		ReceivedAt: received.Truncate(time.Millisecond),
		Source:     "tencent", NativeEvent: "client.disconnected", NativeReason: "authentication_expired",
		PeerAddress: "192.0.2.7", PeerPort: 52341, Username: "device", Node: "10.0.0.5:1883",
	}, onlyEvent(t, "tencent-disconnected-authentication-expired"))
}

// TestTencentEvents covers every event and every documented reason for client.disconnected.
func TestTencentEvents(t *testing.T) {
	for _, c := range []struct{ event, reason, want string }{
		{"client.connected", "", "c connect accepted"},
		{"client.disconnected", "normal", "c disconnect disconnected by client"},
		{"client.disconnected", "takeovered", "c close clientId conflict"},
		{"client.disconnected", "kicked", "c close ServerShutdown"},
		{"client.disconnected", "authentication_expired", "c close not authorized"},
		{"client.disconnected", "keepalive_timeout", "c close no heart"},
		{"client.disconnected", "tcp_closed", "c close closed by client"},
		{"client.disconnected", "no_such_reason", "c close unexplained"},
		{"session.subscribed", "", ""},
		{"session.unsubscribed", "", ""},
		{"certificate.registered", "", ""},
		{"certificate.rejected", "", ""},
		{"client.ping", "", "rejected 0 event"},
		{"", "", "rejected 0 event"},
	} {
		got := decode(t, "tencent", fmt.Sprintf(`{"event":%q,"clientid":"c","reason":%q,"timestamp":1795339800123}`, c.event, c.reason))
		require.Equal(t, c.want, summary(got), "%s %s", c.event, c.reason)
		if len(got.Events) > 0 {
			require.Equal(t, c.reason, got.Events[0].NativeReason)
			require.Equal(t, time.UnixMilli(1795339800123).UTC(), got.Events[0].Time)
		}
	}
}

// TestTencentChannel checks that a connection's two events have different derived channels.
// Tencent's connect event includes connected_at but no address. Its end event includes the address
// but no connected_at. Therefore the events can be paired only by their times.
func TestTencentChannel(t *testing.T) {
	require.Equal(t, "4fb6a14524789c096446582ef03c6f11", onlyEvent(t, "tencent-connected").Channel())
	require.Equal(t, "30189085cd782c9338cabcc68731f05f", onlyEvent(t, "tencent-disconnected-normal").Channel())
}

func TestTencentSamples(t *testing.T) {
	requireSamples(t, "tencent", map[string]string{
		"tencent-connected":                           "dev1 connect accepted",
		"tencent-disconnected-normal":                 "dev1 disconnect disconnected by client",
		"tencent-disconnected-takeovered":             "dev1 close clientId conflict",
		"tencent-disconnected-kicked":                 "dev1 close ServerShutdown",
		"tencent-disconnected-authentication-expired": "dev1 close not authorized",
		"tencent-session-subscribed":                  "",
		"tencent-batch":                               "dev1 connect accepted, dev1 close clientId conflict",
	})
}

func FuzzTencent(f *testing.F) { fuzz(f, "tencent") }
