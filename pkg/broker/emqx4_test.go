package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestEMQX4ConnectedHasAllFields(t *testing.T) {
	_, body := sample(t, samples+"/emqx4-connected.json")
	connected := time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC)
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: connected, TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "emqx4", NativeEvent: "client_connected",
		PeerAddress: "192.0.2.7", Username: "device", Node: "emqx@10.0.0.5",
		ProtocolVersion: 4, KeepAlive: event.Some(time.Minute),
		ConnectedAt: connected,
	}}, decode(t, "emqx4", body).Events)
}

func TestEMQX4DisconnectedHasAllFields(t *testing.T) {
	_, body := sample(t, samples+"/emqx4-disconnected-term.json")
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Close, ActionInfo: event.ClosedByClient,
		Time: time.Date(2026, 11, 22, 9, 31, 30, 0, time.UTC), TimeOrigin: event.FromBroker,
		ReceivedAt: received.Truncate(time.Millisecond),
		Source:     "emqx4", NativeEvent: "client_disconnected", NativeReason: "{error,sock_closed}",
		Username: "device", Node: "emqx@10.0.0.5",
		ConnectedAt: time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC),
	}}, decode(t, "emqx4", body).Events)
}

func TestEMQX4RefusalHasItsEvidence(t *testing.T) {
	_, body := sample(t, samples+"/emqx4-connack-refused.json")
	got := decode(t, "emqx4", body).Events[0]
	require.Equal(t, "client_connack", got.NativeEvent)
	require.Equal(t, "bad_username_or_password", got.NativeReason)
	require.Equal(t, event.Some[int32](0x86), got.ReasonCode)
	require.Equal(t, event.FromReceiver, got.TimeOrigin)
	require.True(t, got.ConnectedAt.IsZero())
}

// TestEMQX4Actions covers every action of the plugin.
func TestEMQX4Actions(t *testing.T) {
	for _, c := range []struct{ members, want string }{
		{`"action":"client_connected"`, "c connect accepted"},
		{`"action":"client_disconnected","reason":"normal"`, "c disconnect disconnected by client"},
		{`"action":"client_connack","conn_ack":"success"`, ""},
		{`"action":"client_connack","conn_ack":"banned"`, "c close not authorized"},
		{`"action":"client_connack","conn_ack":"5"`, "c close not authorized"},
		{`"action":"client_connack","conn_ack":5`, "c close not authorized"},
		{`"action":"client_connack","conn_ack":2`, "c close invalid param"},
		{`"action":"client_connack","conn_ack":"3"`, "c close ServerShutdown"},
		{`"action":"client_connack","conn_ack":135`, "c close not authorized"},
		{`"action":"client_connack","conn_ack":0`, ""},
		{`"action":"client_connack","conn_ack":256`, "rejected 0 conn_ack"},
		{`"action":"client_connack","conn_ack":-1`, "rejected 0 conn_ack"},
		{`"action":"client_connack","conn_ack":"unauthorized_client"`, "c close not authorized"},
		{`"action":"client_connack","conn_ack":null`, "rejected 0 conn_ack"},
		{`"action":"client_connack"`, "rejected 0 conn_ack"},
		{`"action":"client_connect"`, ""},
		{`"action":"client_subscribe"`, ""},
		{`"action":"client_unsubscribe"`, ""},
		{`"action":"session_subscribed"`, ""},
		{`"action":"session_unsubscribed"`, ""},
		{`"action":"session_terminated","reason":"normal"`, ""},
		{`"action":"message_publish"`, ""},
		{`"action":"message_delivered"`, ""},
		{`"action":"message_acked"`, ""},
		{`"action":"client_ping"`, "rejected 0 action"},
		{`"action":"started"`, "rejected 0 action"},
		{`"action":null`, "rejected 0 action"},
	} {
		require.Equal(t, c.want, summary(decode(t, "emqx4", `{"clientid":"c",`+c.members+`}`)), c.members)
	}
}

func TestEMQX4RefusalByNumberHasItsCode(t *testing.T) {
	got := decode(t, "emqx4", `{"action":"client_connack","clientid":"c","conn_ack":5}`).Events[0]
	require.Equal(t, event.Some[int32](5), got.ReasonCode)
	require.Equal(t, "5", got.NativeReason)
}

// The route of EMQX 5 must reject events about clients from EMQX 4's plugin, because it could
// misread them. For example, a refused CONNECT has the columns of a connect event.
func TestEMQXRefusesEventsOfThePlugin(t *testing.T) {
	for _, path := range allSamples(t, "emqx4") {
		_, body := sample(t, path)
		if !strings.Contains(strings.ReplaceAll(body, " ", ""), `"action":"client_`) {
			continue
		}
		got := decode(t, "emqx", body)
		require.Equal(t, "rejected 0 action", summary(got), path)
		require.Contains(t, got.Rejected[0].Error, "the route emqx4")
	}
}

// TestEMQX4DisconnectReasons covers every reason that client_disconnected gives.
func TestEMQX4DisconnectReasons(t *testing.T) {
	rows := []struct {
		reasons []string
		action  event.Action
		info    event.ActionInfo
	}{
		{[]string{"normal", "disconnect_with_will_message", "{shutdown,normal}"}, event.Disconnect, event.DisconnectedByClient},
		{[]string{"takeovered", "takenover", "session_taken_over", "discarded", "{shutdown,takeovered}"}, event.Close, event.ClientIDConflict},
		{[]string{"kicked", "administrative_action", "server_busy", "server_unavailable", "server_unavaliable", "use_another_server"}, event.Close, event.ServerShutdown},
		{[]string{"keepalive_timeout", "Keep Alive timeout", "{shutdown,keepalive_timeout}"}, event.Close, event.NoHeart},
		{[]string{"not_authorized", "banned", "bad_username_or_password"}, event.Close, event.NotAuthorized},
		{[]string{"tcp_closed", "ssl_closed", "closed", "remote", "{error,sock_closed}", "{error,closed}", "{shutdown,{error,closed}}", "1000", "1001", "4999"}, event.Close, event.ClosedByClient},
		{[]string{"error", "{error,timeout}", "{error,econnreset}", "einval", "timeout", `{tls_alert,{close_notify,"connection closed normal"}}`, "{error,unheard_of}"}, event.Close, event.SocketIOException},
		{[]string{"unspecified_error", "999", "5000", "-1000", "{bad,{term", "{shutdown,unheard_of}", "internal_error", "", "неизвестно"}, event.Close, event.Unexplained},
		{[]string{
			"protocol_error", "malformed_packet", "frame_too_large", "#{invalid_property_code => 5}",
			"malformed_utf8_string", "malformed_utf8_string_length", "malformed_binary_data", "malformed_binary_data_length",
			"malformed_user_property_value", "user_property_not_enough_bytes", "proxy_protocol_config_disabled",
			"{error,badframe}", "{error,badencoding}", "{error,badsize}",
		}, event.Close, event.InvalidParam},
	}
	for _, row := range rows {
		for _, reason := range row.reasons {
			got := decode(t, "emqx4", fmt.Sprintf(`{"action":"client_disconnected","clientid":"c","reason":%q,"disconnected_at":1795339890000}`, reason))
			require.Empty(t, got.Rejected, reason)
			require.Equal(t, row.action, got.Events[0].Action, reason)
			require.Equal(t, row.info, got.Events[0].ActionInfo, reason)
			require.Equal(t, reason, got.Events[0].NativeReason)
		}
	}
}

// TestEMQX4ConnackNames covers every name in conn_ack.
func TestEMQX4ConnackNames(t *testing.T) {
	rows := map[event.ActionInfo]string{
		event.NotAuthorized: "bad_username_or_password not_authorized banned bad_authentication_method",
		event.InvalidParam: "client_identifier_not_valid unsupported_protocol_version protocol_error malformed_packet " +
			"qos_not_supported retain_not_supported topic_name_invalid packet_too_large",
		event.ServerShutdown: "server_unavailable server_busy use_another_server server_moved quota_exceeded " +
			"connection_rate_exceeded unspecified_error",
		event.Unexplained: "unknown_error",
	}
	for info, names := range rows {
		for name := range strings.FieldsSeq(names) {
			got := decode(t, "emqx4", fmt.Sprintf(`{"action":"client_connack","clientid":"c","conn_ack":%q}`, name))
			require.Empty(t, got.Rejected, name)
			require.Equal(t, event.Close, got.Events[0].Action, name)
			require.Equal(t, info, got.Events[0].ActionInfo, name)
			require.Equal(t, name != "unknown_error", got.Events[0].ReasonCode.Known, name)
			require.Equal(t, name, got.Events[0].NativeReason)
		}
	}
}

func TestEMQX4Oddities(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"no client", `{"action":"client_connected"}`, "rejected 0 clientid"},
		{"refusal without a client", `{"action":"client_connack","clientid":"","conn_ack":"client_identifier_not_valid"}`, ""},
		{"version of a gateway", `{"action":"client_connected","clientid":"c","proto_ver":"1.2"}`, "c connect accepted"},
		{"seconds instead of milliseconds", `{"action":"client_disconnected","clientid":"c","disconnected_at":1795339800}`, "rejected 0 disconnected_at"},
		{"the earliest time in milliseconds", `{"action":"client_disconnected","clientid":"c","connected_at":100000000000}`, "c close unexplained"},
		{"a time too early for seconds", `{"action":"client_disconnected","clientid":"c","connected_at":100000000}`, "rejected 0 connected_at"},
		{"a time that overflows in milliseconds", `{"action":"client_connected","clientid":"c","connected_at":-2305843007418354152}`, "rejected 0 connected_at"},
		{"message of a rule without a kind", `{"clientid":"c","topic":"t","qos":0,"payload":"p"}`, ""},
		{"message without a client", `{"action":"message_publish","from_client_id":"c"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "emqx4", c.body))) })
	}
}

// EMQX 4.0 sends connected_at in seconds.
func TestEMQX4Seconds(t *testing.T) {
	got := decode(t, "emqx4", `{"action":"client_connected","clientid":"c","connected_at":1795339800}`).Events[0]
	require.Equal(t, time.UnixMilli(1795339800000).UTC(), got.Time)
	require.Equal(t, event.FromBroker, got.TimeOrigin)
	require.Equal(t, got.Time, got.ConnectedAt)
}

// From EMQX 4.3.12 on, client_disconnected includes connected_at, so the connect event and the end
// event of a connection get the same derived channel.
func TestEMQX4Channel(t *testing.T) {
	connect := onlyEvent(t, "emqx4-connected")
	require.Equal(t, "10883a2f80a1785aa02c4f85857ab6fe", connect.Channel())
	require.Equal(t, connect.Channel(), onlyEvent(t, "emqx4-disconnected-normal").Channel())
	require.Empty(t, onlyEvent(t, "emqx4-disconnected-4.2").Channel())
	require.Empty(t, onlyEvent(t, "emqx4-connack-refused").Channel())
}

// onlyEvent decodes a sample and returns its event. It fails the test unless there is exactly one.
func onlyEvent(t *testing.T, name string) *event.Event {
	t.Helper()
	path := samples + "/" + name + ".json"
	route, body := sample(t, path)
	got := decodeWith(t, route, body, sampleMeta(t, path))
	require.Empty(t, got.Rejected)
	require.Len(t, got.Events, 1)
	return &got.Events[0]
}

func TestEMQX4Samples(t *testing.T) {
	requireSamples(t, "emqx4", map[string]string{
		"emqx4-connected":                   "dev1 connect accepted",
		"emqx4-disconnected-normal":         "dev1 disconnect disconnected by client",
		"emqx4-disconnected-keepalive":      "dev1 close no heart",
		"emqx4-disconnected-takeovered":     "dev1 close clientId conflict",
		"emqx4-disconnected-kicked":         "dev1 close ServerShutdown",
		"emqx4-disconnected-term":           "dev1 close closed by client",
		"emqx4-disconnected-websocket-code": "dev1 close closed by client",
		"emqx4-disconnected-4.2":            "dev1 close closed by client",
		"emqx4-rule-connected":              "dev1 connect accepted",
		"emqx4-rule-disconnected":           "dev1 close clientId conflict",
		"emqx4-connack-refused":             "dev4 close not authorized",
		"emqx4-connack-success":             "",
		"emqx4-connect":                     "",
		"emqx4-session-terminated":          "",
		"emqx4-message-publish":             "",
	})
}

func FuzzEMQX4(f *testing.F) { fuzz(f, "emqx4") }
