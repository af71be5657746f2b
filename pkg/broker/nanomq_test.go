package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestNanoMQConnackHasAllFields(t *testing.T) {
	now := received.Truncate(time.Millisecond)
	require.Equal(t, &event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: now, TimeOrigin: event.FromReceiver, ReceivedAt: now,
		Source: "nanomq", SourceEventID: "1a2b3c4d-00000", NativeEvent: "client_connack",
		Username: "device", ProtocolVersion: 4, KeepAlive: event.Some(time.Minute),
	}, onlyEvent(t, "nanomq-connack-success"))
}

// TestNanoMQActions covers every action of the webhook.
func TestNanoMQActions(t *testing.T) {
	for _, c := range []struct{ members, want, reason string }{
		{`"action":"client_connack","conn_ack":"success"`, "c connect accepted", ""},
		{`"action":"client_connack","conn_ack":"fail"`, "c close not authorized", "fail"},
		{`"action":"client_connack","conn_ack":"banned"`, "c close not authorized", "banned"},
		{`"action":"client_connack"`, "rejected 0 conn_ack", ""},
		{`"action":"client_disconnected","reason":"normal"`, "c close unexplained", "normal"},
		{`"action":"client_disconnected","reason":"abnormal"`, "c close unexplained", "abnormal"},
		{`"action":"client_disconnected"`, "c close unexplained", ""},
		{`"action":"message_publish","payload":"x"`, "", ""},
		{`"action":"client_ping"`, "rejected 0 action", ""},
		{`"x":1`, "rejected 0 action", ""},
	} {
		got := decode(t, "nanomq", `{"clientid":"c",`+c.members+`}`)
		require.Equal(t, c.want, summary(got), c.members)
		if len(got.Events) > 0 {
			require.Equal(t, c.reason, got.Events[0].NativeReason, c.members)
		}
	}
}

func TestNanoMQNeedsAClient(t *testing.T) {
	require.Equal(t, "rejected 0 clientid", summary(decode(t, "nanomq", `{"action":"client_disconnected","reason":"normal"}`)))
}

func TestNanoMQHasNoChannel(t *testing.T) {
	for _, name := range []string{"nanomq-connack-success", "nanomq-connack-fail", "nanomq-disconnected"} {
		require.Empty(t, onlyEvent(t, name).Channel(), name)
	}
}

func TestNanoMQSamples(t *testing.T) {
	requireSamples(t, "nanomq", map[string]string{
		"nanomq-connack-success": "dev1 connect accepted",
		"nanomq-connack-fail":    "dev4 close not authorized",
		"nanomq-disconnected":    "dev1 close unexplained",
		"nanomq-message-publish": "",
	})
}

func FuzzNanoMQ(f *testing.F) { fuzz(f, "nanomq") }
