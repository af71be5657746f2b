package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestRMQTTSamples(t *testing.T) {
	requireSamples(t, "rmqtt", map[string]string{
		"rmqtt-connected":               "dev1 connect accepted",
		"rmqtt-connected-v5":            "dev2 connect accepted",
		"rmqtt-connack-refused":         "dev4 close not authorized",
		"rmqtt-connack-success":         "",
		"rmqtt-disconnected-keepalive":  "dev1 close no heart",
		"rmqtt-disconnected-normal":     "dev1 disconnect disconnected by client",
		"rmqtt-disconnected-reset":      "dev1 close Socket IOException",
		"rmqtt-disconnected-kicked":     "dev1 close clientId conflict",
		"rmqtt-disconnected-own-action": "dev1 close closed by client",
		"rmqtt-session-terminated":      "",
	})
}

func TestRMQTTHasAllFields(t *testing.T) {
	now := received.Truncate(time.Millisecond)
	require.Equal(t, &event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev2",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: time.Date(2026, 11, 22, 9, 30, 0, 500e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: now,
		Source: "rmqtt", NativeEvent: "client_connected",
		PeerAddress: "2001:db8::7", PeerPort: 52342, Username: "device", Node: "2",
		ProtocolVersion: 5, KeepAlive: event.Some(30 * time.Second), CleanStart: event.Some(false),
	}, onlyEvent(t, "rmqtt-connected-v5"))
	require.Equal(t, &event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Close, ActionInfo: event.NoHeart,
		Time: time.Date(2026, 11, 22, 9, 31, 30, 140e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: now,
		Source: "rmqtt", NativeEvent: "client_disconnected", NativeReason: "KeepaliveTimeout",
		PeerAddress: "192.0.2.7", PeerPort: 52341, Node: "1",
	}, onlyEvent(t, "rmqtt-disconnected-keepalive"))
}

// A connect and its end must have the same channel, although only the connect contains
// connected_at.
func TestRMQTTConnectionHasOneChannel(t *testing.T) {
	connected := onlyEvent(t, "rmqtt-connected")
	require.NotEmpty(t, connected.Channel())
	require.Equal(t, connected.Channel(), onlyEvent(t, "rmqtt-disconnected-keepalive").Channel())
}

func rmqttEnd(t *testing.T, reason string) event.Event {
	t.Helper()
	got := decode(t, "rmqtt", fmt.Sprintf(`{"action":"client_disconnected","clientid":"c","disconnected_at":1795339800000,"reason":%q}`, reason))
	require.Len(t, got.Events, 1, reason)
	require.Equal(t, reason, got.Events[0].NativeReason)
	return got.Events[0]
}

const rmqttDisconnect5 = `Disconnect(V5(Disconnect { reason_code: %s, session_expiry_interval_secs: None, ` +
	`server_reference: None, reason_string: Some("%s"), user_properties: [("k", "v")] }))`

// TestRMQTTReasons covers every reason, and texts that are similar to known reasons.
func TestRMQTTReasons(t *testing.T) {
	for want, reasons := range map[event.ActionInfo][]string{
		event.DisconnectedByClient: {
			"Disconnect", "Disconnect(V3)", "Disconnect,RemoteClose", "Disconnect(V3),RemoteClose",
			fmt.Sprintf(rmqttDisconnect5, "NormalDisconnection", "") + ",RemoteClose",
			fmt.Sprintf(rmqttDisconnect5, "DisconnectWithWillMessage", "bye,Kicked"),
			fmt.Sprintf(rmqttDisconnect5, "UnspecifiedError", `a \"b,KeepaliveTimeout`) + ",KeepaliveTimeout",
			"Disconnect(bye)", "Disconnect(bye),Kicked,(x)", "Disconnect(),RemoteClose", `Disconnect(",Kicked`, "Disconnect(a (b",
			"Disconnect(JWT Auth expired, bye)",
		},
		event.NoHeart: {
			"KeepaliveTimeout", "Keep Alive timeout", "Mqtt protocol error: Keep Alive timeout", "KeepaliveTimeout,RemoteClose",
			"ProtocolError(KeepAliveTimeout)",
		},
		event.ClientIDConflict: {"Kicked", "Kicked,RemoteClose"},
		event.ServerShutdown:   {"ByAdminKick", "HandshakeRateExceeded", "service unavailable", "UnsubscribeFailed(service unavailable)"},
		event.ClosedByClient:   {"RemoteClose", "Unknown,RemoteClose", "some text, with a comma,RemoteClose"},
		event.NotAuthorized: {
			`Disconnect(Other("JWT Auth expired"))`, `Disconnect(Other("Http Auth expired")),RemoteClose`,
			"Disconnect(JWT Auth expired)", "Disconnect(Http Auth expired),RemoteClose",
		},
		event.TopicAuthFailed: {"SubscribeRefused", "PublishRefused", "NotAuthorized", "DelayedPublishRefused"},
		event.SocketIOException: {
			`io error, "Connection reset by peer (os error 104)"`, `io error, "Broken pipe (os error 32)",RemoteClose`,
			"Connection reset by peer (os error 104)", "ReadWriteTimeout", "ReadWriteError",
			"Read timeout", "Write timeout", "Flush timeout", "Close timeout",
			`Mqtt send packet error: Encoding error Io("Broken pipe (os error 32)")`,
			`Decoding error: Io("Connection reset by peer (os error 104)")`,
			`Mqtt protocol error: Decoding error: Io("unexpected end of file")`,
			`ProtocolError(Io(Os { code: 104, kind: ConnectionReset, message: "Connection reset by peer" }))`,
		},
		event.InvalidParam: {
			"ProtocolError(packet_id is None)", "ProtocolError(Decode(MalformedPacket))", "Mqtt protocol error: Decoding error: MalformedPacket",
			"Decoding error: MaxSizeExceeded { size: 9, max: 8 }", "Malformed packet", "Invalid length", "Invalid client id",
			"Max size exceeded: size=9, max=8", "Unsupported packet type", "utf8 error",
			"SubscribeFailed(too many topic levels)", `SubscribeFailed(Illegal topic filter, "a),Kicked")`,
			`SubscribeFailed(topic error, Illegal topic filter, "")`, `UnsubscribeFailed(Illegal topic filter, "$share/a")`,
			`SubscribeFailed(Shared subscription is not enabled, "$share/g/a")`, `UnsubscribeFailed(Limit subscription is not enabled, "$limit/1/a")`,
			"SubscribeFailed(subscription limit reached, limited: 1, current count: 1, topic_filter: a),Kicked)",
			"Inflight window is full", "MessageQueueFull", "too many topic levels", "too many subscriptions",
			"subscription limit reached, a/b",
		},
		event.Unexplained: {
			"", "Unknown", "a text", "SessionExpiration", "kicked", "Kicked by nobody", `"x,Kicked`, "(x,Kicked)", "x, Kicked",
			`Disconnect(Other("maintenance"))`, `Disconnect(Other("maintenance")),RemoteClose`, "Disconnect(Other()),Kicked,(x)",
			"Disconnected", "RemoteClosed", "undefined",
			"UnsubscribeFailed(deadline has elapsed)", "SubscribeFailed(deadline has elapsed)", "SubscribeFailed(a,Kicked)",
			"SubscribeFailed", "UnsubscribeFailed", "UnsubscribeFailed()",
			"ProtocolError(Encode(OverMaxPacketSize))", "Mqtt protocol error: Encoding error: OverMaxPacketSize { size: 9, max: 8 }",
		},
	} {
		for _, reason := range reasons {
			if reason == "undefined" {
				continue // the same as a missing reason; see TestRMQTTMissingReason
			}
			e := rmqttEnd(t, reason)
			require.Equal(t, want, e.ActionInfo, reason)
			require.Equal(t, want == event.DisconnectedByClient, e.Action == event.Disconnect, reason)
		}
	}
}

func TestRMQTTMissingReason(t *testing.T) {
	for _, member := range []string{"", `,"reason":null`, `,"reason":""`, `,"reason":"undefined"`} {
		got := decode(t, "rmqtt", `{"action":"client_disconnected","clientid":"c","disconnected_at":1795339800000`+member+`}`)
		require.Equal(t, "c close unexplained", summary(got), member)
		require.Empty(t, got.Events[0].NativeReason, member)
	}
}

func TestRMQTTRefusals(t *testing.T) {
	for outcome, want := range map[string]string{
		"Connection Accepted":                               "",
		"Connection Refused, bad user name or password":     "c close not authorized",
		"bad user name or password":                         "c close not authorized",
		"Connection Refused, not authorized":                "c close not authorized",
		"not authorized":                                    "c close not authorized",
		"Connection Refused, identifier rejected":           "c close invalid param",
		"client identifier is invalid":                      "c close invalid param",
		"Connection Refused, unacceptable protocol version": "c close invalid param",
		"protocol version is not supported":                 "c close invalid param",
		"Connection Refused, Server unavailable":            "c close ServerShutdown",
		"Server unavailable":                                "c close ServerShutdown",
		"Connection Refused":                                "c close unexplained",
		"something new":                                     "c close unexplained",
		"":                                                  "rejected 0 conn_ack",
	} {
		got := decode(t, "rmqtt", fmt.Sprintf(`{"action":"client_connack","clientid":"c","conn_ack":%q}`, outcome))
		require.Equal(t, want, summary(got), outcome)
		if len(got.Events) == 1 {
			e := got.Events[0]
			require.Equal(t, outcome, e.NativeReason)
			require.Equal(t, event.FromReceiver, e.TimeOrigin)
			require.True(t, broker.IsRefusal(&e), outcome)
		}
	}
	require.Empty(t, summary(decode(t, "rmqtt", `{"action":"client_connack","clientid":"","conn_ack":"identifier rejected"}`)))
}

// TestRMQTTKinds covers every event, with its own name and with an action that the operator has
// chosen.
func TestRMQTTKinds(t *testing.T) {
	for _, c := range []struct{ members, want string }{
		{`"connected_at":1795339800000,"keepalive":60`, "c connect accepted"},
		{`"disconnected_at":1795339800000,"reason":"Kicked"`, "c close clientId conflict"},
		{`"conn_ack":"not authorized","keepalive":60`, "c close not authorized"},
		{`"conn_ack":"Connection Accepted","keepalive":60`, ""},
		{`"keepalive":60,"proto_ver":4`, ""},
		{`"reason":"Kicked"`, ""},
		{`"created_at":1795339800000`, ""},
		{`"topic":"a/b","payload":"eA=="`, ""},
		{`"ipaddress":"192.0.2.7:1"`, "rejected 0 action"},
	} {
		for _, action := range []string{`"action":"offline!",`, `"action":"",`, ""} {
			got := decode(t, "rmqtt", `{`+action+`"clientid":"c",`+c.members+`}`)
			require.Equal(t, c.want, summary(got), action+c.members)
		}
	}
	for _, action := range []string{"client_connect", "client_subscribe", "session_created", "session_terminated", "message_publish", "offline_message"} {
		require.Empty(t, summary(decode(t, "rmqtt", fmt.Sprintf(`{"action":%q,"clientid":"c","reason":"Kicked"}`, action))), action)
	}
}

func TestRMQTTMalformed(t *testing.T) {
	const end = `{"action":"client_disconnected","clientid":"c","disconnected_at":1795339800000`
	for body, want := range map[string]string{
		`{"action":"client_disconnected","disconnected_at":1795339800000}`: "rejected 0 clientid",
		end + `,"reason":7}`:       "rejected 0 reason",
		end + `,"node":"n1"}`:      "c close unexplained",
		end + `,"node":[]}`:        "rejected 0 node",
		end + `,"ipaddress":null}`: "c close unexplained",
		end + `,"ipaddress":7}`:    "rejected 0 ipaddress",
		`{"action":"client_disconnected","clientid":"c","disconnected_at":1795339800}`:      "rejected 0 disconnected_at",
		`{"action":"client_disconnected","clientid":"c","disconnected_at":"yesterday"}`:     "rejected 0 disconnected_at",
		`{"action":"client_connected","clientid":"c","connected_at":-1}`:                    "rejected 0 connected_at",
		`{"action":"client_connected","clientid":"c","connected_at":0,"clean_session":"x"}`: "rejected 0 clean_session",
		`{"action":7,"clientid":"c"}`:  "rejected 0 action",
		`{"action":"client_connected"`: "rejected 0",
	} {
		require.Equal(t, want, summary(decode(t, "rmqtt", body)), body)
	}
	got := decode(t, "rmqtt", `{"action":"client_connected","clientid":"c","connected_at":0}`).Events[0]
	require.Equal(t, event.FromReceiver, got.TimeOrigin, "0 means that the time is unknown")
}

// The web hook sends one object per request. A file that the plugin writes has one object per line.
func TestRMQTTBodies(t *testing.T) {
	_, connected := sample(t, samples+"/rmqtt-connected.json")
	_, ended := sample(t, samples+"/rmqtt-disconnected-normal.json")
	const want = "dev1 connect accepted, dev1 disconnect disconnected by client"
	require.Equal(t, want, summary(decode(t, "rmqtt", connected+"\n"+ended+"\n")))
	require.Equal(t, want, summary(decode(t, "rmqtt", "["+connected+","+ended+"]")))
}

func FuzzRMQTT(f *testing.F) { fuzz(f, "rmqtt") }
