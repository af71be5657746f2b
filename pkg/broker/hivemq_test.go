package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestHiveMQSamples(t *testing.T) {
	requireSamples(t, "hivemq", map[string]string{
		"hivemq-local": "dev1 connect accepted, dev1 close clientId conflict, dev1 connect accepted, " +
			"dev4 close not authorized, dev1 close no heart",
		"hivemq-zoned": "dev2 connect accepted, dev2 disconnect disconnected by client, dev2 connect accepted, " +
			"dev2 close closed by client",
		"hivemq-unreadable": "dev3 disconnect disconnected by client, rejected 0, rejected 1, rejected 2",
	})
}

func TestHiveMQHasAllFields(t *testing.T) {
	path := samples + "/hivemq-zoned.json"
	_, body := sample(t, path)
	got := decodeWith(t, "hivemq", body, sampleMeta(t, path)).Events
	require.Equal(t, event.Event{
		InstanceID: "sample", ClientID: "GID_a@@@dev2",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: time.Date(2026, 11, 22, 9, 30, 0, 123e6, time.UTC), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "hivemq", SourceEventID: "6a21c0d8-4f0e9b1c2d3a4e5f:000000000090112", NativeEvent: "connected",
		PeerAddress: "2001:db8::7", CleanStart: event.Some(true),
	}, got[0])
	require.Equal(t, "update, please wait", got[1].NativeReason)
	require.Equal(t, time.Date(2026, 11, 22, 9, 33, 0, 0, time.UTC), got[3].Time)
	require.Empty(t, got[0].Channel(), "nothing identifies the connection")
}

const hivemqStamp = "2026-11-22T09:30:00.123Z- "

// hivemqLine decodes one line with a time and returns the summary.
func hivemqLine(t *testing.T, line string) string {
	t.Helper()
	return summary(decode(t, "hivemq", hivemqStamp+line))
}

func TestHiveMQLines(t *testing.T) {
	for line, want := range map[string]string{
		"Client ID: c, IP: 192.0.2.7, Clean Start: true, Session Expiry: 4294967295 connected.":              "c connect accepted",
		"Client ID: c, IP: UNKNOWN, Clean Start: UNKNOWN, Session Expiry: UNKNOWN connected.":                "c connect accepted",
		"Client ID: c, IP: fe80:0:0:0:1:2:3:4%eth0, Clean Start: false, Session Expiry: 0 connected.":        "c connect accepted",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully.":                                               "c disconnect disconnected by client",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully. Reason given by client: ":                      "c disconnect disconnected by client",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully. Reason given by client: a, IP: b was. reason:": "c disconnect disconnected by client",
		"Client ID: c, IP: 192.0.2.7 disconnected ungracefully.":                                             "c close closed by client",
		"Client ID: c, IP: 192.0.2.7 disconnected ungracefully from TCP Listener with TLS on port: 8883.":    "c close closed by client",
		"Client ID: c, IP: 192.0.2.7 was disconnected. reason: Client was idle for too long.":                "c close no heart",
		"Client ID:  a, b , IP: 192.0.2.7 disconnected gracefully.":                                          " a, b  disconnect disconnected by client",
		"Client ID: a, IP: b, IP: 192.0.2.7 disconnected gracefully.":                                        "a, IP: b disconnect disconnected by client",
		"Client ID: Client ID: x, IP: 192.0.2.7 disconnected gracefully.":                                    "Client ID: x disconnect disconnected by client",
		"Client ID: c, IP:192.0.2.7 disconnected ungracefully.":                                              "c close closed by client",
		"Client ID: a, IP:b, IP: 192.0.2.7 disconnected gracefully.":                                         "a, IP:b disconnect disconnected by client",
		// Lines that are not recorded.
		"Client ID: UNKNOWN, IP: 192.0.2.7 disconnected ungracefully.":                                                   "",
		"Client ID: UNKNOWN, IP: 192.0.2.7 was disconnected. reason: No CONNECT sent in time.":                           "",
		"Client ID: c session has expired at 2026-11-22 09:30:00. All persistent data for this client has been removed.": "",
		"Received AUTH from Client ID: c, IP: 192.0.2.7, reason code: CONTINUE_AUTHENTICATION.":                          "",
		"Sent AUTH to Client ID: c, IP: 192.0.2.7, reason code: CONTINUE_AUTHENTICATION.":                                "",
		"Outgoing publish message was dropped. Receiving client: Client ID: c, IP: 192.0.2.7 disconnected gracefully.":   "",
		"Something that names no client": "",
		// Damaged lines, and lines that can be read in two ways, must be rejected.
		"Client ID: ":  "rejected 0",
		"Client ID: c": "rejected 0",
		"Client ID: c, IP: x disconnected gracefully.":                                                                           "rejected 0",
		"Client ID: c, IP: 192.0.2.7":                                                                                            "rejected 0",
		"Client ID: , IP: 192.0.2.7 disconnected gracefully.":                                                                    "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully":                                                                    "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully.x":                                                                  "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected ungracefully from x on port: .":                                                "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected ungracefully from x on port: 1a.":                                              "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected ungracefully on port: 1.":                                                      "rejected 0",
		"Client ID: c, IP: 192.0.2.7 was disconnected. reason: Client was":                                                       "rejected 0",
		"Client ID: c, IP: 192.0.2.7, Clean Start: yes, Session Expiry: 0 connected.":                                            "rejected 0",
		"Client ID: c, IP: 192.0.2.7, Clean Start: true, Session Expiry: x connected.":                                           "rejected 0",
		"Client ID: c, IP: 192.0.2.7, Clean Start: true, Session Expiry: 0 connected":                                            "rejected 0",
		"Client ID: c, IP: 192.0.2.7 was disconnected. reason: x, IP: 192.0.2.8 disconnected gracefully.":                        "rejected 0",
		"Client ID: c, IP: 192.0.2.7 was disconnected. reason: x, IP:192.0.2.8 disconnected ungracefully.":                       "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully. Reason given by client: x, IP: 192.0.2.8 disconnected gracefully.": "rejected 0",
		"Client ID: c, IP: 192.0.2.7 disconnected gracefully. Reason given by client:  session has expired at 2026-11-22 09:30:00. All persistent data for this client has been removed.": "rejected 0",
		"X Client ID: c, IP: 192.0.2.7 disconnected gracefully.": "rejected 0",
	} {
		require.Equal(t, want, hivemqLine(t, line), line)
	}
}

// TestHiveMQReasons covers every group of reasons, and texts that are similar to known reasons.
func TestHiveMQReasons(t *testing.T) {
	for want, reasons := range map[event.ActionInfo][]string{
		event.NoHeart:          {"Client was idle for too long"},
		event.ClientIDConflict: {"Another client connected with the same client id.", "Another client connected with the same client id", "Another client connected with the same clientId."},
		event.NotAuthorized: {
			"Authentication failed", "Authentication failed, authenticator timed out", "Re-authentication failed", "Different auth method",
			"sent a CONNECT message with an not authorized Will Publish to topic 'a' with QoS '1' and retain 'false'",
			"Sent a CONNECT message with an not authorized Will Publish to topic 'a' with QoS '1' and retain 'false'",
		},
		event.TopicAuthFailed: {
			"Not authorized to publish on topic 'Sent CONNECT' with QoS '1' and retain 'false'", "Not authorized to subscribe to topic 'a' with QoS '1'",
			"Sent a PUBLISH to an unauthorized topic 'a', QoS '1', retain 'false'", "Sent a SUBSCRIBE with an unauthorized subscription for topic 'a'",
		},
		event.ServerShutdown: {
			"Disconnected via extension system", "Sent PUBLISH, but its onward delivery was prevented by a publish inbound interceptor",
			"Negative SUBSCRIBE acknowledgement for an MQTT 3.1 client is not possible; the client was disconnected instead",
			"The configured maximum amount of connections is reached", "Connection prevented by extension in CONNACK outbound interceptor",
			"Tried to write a SUBACK with empty payload to a client.", "Tried to write an invalid SUBACK return code to a subscriber.",
			"Tried to write a failure code (0x80) to a MQTT 3.1 subscriber.",
		},
		event.InvalidParam: {
			"Sent a PUBLISH with an invalid QoS", "Sent PUBLISH with subscription identifiers", "sent an AUTH with a malformed authentication data",
			"Invalid SUBSCRIBE with invalid qos '3'", "Incorrect PUBLISH UTF-8 string length for 'response topic'", "Sent second CONNECT message",
			"Sent too many concurrent PUBLISH messages", "Sent a message with invalid message type", "Illegal websocket data sent by client: x",
			"DISCONNECT with session expiry interval, but session expiry interval was set to zero at CONNECT.",
			"Success reason code set in AUTH", "REAUTHENTICATE reason code set in AUTH during ongoing auth",
			"Sent CONNECT without clientID", "Invalid CONNECT flags",
		},
		event.Unexplained: {
			"", "token is stale", "Invalid password", "Sent nothing", "client was idle for too long", "Incorrect time", "Authentication was fine",
			"Channel exception: null", "Channel exception: Connection reset",
		},
	} {
		for _, reason := range reasons {
			got := decode(t, "hivemq", hivemqStamp+"Client ID: c, IP: 192.0.2.7 was disconnected. reason: "+reason+".")
			require.Len(t, got.Events, 1, reason)
			e := got.Events[0]
			require.Equal(t, want, e.ActionInfo, reason)
			require.Equal(t, event.Close, e.Action, reason)
			require.Equal(t, reason, e.NativeReason)
			require.Equal(t, want == event.ServerShutdown, broker.ExcludesRestart(e.NativeReason), reason)
		}
	}
}

// A reason that is certainly about a CONNECT means a refusal. With any other reason, the same line
// may report the end of a connection.
func TestHiveMQRefusals(t *testing.T) {
	for reason, want := range map[string]bool{
		"Authentication failed": true, "Authentication failed, no authenticator registered": true,
		"Sent a CONNECT message with an not authorized Will Publish to topic 'a'": true, "Sent CONNECT without clientID": true,
		"Invalid CONNECT flags": true, "Incorrect CONNECT will-topic length": true, "Invalid will-topic/flag combination": true,
		"Sent message other than AUTH or DISCONNECT during enhanced authentication": true, "Connection prevented by extension in CONNACK outbound interceptor": true,
		"sent message other than AUTH or DISCONNECT during enhanced authentication": true, "sent CONNECT without clientID": true,
		"REAUTHENTICATE reason code set in AUTH during ongoing auth": true, "REAUTHENTICATE reason code set in AUTH during ongoing re-auth": false,
		"Success reason code set in AUTH": false, "The configured maximum amount of connections is reached": true,
		"Re-authentication failed": false, "Sent second CONNECT message": false, "Different auth method": false,
		"Sent a PUBLISH with wildcard character (#/+) in topic: Sent CONNECT ": false, "Client was idle for too long": false,
		"DISCONNECT with session expiry interval, but session expiry interval was set to zero at CONNECT.": false,
	} {
		e := decode(t, "hivemq", hivemqStamp+"Client ID: c, IP: 192.0.2.7 was disconnected. reason: "+reason+".").Events[0]
		require.Equal(t, want, broker.IsRefusal(&e), reason)
		require.False(t, broker.IsEnd(&e), reason)
	}
}

func TestHiveMQTimes(t *testing.T) {
	const text = "Client ID: c, IP: 192.0.2.7 disconnected gracefully."
	for prefix, want := range map[string]string{
		"2026-11-22 09:30:00,123 - ":       "09:40:00.123 received",
		"2026-11-22 09:30:00,123  - ":      "09:40:00.123 received",
		"2026-11-22T09:30:00.123 - ":       "09:40:00.123 received",
		"":                                 "09:40:00.123 received",
		"2026-11-22T09:30:00.123Z- ":       "09:30:00.123 broker",
		"2026-11-22T09:30:00.123Z - ":      "09:30:00.123 broker",
		"2026-11-22T10:30:00.123+01:00- ":  "09:30:00.123 broker",
		"2026-11-22T04:30:00,123-0500 - ":  "09:30:00.123 broker",
		"2026-11-22 10:30:00,123 +0100 - ": "09:30:00.123 broker",
		"2026-11-22T09:30:00Z- ":           "09:30:00 broker",
	} {
		got := decode(t, "hivemq", prefix+text)
		require.Len(t, got.Events, 1, prefix)
		e := got.Events[0]
		require.Equal(t, want, fmt.Sprint(e.Time.Format("15:04:05.999"), " ", e.TimeOrigin), prefix)
	}
	for prefix, want := range map[string]string{
		"yesterday - ": "rejected 0", "2026-11-22T19:30:00Z- ": "rejected 0 time",
		"1971-11-22T19:30:00Z- ": "rejected 0 time",
	} {
		require.Equal(t, want, summary(decode(t, "hivemq", prefix+text)), prefix)
	}
}

// Other programs may put prefixes before a line, or put the line into a JSON object. Of the times
// with a zone, the one closest to HiveMQ counts.
func TestHiveMQPrefixes(t *testing.T) {
	const (
		text  = "Client ID: c, IP: 192.0.2.7 disconnected gracefully."
		local = "2026-11-22 10:30:00,123 - " + text
		zoned = "2026-11-22T09:30:00.123Z - " + text
	)
	for line, want := range map[string]string{
		"hivemq-1  | " + local:                                                        "09:40:00.123 received",
		"hivemq-1  | " + zoned:                                                        "09:30:00.123 broker",
		"2026-11-22T09:31:00.500000000Z " + local:                                     "09:31:00.5 broker",
		"2026-11-22T09:31:00.500000000Z " + zoned:                                     "09:30:00.123 broker",
		"2026-11-22T09:31:00.500000000Z stdout F " + local:                            "09:31:00.5 broker",
		"[pod/hivemq-0/hivemq] " + zoned:                                              "09:30:00.123 broker",
		"2026-11-22T09:31:00+0000 host hivemq[7]: " + text:                            "09:31:00 broker",
		`{"log":"` + local + `\n","stream":"stdout","time":"2026-11-22T09:31:00.5Z"}`: "09:31:00.5 broker",
		`{"log":"` + zoned + `\n","stream":"stdout","time":"2026-11-22T09:31:00.5Z"}`: "09:30:00.123 broker",
		`{"MESSAGE":"` + text + `","__REALTIME_TIMESTAMP":"1795339860500000"}`:        "09:31:00.5 broker",
	} {
		got := decode(t, "hivemq", line)
		require.Empty(t, got.Rejected, line)
		require.Len(t, got.Events, 1, line)
		e := got.Events[0]
		require.Equal(t, want, fmt.Sprint(e.Time.Format("15:04:05.999"), " ", e.TimeOrigin), line)
		require.Equal(t, "c", string(e.ClientID), line)
	}
	for _, line := range []string{
		"seen " + zoned, "Client c says " + text, `{"log":7}`, `{"x":1}`, `{"log":"` + text + `"`, `{"log":"seen ` + zoned + `"}`,
		`{"message":"x","message":"` + zoned + `"}`,
	} {
		require.Equal(t, "rejected 0", summary(decode(t, "hivemq", line)), line)
	}
}

// Events that have the time of receipt must be in the order of their lines.
func TestHiveMQOrder(t *testing.T) {
	path := samples + "/hivemq-local.json"
	_, body := sample(t, path)
	got := decodeWith(t, "hivemq", body, sampleMeta(t, path)).Events
	for i := range got[1:] {
		if got[i].ClientID == got[i+1].ClientID {
			require.Negative(t, event.Compare(&got[i], &got[i+1]))
		}
	}
}

// The Enterprise Edition logs an ungraceful end after it has closed a connection itself. Only the
// line with the reason must be recorded.
func TestHiveMQSecondEnd(t *testing.T) {
	line := func(second int, text string) string {
		return fmt.Sprintf("2026-11-22T09:30:%02d.000Z- %s\n", second, text)
	}
	const (
		idle      = "Client ID: c, IP: 192.0.2.7 was disconnected. reason: Client was idle for too long."
		refused   = "Client ID: c, IP: 192.0.2.7 was disconnected. reason: Authentication failed."
		gone      = "Client ID: c, IP: 192.0.2.7 disconnected ungracefully."
		elsewhere = "Client ID: c, IP: 192.0.2.8 disconnected ungracefully."
		other     = "Client ID: d, IP: 192.0.2.7 disconnected ungracefully."
		began     = "Client ID: c, IP: 192.0.2.7, Clean Start: true, Session Expiry: 0 connected."
	)
	for _, c := range []struct {
		name string
		body string
		want string
	}{
		{"at once", line(0, idle) + line(0, gone), "c close no heart"},
		{"a second later", line(0, idle) + line(1, gone), "c close no heart"},
		{"another client between", line(0, idle) + line(0, other) + line(1, gone), "c close no heart, d close closed by client"},
		{"two seconds later", line(0, idle) + line(2, gone), "c close no heart, c close closed by client"},
		{"from another address", line(0, idle) + line(0, elsewhere), "c close no heart, c close closed by client"},
		{"of the next connection", line(0, idle) + line(0, began) + line(1, gone), "c close no heart, c connect accepted, c close closed by client"},
		{"only once", line(0, idle) + line(0, gone) + line(0, gone), "c close no heart"},
		{"before", line(0, gone) + line(0, idle), "c close closed by client, c close no heart"},
		{"after a refusal", line(0, refused) + line(0, gone), "c close not authorized, c close closed by client"},
	} {
		require.Equal(t, c.want, summary(decode(t, "hivemq", c.body)), c.name)
	}
}

// Parsing a hostile line must not take long.
func TestHiveMQReadsLongLines(t *testing.T) {
	for _, part := range []string{", IP: 192.0.2.7 disconnected gracefully", ", IP: ", ", IP: 192.0.2.7, Clean Start: true", " was disconnected. reason: "} {
		body := strings.Repeat("Client ID: "+strings.Repeat(part, 4000/len(part))+"\n", 1000)
		require.Len(t, decode(t, "hivemq", body).Rejected, 1000, part)
	}
}

func FuzzHiveMQ(f *testing.F) { fuzz(f, "hivemq") }
