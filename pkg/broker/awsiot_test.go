package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestAWSIoTSamples(t *testing.T) {
	requireSamples(t, "aws-iot", map[string]string{
		"aws-iot-connected":              "dev1 connect accepted",
		"aws-iot-disconnected-by-client": "dev1 disconnect disconnected by client",
		"aws-iot-disconnected-keepalive": "dev1 close no heart",
		"aws-iot-disconnected-duplicate": "dev1 close clientId conflict",
		"aws-iot-disconnected-lost":      "dev1 close Socket IOException",
		"aws-iot-disconnected-auth":      "dev1 close not authorized",
		"aws-iot-disconnected-websocket": "dev1 close closed by client",
		"aws-iot-disconnected-no-reason": "dev1 close unexplained",
		"aws-iot-connect-failed":         "dev4 close not authorized",
		"aws-iot-subscribed":             "",
		"aws-iot-batch":                  "dev1 connect accepted, dev4 close not authorized, dev1 close no heart",
	})
}

func TestAWSIoTHasAllFields(t *testing.T) {
	const certificate = "9f3c2a5be1d04c7788aa0b1c2d3e4f5061728394a5b6c7d8e9f0011223344556"
	_, body := sample(t, samples+"/aws-iot-batch.json")
	start := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1", ChannelID: "4d5e6f70-0000-4000-8000-0123456789ab",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: start.Add(123 * time.Millisecond), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "aws-iot", SourceEventID: "0000000003", NativeEvent: "connected",
		PeerAddress: "192.0.2.7", Username: certificate,
	}, {
		InstanceID: "sample", ClientID: "GID_a@@@dev4", ChannelID: "5e6f7081-0000-4000-8000-0123456789ab",
		Action: event.Close, ActionInfo: event.NotAuthorized,
		Time: start.Add(50 * time.Millisecond), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "aws-iot", NativeEvent: "connect_failed", NativeReason: "AUTHORIZATION_FAILED",
		PeerAddress: "192.0.2.8", Username: certificate,
	}, {
		InstanceID: "sample", ClientID: "GID_a@@@dev1", ChannelID: "4d5e6f70-0000-4000-8000-0123456789ab",
		Action: event.Close, ActionInfo: event.NoHeart,
		Time: start.Add(90 * time.Second), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "aws-iot", SourceEventID: "0000000003", NativeEvent: "disconnected", NativeReason: "MQTT_KEEP_ALIVE_TIMEOUT",
		Username: certificate,
	}}, decode(t, "aws-iot", body).Events)
}

// TestAWSIoTReasons covers every reason that AWS documents or that its SDK names.
func TestAWSIoTReasons(t *testing.T) {
	for _, c := range []struct{ members, want string }{
		{`"eventType":"connected"`, "c connect accepted"},
		{`"eventType":"disconnected","disconnectReason":"CLIENT_INITIATED_DISCONNECT"`, "c disconnect disconnected by client"},
		{`"eventType":"disconnected","disconnectReason":"CONNECTION_LOST"`, "c close Socket IOException"},
		{`"eventType":"disconnected","disconnectReason":"MQTT_KEEP_ALIVE_TIMEOUT"`, "c close no heart"},
		{`"eventType":"disconnected","disconnectReason":"DUPLICATE_CLIENTID"`, "c close clientId conflict"},
		{`"eventType":"disconnected","disconnectReason":"DUPLICATE_CLIENT_ID"`, "c close clientId conflict"},
		{`"eventType":"disconnected","disconnectReason":"AUTH_ERROR"`, "c close not authorized"},
		{`"eventType":"disconnected","disconnectReason":"CUSTOMAUTH_TTL_EXPIRATION"`, "c close not authorized"},
		{`"eventType":"disconnected","disconnectReason":"FORBIDDEN_ACCESS"`, "c close not authorized"},
		{`"eventType":"disconnected","disconnectReason":"CLIENT_ERROR"`, "c close invalid param"},
		{`"eventType":"disconnected","disconnectReason":"THROTTLED"`, "c close invalid param"},
		{`"eventType":"disconnected","disconnectReason":"SERVER_ERROR"`, "c close ServerShutdown"},
		{`"eventType":"disconnected","disconnectReason":"SERVER_INITIATED_DISCONNECT"`, "c close ServerShutdown"},
		{`"eventType":"disconnected","disconnectReason":"API_INITIATED_DISCONNECT"`, "c close ServerShutdown"},
		{`"eventType":"disconnected","disconnectReason":"WEBSOCKET_TTL_EXPIRATION"`, "c close ServerShutdown"},
		{`"eventType":"disconnected","disconnectReason":"UNKNOWN"`, "c close unexplained"},
		{`"eventType":"disconnected","disconnectReason":"NONE"`, "c close unexplained"},
		{`"eventType":"disconnected","disconnectReason":"SOMETHING_NEW"`, "c close unexplained"},
		{`"eventType":"disconnected"`, "c close unexplained"},
		{`"eventType":"connect_failed","connectFailureReason":"AUTHORIZATION_FAILED"`, "c close not authorized"},
		{`"eventType":"connect_failed","connectFailureReason":"SOMETHING_NEW"`, "c close unexplained"},
		{`"eventType":"subscribed"`, ""},
		{`"eventType":"unsubscribed"`, ""},
		{`"eventType":"renamed"`, "rejected 0 eventType"},
		{`"eventType":null`, "rejected 0 eventType"},
	} {
		body := `{"clientId":"c","timestamp":1795339800000,` + c.members + `}`
		require.Equal(t, c.want, summary(decode(t, "aws-iot", body)), c.members)
	}
}

// TestAWSIoTFlag covers clientInitiatedDisconnect, which a rule may leave out or send as a string.
func TestAWSIoTFlag(t *testing.T) {
	const byClient, closed, unexplained = "c disconnect disconnected by client", "c close closed by client", "c close unexplained"
	for _, c := range []struct{ flag, reason, want string }{
		{`true`, `"CLIENT_INITIATED_DISCONNECT"`, byClient},
		{`"true"`, `"CLIENT_INITIATED_DISCONNECT"`, byClient},
		{`false`, `"CLIENT_INITIATED_DISCONNECT"`, closed},
		{`"false"`, `"CLIENT_INITIATED_DISCONNECT"`, closed},
		{`null`, `"CLIENT_INITIATED_DISCONNECT"`, byClient},
		{`"undefined"`, `"CLIENT_INITIATED_DISCONNECT"`, byClient},
		{`true`, `null`, closed},
		{`"true"`, `""`, closed},
		{`false`, `null`, unexplained},
		{`"false"`, `""`, unexplained},
		{`null`, `null`, unexplained},
		{`true`, `"UNKNOWN"`, unexplained},
		{`true`, `"SOMETHING_NEW"`, unexplained},
		{`true`, `"CONNECTION_LOST"`, "c close Socket IOException"},
		{`false`, `"MQTT_KEEP_ALIVE_TIMEOUT"`, "c close no heart"},
		{`"maybe"`, `"CONNECTION_LOST"`, "rejected 0 clientInitiatedDisconnect"},
	} {
		body := fmt.Sprintf(`{"clientId":"c","eventType":"disconnected","clientInitiatedDisconnect":%s,"disconnectReason":%s}`, c.flag, c.reason)
		require.Equal(t, c.want, summary(decode(t, "aws-iot", body)), body)
	}
	got := decode(t, "aws-iot", `{"clientId":"c","eventType":"disconnected","clientInitiatedDisconnect":true}`)
	require.True(t, broker.IsMute(&got.Events[0]), "whether the client sent DISCONNECT is unknown")
}

// A rule may leave out eventType, and may add the topic.
func TestAWSIoTKindWithoutEventType(t *testing.T) {
	const lost, refused = "c close Socket IOException", "c close not authorized"
	for members, want := range map[string]string{
		`"topic":"$aws/events/presence/connected/c"`:                                              "c connect accepted",
		`"topic":"$aws/events/presence/disconnected/c","disconnectReason":"CONNECTION_LOST"`:      lost,
		`"topic":"$aws/events/presence/disconnected/c"`:                                           "c close unexplained",
		`"topic":"$aws/events/presence/connect_failed/c"`:                                         "c close unexplained",
		`"topic":"$aws/events/subscriptions/subscribed/c"`:                                        "",
		`"topic":"devices/c","disconnectReason":"CONNECTION_LOST"`:                                lost,
		`"disconnectReason":"CONNECTION_LOST"`:                                                    lost,
		`"connectFailureReason":"AUTHORIZATION_FAILED"`:                                           refused,
		`"eventType":"connected","topic":"$aws/events/presence/disconnected/c"`:                   "c connect accepted",
		`"eventType":"connected","topic":7`:                                                       "c connect accepted",
		`"topic":"$aws/events/presence/renamed/c"`:                                                "rejected 0 eventType",
		`"topic":"devices/$aws/events/presence/connected/c"`:                                      "rejected 0 eventType",
		`"disconnectReason":null,"clientInitiatedDisconnect":true`:                                "rejected 0 eventType",
		`"payload":{"clientId":"x","eventType":"connected"},"disconnectReason":"CONNECTION_LOST"`: lost,
	} {
		require.Equal(t, want, summary(decode(t, "aws-iot", `{"clientId":"c",`+members+`}`)), members)
	}
}

// A rule may put the whole event under one key.
func TestAWSIoTEnvelope(t *testing.T) {
	const event = `{"clientId":"c","timestamp":1795339800000,"disconnectReason":"CONNECTION_LOST","versionNumber":3}`
	want := decode(t, "aws-iot", event).Events
	for _, body := range []string{
		`{"payload":` + event + `,"topic":"$aws/events/presence/disconnected/c"}`,
		`{"payload":` + event + `}`,
		`{"payload":` + inBase64(event) + `}`,
		fmt.Sprintf(`{"payload":%q}`, event),
	} {
		require.Equal(t, want, decode(t, "aws-iot", body).Events, body)
	}
	for body, field := range map[string]string{
		`{"payload":7}`:                                               "payload",
		`{"payload":{"eventType":"connected"}}`:                       "payload.clientId",
		`{"payload":{"clientId":"c"}}`:                                "payload.eventType",
		`{"payload":{"clientId":"c","clientId":"victim"}}`:            "payload.clientId",
		`{"payload":{"clientId":"c","eventType":"connected"},"x":{}}`: "",
	} {
		got := decode(t, "aws-iot", body)
		require.Equal(t, field == "", len(got.Rejected) == 0, body)
		for _, r := range got.Rejected {
			require.Equal(t, field, r.Field, body)
		}
	}
}

// Without a session identifier, the version number identifies the connection of a client.
func TestAWSIoTVersionNumberIsTheChannel(t *testing.T) {
	got := decode(t, "aws-iot", `[
		{"clientId":"c","eventType":"connected","timestamp":1795339800000,"versionNumber":11},
		{"clientId":"c","eventType":"connected","timestamp":1795339810000,"versionNumber":12},
		{"clientId":"c","eventType":"disconnected","versionNumber":11,"disconnectReason":"MQTT_KEEP_ALIVE_TIMEOUT"},
		{"clientId":"c","eventType":"disconnected","versionNumber":11,"sessionIdentifier":"s"},
		{"clientId":"c","eventType":"disconnected"}]`).Events
	require.Equal(t, "0000000011", got[0].ChannelID)
	require.Equal(t, "0000000012", got[1].ChannelID)
	require.Equal(t, got[0].ChannelID, got[2].ChannelID, "even if the end has no time")
	require.Equal(t, "s", got[3].ChannelID)
	require.Empty(t, got[4].ChannelID)
}

func TestAWSIoTVersionNumberIsTheEventID(t *testing.T) {
	for version, want := range map[string]string{
		`0`: "0000000000", `3`: "0000000003", `"3"`: "0000000003", `3.0`: "0000000003", `12345678901`: "12345678901", `9007199254740991.0`: "9007199254740991", `9223372036854775807`: "9223372036854775807", `null`: "", `"undefined"`: "",
	} {
		got := decode(t, "aws-iot", fmt.Sprintf(`{"clientId":"c","timestamp":1795339800000,"eventType":"connected","versionNumber":%s}`, version))
		require.Empty(t, got.Rejected, version)
		require.Equal(t, want, got.Events[0].SourceEventID, version)
	}
	for _, version := range []string{`-1`, `1.5`, `true`, `[3]`, `"x"`, `9007199254740992.0`, `1e300`} {
		got := decode(t, "aws-iot", fmt.Sprintf(`{"clientId":"c","timestamp":1795339800000,"eventType":"connected","versionNumber":%s}`, version))
		require.Equal(t, "rejected 0 versionNumber", summary(got), version)
	}
}

// After a session takeover, the end event of the old connection has the old connection's
// channel, not the new connection's.
func TestAWSIoTConnectionHasOneChannel(t *testing.T) {
	got := decode(t, "aws-iot", `[
		{"clientId":"c","eventType":"connected","timestamp":1795339800000,"sessionIdentifier":"a","versionNumber":1},
		{"clientId":"c","eventType":"connected","timestamp":1795339810000,"sessionIdentifier":"b","versionNumber":2},
		{"clientId":"c","eventType":"disconnected","timestamp":1795339810005,"sessionIdentifier":"a","versionNumber":1,"disconnectReason":"DUPLICATE_CLIENTID"}]`).Events
	require.Equal(t, "a", got[0].Channel())
	require.Equal(t, "b", got[1].Channel())
	require.Equal(t, got[0].Channel(), got[2].Channel())
}

// Events with the same time in milliseconds must sort by versionNumber, which grows with each
// connection. For each connection, the connect event must come before the end event.
func TestAWSIoTKeepsTheOrderOfVersions(t *testing.T) {
	var events []event.Event
	for version := range 120 {
		for _, kind := range []string{"connected", "disconnected"} {
			body := fmt.Sprintf(`{"clientId":"c","eventType":%q,"timestamp":1795339800000,"versionNumber":%d}`, kind, version)
			events = append(events, decode(t, "aws-iot", body).Events...)
		}
	}
	require.Len(t, events, 240)
	requireOrder(t, events)
}

func TestAWSIoTOddities(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"no client", `{"eventType":"connected"}`, "rejected 0 clientId"},
		{"client named undefined", `{"eventType":"connected","clientId":"undefined"}`, "undefined connect accepted"},
		{"no time", `{"eventType":"connected","clientId":"c"}`, "c connect accepted"},
		{"seconds", `{"eventType":"connected","clientId":"c","timestamp":1795339800}`, "rejected 0 timestamp"},
		{"fields that a rule adds", `{"eventType":"connected","clientId":"c","thingName":"t","topic":"x","clientInitiatedDisconnect":false}`, "c connect accepted"},
		{"session is not a string", `{"eventType":"connected","clientId":"c","sessionIdentifier":7}`, "rejected 0 sessionIdentifier"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "aws-iot", c.body))) })
	}
}

func FuzzAWSIoT(f *testing.F) { fuzz(f, "aws-iot") }
