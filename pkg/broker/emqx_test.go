package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

func TestEMQXConnectedHasAllFields(t *testing.T) {
	_, body := sample(t, samples+"/emqx-connected.json")
	connected := time.Date(2026, 11, 22, 9, 30, 0, 120e6, time.UTC)
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: connected, TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "emqx", NativeEvent: "client.connected",
		PeerAddress: "192.0.2.7", PeerPort: 52341, Node: "emqx@10.0.0.5",
		Protocol: "MQTT", ProtocolVersion: 5, KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true),
		ConnectedAt: connected,
	}}, decode(t, "emqx", body).Events)
}

func TestEMQXRefusalHasItsEvidence(t *testing.T) {
	_, body := sample(t, samples+"/emqx-connack-refused.json")
	got := decode(t, "emqx", body).Events[0]
	require.Equal(t, "client.connack", got.NativeEvent)
	require.Equal(t, "bad_username_or_password", got.NativeReason)
	require.Equal(t, event.Some[int32](0x86), got.ReasonCode)
	require.Equal(t, "::1", got.PeerAddress)
	require.Equal(t, int32(52342), got.PeerPort)
	require.Equal(t, time.Date(2026, 11, 22, 9, 30, 0, 50e6, time.UTC), got.Time)
	require.True(t, got.ConnectedAt.IsZero())
}

// TestEMQXDisconnectReasons covers every reason that client.disconnected gives.
func TestEMQXDisconnectReasons(t *testing.T) {
	const (
		conflict = "takenover discarded takeovered taken_over"
		denied   = "not_authorized not_authorised bad_username_or_password bad_authentication_method banned client_banned"
		closed   = "tcp_closed ssl_closed closed remote error"
		socket   = "timeout send_timeout etimedout econnreset econnaborted epipe ehostunreach enetunreach einval enotconn emsgsize tls_alert"
		fault    = "protocol_error malformed_packet frame_error implementation_specific_error " +
			"malformed_variable_byte_integer malformed_properties utf8_string_invalid bad_frame_header bad_packet_id invalid_packet_id bad_subqos frame_too_large packet_too_large " +
			"topic_name_invalid topic_filter_invalid topic_alias_invalid qos_not_supported retain_not_supported shared_subscriptions_not_supported wildcard_subscriptions_not_supported " +
			"subscription_identifiers_not_supported receive_maximum_exceeded packet_identifier_inuse packet_identifier_not_found payload_format_invalid " +
			"quota_exceeded message_rate_too_high connection_rate_exceeded unexpected_ws_frame " +
			"unexpected_frame not_connected subscription_id_inused topic_already_subscribed"
		server = "kicked use_another_server server_moved server_busy server_unavailable server_unavaliable server_shutting_down administrative_action maximum_connect_time"
	)
	const ofEMQX = `{"User-Property":{}}` // EMQX adds this to every event from 5.0.11 on
	rows := []struct {
		reasons string
		props   string
		action  event.Action
		info    event.ActionInfo
	}{
		{"normal disconnect_with_will_message", ofEMQX, event.Disconnect, event.DisconnectedByClient},
		{"protocol_error unspecified_error not_authorized quota_exceeded", `{"Reason-String":"x"}`, event.Disconnect, event.DisconnectedByClient},
		{"protocol_error", `{"User-Property":{"why":"battery"},"User-Property-Pairs":[{"key":"why","value":"battery"}]}`, event.Disconnect, event.DisconnectedByClient},
		{"protocol_error", `{"User-Property":{"why":"battery"}}`, event.Disconnect, event.DisconnectedByClient},
		{"protocol_error", `{"User-Property":{},"User-Property-Pairs":[]}`, event.Disconnect, event.DisconnectedByClient},
		{"protocol_error", `{}`, event.Close, event.InvalidParam},
		{"internal_error", `{"Session-Expiry-Interval":0,"User-Property":{}}`, event.Disconnect, event.DisconnectedByClient}, // EMQX received a DISCONNECT, usually over WebSocket
		{"internal_error", `{"User-Property":{}}`, event.Close, event.Unexplained},
		{"takenover", `{"Reason-String":"x"}`, event.Close, event.ClientIDConflict},
		{"kicked", `{"Reason-String":"x"}`, event.Close, event.ServerShutdown},
		{"tcp_closed error", `{"Reason-String":"x"}`, event.Close, event.ClosedByClient},
		{conflict, ofEMQX, event.Close, event.ClientIDConflict},
		{"acl_denied", ofEMQX, event.Close, event.TopicAuthFailed},
		{"keepalive_timeout keep_alive_timeout Keepalive-Timeout heartbeat_timeout keepalive_recv_timeout asleep_timeout", ofEMQX, event.Close, event.NoHeart},
		{denied, ofEMQX, event.Close, event.NotAuthorized},
		{closed, `{"User-Property": { } }`, event.Close, event.ClosedByClient},
		{socket, `null`, event.Close, event.SocketIOException},
		{fault, `"undefined"`, event.Close, event.InvalidParam},
		{server, `[1]`, event.Close, event.ServerShutdown},
		{"no_such_reason undefined", ofEMQX, event.Close, event.Unexplained},
		{"unspecified_error unknown_error", ofEMQX, event.Close, event.Unexplained},
		{"unspecified_error administrative_action no_such_reason", `{"Reason-String":"x"}`, event.Disconnect, event.DisconnectedByClient},
		{"undefined", `{"Reason-String":"x"}`, event.Close, event.Unexplained},
	}
	for _, row := range rows {
		for reason := range strings.FieldsSeq(row.reasons) {
			body := fmt.Sprintf(`{"event":"client.disconnected","clientid":"c","timestamp":1795339800000,"reason":%q,"disconn_props":%s}`, reason, row.props)
			got := decode(t, "emqx", body)
			require.Empty(t, got.Rejected, reason)
			require.Equal(t, row.action, got.Events[0].Action, reason)
			require.Equal(t, row.info, got.Events[0].ActionInfo, reason)
			if reason != "undefined" {
				require.Equal(t, reason, got.Events[0].NativeReason)
			}
		}
	}
}

// TestEMQXReasonsOfEitherSide covers the names of the codes that MQTT 5 allows a client to send in
// DISCONNECT. With MQTT 5, such a reason is unexplained, unless properties prove that the client
// chose it. With MQTT 3, EMQX chose it.
func TestEMQXReasonsOfEitherSide(t *testing.T) {
	const unexplained, byClient = "c close unexplained", "c disconnect disconnected by client"
	const fault = "c close invalid param"
	for reason, ofEMQX := range map[string]string{
		"malformed_packet": fault, "protocol_error": fault, "implementation_specific_error": fault, "topic_name_invalid": fault,
		"receive_maximum_exceeded": fault, "topic_alias_invalid": fault, "packet_too_large": fault, "quota_exceeded": fault,
		"message_rate_too_high": fault, "payload_format_invalid": fault, "administrative_action": "c close ServerShutdown", "unspecified_error": unexplained,
	} {
		for members, want := range map[string]string{
			`"proto_ver":5`:                     unexplained,
			`"proto_ver":"5"`:                   unexplained,
			`"proto_ver":5,"proto_name":"MQTT"`: unexplained,
			`"proto_ver":5,"disconn_props":{"User-Property":{}}`:                             unexplained,
			`"proto_ver":5,"disconn_props":{"Session-Expiry-Interval":0,"User-Property":{}}`: byClient,
			`"proto_ver":4`:                            ofEMQX,
			`"proto_ver":3,"proto_name":"MQIsdp"`:      ofEMQX,
			`"proto_ver":"undefined"`:                  ofEMQX,
			`"username":"u"`:                           ofEMQX,
			`"proto_name":"ocpp1.6","proto_ver":"5"`:   ofEMQX,
			`"proto_name":"GBT32960","proto_ver":2016`: ofEMQX,
		} {
			body := fmt.Sprintf(`{"event":"client.disconnected","clientid":"c","reason":%q,%s}`, reason, members)
			require.Equal(t, want, summary(decode(t, "emqx", body)), body)
		}
	}
	for reason, want := range map[string]string{
		"keepalive_timeout": "c close no heart", "not_authorized": "c close not authorized", "use_another_server": "c close ServerShutdown",
		"frame_too_large": fault, "qos_not_supported": fault, "takenover": "c close clientId conflict", "tcp_closed": "c close closed by client",
	} {
		body := fmt.Sprintf(`{"event":"client.disconnected","clientid":"c","reason":%q,"proto_ver":5}`, reason)
		require.Equal(t, want, summary(decode(t, "emqx", body)), "a client must not send %s", reason)
	}
}

// TestEMQXConnackReasons covers every reason_code of client.connack.
func TestEMQXConnackReasons(t *testing.T) {
	rows := map[event.ActionInfo]string{
		event.NotAuthorized: "bad_username_or_password not_authorized banned bad_authentication_method malformed_username_or_password unauthorized_client",
		event.InvalidParam: "unacceptable_protocol_version client_identifier_not_valid unsupported_protocol_version protocol_error malformed_packet " +
			"qos_not_supported retain_not_supported topic_name_invalid packet_too_large",
		event.ServerShutdown: "server_unavailable server_busy use_another_server server_moved quota_exceeded " +
			"connection_rate_exceeded unspecified_error",
		event.Unexplained: "no_such_code",
	}
	for info, codes := range rows {
		for code := range strings.FieldsSeq(codes) {
			body := fmt.Sprintf(`{"event":"client.connack","clientid":"c","timestamp":1795339800000,"reason_code":%q}`, code)
			got := decode(t, "emqx", body)
			require.Empty(t, got.Rejected, code)
			require.Equal(t, event.Close, got.Events[0].Action, code)
			require.Equal(t, info, got.Events[0].ActionInfo, code)
			require.Equal(t, code != "no_such_code", got.Events[0].ReasonCode.Known, code)
			require.Equal(t, code, got.Events[0].NativeReason)
		}
	}
}

// EMQX gateways put codes of their own into a CONNACK. These codes correspond to no MQTT reason
// code, so the event must not have a reason code.
func TestEMQXGatewaysConnack(t *testing.T) {
	for code, want := range map[string]string{
		"connection_accepted":          "",
		"accepted":                     "",
		"rejected_not_authorize":       "c close not authorized",
		"rejected_not_supported":       "c close invalid param",
		"rejected_invaild_topic_id":    "c close invalid param",
		"rejected_congestion":          "c close ServerShutdown",
		"rejected_failed_open_session": "c close ServerShutdown",
		"rejected_exceed_limitation":   "c close ServerShutdown",
	} {
		got := decode(t, "emqx", fmt.Sprintf(`{"event":"client.connack","clientid":"c","timestamp":1795339800000,"reason_code":%q}`, code))
		require.Equal(t, want, summary(got), code)
		for _, e := range got.Events {
			require.False(t, e.ReasonCode.Known, code)
		}
	}
}

func TestEMQXPrefersTheMostExactTime(t *testing.T) {
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	for _, c := range []struct {
		name, body string
		want       time.Time
		origin     event.TimeOrigin
	}{
		{"connected_at first", `{"event":"client.connected","clientid":"c","timestamp":1795339800003,"connected_at":1795339800001}`, at(1795339800001), event.FromBroker},
		{"timestamp next", `{"event":"client.connected","clientid":"c","timestamp":1795339800003,"connected_at":"undefined"}`, at(1795339800003), event.FromBroker},
		{"disconnected_at first", `{"event":"client.disconnected","clientid":"c","timestamp":1795339800003,"connected_at":1795339800001,"disconnected_at":1795339800002}`, at(1795339800002), event.FromBroker},
		{"number in a string", `{"event":"client.connected","clientid":"c","connected_at":"1795339800001"}`, at(1795339800001), event.FromBroker},
		{"none", `{"event":"client.connected","clientid":"c"}`, received.Truncate(time.Millisecond), event.FromReceiver},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, "emqx", c.body)
			require.Empty(t, got.Rejected)
			require.Equal(t, c.want, got.Events[0].Time)
			require.Equal(t, c.origin, got.Events[0].TimeOrigin)
		})
	}
}

func TestEMQXPeerIsSplitAtTheLastColon(t *testing.T) {
	for peer, want := range map[string]struct {
		address string
		port    int32
	}{
		"192.0.2.7:52341":   {"192.0.2.7", 52341},
		"::1:52342":         {"::1", 52342},
		"[2001:db8::7]:443": {"2001:db8::7", 443},
		"192.0.2.7":         {"192.0.2.7", 0},
		"192.0.2.7:70000":   {"192.0.2.7:70000", 0},
		":52341":            {"", 52341},
		"undefined":         {"", 0},
	} {
		got := decode(t, "emqx", fmt.Sprintf(`{"event":"client.connected","clientid":"c","peername":%q}`, peer)).Events[0]
		require.Equal(t, want.address, got.PeerAddress, peer)
		require.Equal(t, want.port, got.PeerPort, peer)
	}
}

func TestEMQXOddities(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"client named undefined", `{"event":"client.connected","clientid":"undefined"}`, "undefined connect accepted"},
		{"unknown kind", `{"event":"client.exploded","clientid":"c"}`, "rejected 0 event"},
		{"kinds that are ignored", `[{"event":"client.ping"},{"event":"message.publish","payload":"p"},{"event":"session.subscribed"},{"event":"delivery.dropped"}]`, ""},
		{"alarms and schemas", `[{"event":"alarm.activated","name":"x"},{"event":"alarm.deactivated"},{"event":"schema.validation_failed","clientid":"c"}]`, ""},
		{"messages without a kind", `[{"clientid":"c","topic":"t","qos":0,"payload":"p"},{"from_clientid":"c","qos":1,"payload":"p"}]`, ""},
		{"messages and sessions from the plugin", `[{"action":"message_publish","from_client_id":"c","qos":0,"payload":"p"},{"action":"session_subscribed","clientid":"c"}]`, ""},
		{"a group without a kind", `{"event":"message","clientid":"c"}`, "rejected 0 event"},
		{"refusal of an empty client identifier", `{"event":"client.connack","clientid":"","reason_code":"banned"}`, ""},
		{"refusal without a client identifier", `{"event":"client.connack","reason_code":"banned"}`, "rejected 0 clientid"},
		{"no kind", `{"clientid":"c"}`, "rejected 0 event"},
		{"no client", `{"event":"client.connected"}`, "rejected 0 clientid"},
		{"a null client", `{"event":"client.connected","clientid":null}`, "rejected 0 clientid"},
		{"connack without a code", `{"event":"client.connack","clientid":"c","reason_code":"undefined"}`, "rejected 0 reason_code"},
		{"version of a gateway", `{"event":"client.connected","clientid":"c","proto_name":"STOMP","proto_ver":"1.2"}`, "c connect accepted"},
		{"small version of a gateway", `{"event":"client.connected","clientid":"c","proto_name":"CoAP","proto_ver":"1"}`, "c connect accepted"},
		{"year as the version of a gateway", `{"event":"client.connected","clientid":"c","proto_name":"GBT32960","proto_ver":"2016"}`, "c connect accepted"},
		{"year as a number", `{"event":"client.connected","clientid":"c","proto_name":"GBT32960","proto_ver":2016}`, "c connect accepted"},
		{"topic that is not a string", `{"event":"client.connected","clientid":"c","topic":5}`, "c connect accepted"},
		{"invalid version of MQTT", `{"event":"client.connected","clientid":"c","proto_name":"MQTT","proto_ver":"x"}`, "rejected 0 proto_ver"},
		{"newer topic name", `{"event":"client.connected","clientid":"c","metadata":{"trigger":"$events/client/connected"}}`, "c connect accepted"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "emqx", c.body))) })
	}
}

func TestUnknownKindsAreExplained(t *testing.T) {
	for body, want := range map[string]string{
		`{"event":"client.exploded"}`: `"client.exploded" is not known; use one of client.connected, client.disconnected, client.connack`,
		`{"event":null}`:              "is missing; use one of client.connected, client.disconnected, client.connack",
	} {
		require.Equal(t, want, decode(t, "emqx", body).Rejected[0].Error)
	}
}

func TestEMQXSamples(t *testing.T) {
	requireSamples(t, "emqx", map[string]string{
		"emqx-connected":                       "dev1 connect accepted",
		"emqx-disconnected-normal":             "dev1 disconnect disconnected by client",
		"emqx-disconnected-by-client-code":     "dev1 disconnect disconnected by client",
		"emqx-disconnected-keepalive":          "dev1 close no heart",
		"emqx-disconnected-takenover":          "dev1 close clientId conflict",
		"emqx-disconnected-tcp-closed":         "dev1 close closed by client",
		"emqx-disconnected-error":              "dev1 close closed by client",
		"emqx-disconnected-not-authorized":     "dev1 close not authorized",
		"emqx-disconnected-protocol-error":     "dev1 close invalid param",
		"emqx-disconnected-use-another-server": "dev1 close ServerShutdown",
		"emqx-disconnected-gateway":            "dev1 close no heart",
		"emqx-columns":                         "dev1 connect accepted, dev1 close unexplained",
		"emqx-sys-connected":                   "dev1 connect accepted",
		"emqx-sys-disconnected":                "dev1 close closed by client",
		"emqx-connack-refused":                 "dev4 close not authorized",
		"emqx-connack-no-client":               "",
		"emqx-connack-success":                 "",
		"emqx-connack-gateway":                 "",
		"emqx-authn":                           "",
		"emqx-authz-denied":                    "",
		"emqx-batch":                           "dev1 connect accepted, dev1 close no heart",
	})
}

// TestEMQXGatewaysDisconnectReasons covers every reason that the gateways of EMQX send. The names
// of protocols are compared without regard to case.
func TestEMQXGatewaysDisconnectReasons(t *testing.T) {
	const byClient, unexplained = "c disconnect disconnected by client", "c close unexplained"
	const server, closed, silent, denied = "c close ServerShutdown", "c close closed by client", "c close no heart", "c close not authorized"
	for protocol, wants := range map[string]map[string]string{
		"MQTT-SN": {
			"normal": byClient, "rejected_keepalive_timeout": silent, "expired": denied, "rejected_not_supported": "c close invalid param",
			"reached_max_retry_times": "c close Socket IOException", "rejected_congestion": server, "rejected_failed_open_session": server,
			"rejected_exceed_limitation": server, "rejected_invaild_topic_id": "c close invalid param", "rejected_not_authorize": denied,
			"kicked": server, "sock_closed": closed,
		},
		"exproto":        {"normal": unexplained, "keepalive_timeout": silent, "expired": denied, "kicked": server},
		"my-own-adapter": {"normal": unexplained, "keepalive_timeout": silent, "expired": denied, "kicked": server},
		"GBT32960":       {"expired": denied, "kicked": server, "tcp_closed": closed, "normal": unexplained},
		"jt808": {
			"normal": byClient, "keepalive_timeout": silent, "discarded": "c close clientId conflict", "kicked": server,
			"unexpected_frame": "c close invalid param", "frame_error": "c close invalid param",
		},
		"STOMP":   {"normal": byClient, "kicked": server, "tcp_closed": closed, "etimedout": "c close Socket IOException"},
		"NATS":    {"kicked": server, "tcp_closed": closed, "normal": unexplained},
		"CoAP":    {"normal": byClient, "keepalive_timeout": silent, "kicked": server, "takenover": "c close clientId conflict", "timeout": "c close Socket IOException"},
		"LwM2M":   {"timeout": silent, "kicked": server, "normal": unexplained},
		"ocpp1.6": {"sock_closed": closed},
		"":        {"normal": byClient, "no_such_reason": unexplained},
	} {
		for reason, want := range wants {
			for _, name := range []string{protocol, strings.ToLower(protocol), strings.ToUpper(protocol)} {
				body := fmt.Sprintf(`{"event":"client.disconnected","clientid":"c","timestamp":1795339800000,"reason":%q,"proto_ver":"2016","proto_name":%q}`, reason, name)
				got := decode(t, "emqx", body)
				require.Equal(t, want, summary(got), name+" "+reason)
				require.Equal(t, reason, got.Events[0].NativeReason)
				require.Equal(t, name, got.Events[0].Protocol)
				require.Zero(t, got.Events[0].ProtocolVersion, "another protocol's version")
			}
		}
	}
}

func FuzzEMQX(f *testing.F) { fuzz(f, "emqx") }
