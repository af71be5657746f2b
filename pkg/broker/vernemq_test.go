package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestVerneMQRegisterHasAllFields(t *testing.T) {
	now := received.Truncate(time.Millisecond)
	require.Equal(t, &event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev2",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: now, TimeOrigin: event.FromReceiver, ReceivedAt: now,
		Source: "vernemq", SourceEventID: "1a2b3c4d-00000", NativeEvent: "on_register_m5",
		PeerAddress: "2001:db8::7", PeerPort: 52342, ProtocolVersion: 5,
	}, onlyEvent(t, "vernemq-on-register-m5"))
}

// TestVerneMQHooks covers every hook of the webhooks plugin.
func TestVerneMQHooks(t *testing.T) {
	rows := map[string]string{
		"on_register":       "c connect accepted",
		"on_register_m5":    "c connect accepted",
		"on_client_offline": "c close unexplained",
		"on_client_gone":    "c close unexplained",
		"":                  "rejected 0 vernemq-hook",
	}
	for _, none := range []string{
		"on_client_wakeup", "on_session_expired", "on_client_something_new", "On_Register",
		"auth_on_register", "auth_on_publish", "auth_on_subscribe",
		"auth_on_register_m5", "auth_on_publish_m5", "auth_on_subscribe_m5", "on_auth_m5",
		"on_publish", "on_subscribe", "on_unsubscribe", "on_deliver", "on_offline_message",
		"on_publish_m5", "on_subscribe_m5", "on_unsubscribe_m5", "on_deliver_m5",
	} {
		rows[none] = ""
	}
	for hook, want := range rows {
		got := decodeHook(t, hook, `{"mountpoint":"","client_id":"c"}`)
		require.Equal(t, want, summary(got), hook)
		if len(got.Events) > 0 {
			require.Equal(t, hook, got.Events[0].NativeEvent)
		}
	}
}

// The body of a hook that is not recorded may contain a password. It must never be rejected, even
// if it is invalid, because rejected items are stored.
func TestVerneMQKeepsNothingOfOtherHooks(t *testing.T) {
	for _, hook := range []string{"auth_on_register", "auth_on_register_m5", "auth_on_publish", "on_publish"} {
		for _, body := range []string{``, `{"password":"secret"`, `[{"client_id":7,"password":"secret"}]`, "secret\nsecret"} {
			require.Equal(t, broker.Batch{}, decodeHook(t, hook, body), "%s %s", hook, body)
		}
	}
}

func TestVerneMQOddities(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"no client", `{"mountpoint":""}`, "rejected 0 client_id"},
		{"a client named undefined", `{"client_id":"undefined"}`, "undefined connect accepted"},
		{"a port out of range", `{"client_id":"c","peer_port":65536}`, "rejected 0 peer_port"},
		{"an unknown address", `{"client_id":"c","peer_addr":"undefined","peer_port":"undefined"}`, "c connect accepted"},
		{"not JSON", `x`, "rejected 0"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decodeHook(t, "on_register", c.body))) })
	}
}

// The end event of a connection includes only the client identifier, so no channel can be
// derived for it.
func TestVerneMQChannel(t *testing.T) {
	require.Equal(t, "c2377582cf1be55ba928811cf2223cfc", onlyEvent(t, "vernemq-on-register").Channel())
	require.Empty(t, onlyEvent(t, "vernemq-on-client-offline").Channel())
	require.Empty(t, onlyEvent(t, "vernemq-on-client-gone").Channel())
}

func decodeHook(t *testing.T, hook, body string) broker.Batch {
	t.Helper()
	with := meta
	with.Hook = hook
	return decodeWith(t, "vernemq", body, with)
}

func TestVerneMQSamples(t *testing.T) {
	requireSamples(t, "vernemq", map[string]string{
		"vernemq-on-register":        "dev1 connect accepted",
		"vernemq-on-register-m5":     "dev2 connect accepted",
		"vernemq-on-client-offline":  "dev1 close unexplained",
		"vernemq-on-client-gone":     "dev1 close unexplained",
		"vernemq-on-client-wakeup":   "",
		"vernemq-on-session-expired": "",
		"vernemq-auth-on-register":   "",
		"vernemq-no-hook":            "rejected 0 vernemq-hook",
	})
}

func FuzzVerneMQ(f *testing.F) { fuzz(f, "vernemq") }
