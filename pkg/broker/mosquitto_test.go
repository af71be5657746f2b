package broker_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func TestMosquittoSamples(t *testing.T) {
	requireSamples(t, "mosquitto", map[string]string{
		"mosquitto-2.0": "dev1 connect accepted, dev1 close clientId conflict, dev1 connect accepted, dev2 connect accepted, " +
			"dev4 close not authorized, dev1 close no heart, dev2 disconnect disconnected by client",
		"mosquitto-2.1": "dev1 connect accepted, dev1 close clientId conflict, dev1 connect accepted, dev2 connect accepted, " +
			"dev4 close not authorized, dev1 close no heart, dev2 disconnect disconnected by client",
		"mosquitto-iso": "dev1 connect accepted, dev1 close closed by client, dev1 close closed by client",
		"mosquitto-cut": "dev2 disconnect disconnected by client, rejected 0, rejected 2, rejected 3",
		"mosquitto-1.6": "dev1 connect accepted, dev2 connect accepted, dev1 close closed by client, dev2 close no heart, dev4 close not authorized",
		"mosquitto-stop": "dev1 connect accepted, dev2 connect accepted, dev2 disconnect disconnected by client, dev1 close ServerShutdown, " +
			"dev1 connect accepted, dev1 close ServerShutdown",
		"mosquitto-compose":  "dev1 connect accepted, dev1 close closed by client",
		"mosquitto-docker":   "dev1 connect accepted, dev1 close closed by client",
		"mosquitto-journald": "dev1 connect accepted, dev1 close closed by client",
	})
}

// lineTime is the time of the log lines in these tests.
var lineTime = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// stamped returns a body that consists of the given lines, each preceded by lineTime in Unix
// seconds.
func stamped(lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%d: %s\n", lineTime.Unix(), line)
	}
	return b.String()
}

func TestMosquittoConnectHasAllFields(t *testing.T) {
	got := decode(t, "mosquitto", stamped("New client connected from 192.0.2.7:52341 as GID_a@@@dev1 (p2, c1, k60, u'user1')."))
	require.Empty(t, got.Rejected)
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Connect, ActionInfo: event.Accepted,
		Time: lineTime, TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "mosquitto", NativeEvent: "connected",
		PeerAddress: "192.0.2.7", PeerPort: 52341, Username: "user1",
		Protocol: "MQTT", ProtocolVersion: 4, KeepAlive: event.Some(time.Minute), CleanStart: event.Some(true),
	}}, got.Events)
}

func TestMosquittoEndHasAllFields(t *testing.T) {
	got := decode(t, "mosquitto", stamped("Client GID_a@@@dev1 [2001:db8::7:52341] disconnected: exceeded timeout."))
	require.Empty(t, got.Rejected)
	require.Equal(t, []event.Event{{
		InstanceID: "sample", ClientID: "GID_a@@@dev1",
		Action: event.Close, ActionInfo: event.NoHeart,
		Time: lineTime, TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "mosquitto", NativeEvent: "disconnected", NativeReason: "exceeded timeout",
		PeerAddress: "2001:db8::7", PeerPort: 52341,
	}}, got.Events)
}

// From Mosquitto 2.1.1 on, Event.Channel must return the same identifier for all events of one
// connection.
func TestMosquittoChannels(t *testing.T) {
	got := decode(t, "mosquitto", stamped("New client connected from 192.0.2.7:5 as c (p4, c1, k60).",
		"Client c [192.0.2.7:5] disconnected.", "Client c [192.0.2.7:6] disconnected.")).Events
	require.Len(t, got[0].Channel(), 32)
	require.Equal(t, got[0].Channel(), got[1].Channel())
	require.NotEqual(t, got[0].Channel(), got[2].Channel())
}

func TestMosquittoConnects(t *testing.T) {
	for _, c := range []struct {
		line, client, user, peer string
		version                  int32
		cleanStart               bool
		keepAlive                int32
	}{
		{"New client connected from 192.0.2.7:1 as c (p1, c0, k0).", "c", "", "192.0.2.7 1", 3, false, 0},
		{"New client connected from 192.0.2.7:65535 as c (p2, c1, k65535, u'').", "c", "", "192.0.2.7 65535", 4, true, 65535},
		{"New client connected from ::1:1883 as c (p5, c1, k60, u'u').", "c", "u", "::1 1883", 5, true, 60},
		{"New client connected from ::ffff:192.0.2.7:1883 as c (p3, c1, k60).", "c", "", "::ffff:192.0.2.7 1883", 3, true, 60},
		{"New client connected from /run/mosquitto.sock:0 as c (p4, c1, k60).", "c", "", "/run/mosquitto.sock 0", 4, true, 60},
		{"New client connected from mosquitto.sock:0 as c (p4, c1, k60).", "c", "", "mosquitto.sock 0", 4, true, 60},
		{"New client connected from 203.0.113.7:0 as c (p2, c1, k60).", "c", "", "203.0.113.7 0", 4, true, 60},
		{"New client connected from 203.0.113.7, 10.0.0.1:0 as c (p2, c1, k60).", "c", "", "203.0.113.7 0", 4, true, 60},
		{"New client connected from  203.0.113.7 ,10.0.0.1:0 as c (p2, c1, k60).", "c", "", "203.0.113.7 0", 4, true, 60},
		{"New client connected from 203.0.113.7:50001:0 as c (p2, c1, k60).", "c", "", "203.0.113.7 0", 4, true, 60},
		{"New client connected from [2001:db8::1]:443, 10.0.0.1:0 as c (p2, c1, k60).", "c", "", "2001:db8::1 0", 4, true, 60},
		{"New client connected from [2001:db8::1]:0 as c (p2, c1, k60).", "c", "", "2001:db8::1 0", 4, true, 60},
		{"New client connected from unknown:0 as c (p2, c1, k60).", "c", "", " 0", 4, true, 60},
		{"New client connected from unknown, 203.0.113.7:0 as c (p2, c1, k60).", "c", "", " 0", 4, true, 60},
		{"New client connected from :0 as c (p4, c1, k60).", "c", "", " 0", 4, true, 60},
		{"New client connected from 192.0.2.7:1 as c (p9, c1, k60).", "c", "", "192.0.2.7 1", 0, true, 60},
		{"New bridge connected from 192.0.2.7:1 as node2.bridge (p2, c0, k60, u'b').", "node2.bridge", "b", "192.0.2.7 1", 4, false, 60},
		{"New client connected from 192.0.2.7:1 as a as b (c) [1.2.3.4:5]: 'x' (p2, c1, k1, u'u as v').", "a as b (c) [1.2.3.4:5]: 'x'", "u as v", "192.0.2.7 1", 4, true, 1},
		{"New client connected from 192.0.2.7:1 as a (p1, c0, k0). (p5, c1, k60).", "a (p1, c0, k0).", "", "192.0.2.7 1", 5, true, 60},
		{"New client connected from 192.0.2.7:1 as a (p1, c0, k0, u'x'). (p5, c1, k60).", "a (p1, c0, k0, u'x').", "", "192.0.2.7 1", 5, true, 60},
		{"New client connected from 192.0.2.7:1 as 日本 (p5, c1, k60, u'it's (p) it').", "日本", "it's (p) it", "192.0.2.7 1", 5, true, 60},
	} {
		got := decode(t, "mosquitto", stamped(c.line))
		require.Empty(t, got.Rejected, c.line)
		require.Len(t, got.Events, 1, c.line)
		e := got.Events[0]
		require.Equal(t, c.client, string(e.ClientID), c.line)
		require.Equal(t, c.user, e.Username, c.line)
		require.Equal(t, c.peer, fmt.Sprint(e.PeerAddress, " ", e.PeerPort), c.line)
		require.Equal(t, c.version, e.ProtocolVersion, c.line)
		require.Equal(t, event.Some(c.cleanStart), e.CleanStart, c.line)
		require.Equal(t, event.Some(c.keepAlive), event.Seconds(e.KeepAlive), c.line)
	}
}

// mosquittoEnd describes a log line about the end of a connection, and the event that the decoder
// should return for the line.
type mosquittoEnd struct {
	says   string // the text after the client identifier
	reason string
	action event.Action
	info   event.ActionInfo
}

// mosquitto20Ends covers all log messages in the source code of Mosquitto 1.4 to 2.0.22 that report
// the end of a connection, except those about a socket.
var mosquitto20Ends = []mosquittoEnd{
	{" disconnected.", "", event.Disconnect, event.DisconnectedByClient},
	{" closed its connection.", "closed its connection", event.Close, event.ClosedByClient},
	{" has exceeded timeout, disconnecting.", "has exceeded timeout", event.Close, event.NoHeart},
	{" already connected, closing old connection.", "already connected", event.Close, event.ClientIDConflict},
	{" disconnected, not authorised.", "not authorised", event.Close, event.NotAuthorized},
	{" disconnected due to protocol error.", "protocol error", event.Close, event.InvalidParam},
	{" disconnected due to malformed packet.", "malformed packet", event.Close, event.InvalidParam},
	{" disconnected due to oversize packet.", "oversize packet", event.Close, event.InvalidParam},
	{" disconnected due to oversize payload.", "oversize payload", event.Close, event.InvalidParam},
	{" disconnected due to QoS too high or retain not supported.", "QoS too high or retain not supported", event.Close, event.InvalidParam},
	{" disconnected due to using not allowed feature (QoS too high, retain not supported, or bad AUTH method).",
		"using not allowed feature (QoS too high, retain not supported, or bad AUTH method)", event.Close, event.InvalidParam},
	{" disconnected due to out of memory.", "out of memory", event.Close, event.SocketIOException}, // up to 2.0.21; see TestMosquittoOutOfMemory
	{" disconnected due to a reason of tomorrow.", "a reason of tomorrow", event.Close, event.Unexplained},
	{" disconnected, no longer authorised.", "no longer authorised", event.Close, event.NotAuthorized},
	{" been disconnected by administrative action.", "administrative action", event.Close, event.ServerShutdown},
	{" disconnected: Connection timed out.", "Connection timed out", event.Close, event.SocketIOException},
	{" disconnected: Protocol error.", "Protocol error", event.Close, event.Unexplained}, // set by Mosquitto itself
	{" disconnected: Bad file descriptor.", "Bad file descriptor", event.Close, event.Unexplained},
	{" disconnected: Too many open files.", "Too many open files", event.Close, event.Unexplained},
	{" disconnected: Cannot allocate memory.", "Cannot allocate memory", event.Close, event.Unexplained},
	{" disconnected: Host is unreachable.", "Host is unreachable", event.Close, event.SocketIOException}, // musl
	{" disconnected: Transport endpoint is not connected.", "Transport endpoint is not connected", event.Close, event.SocketIOException},
}

// mosquitto21Ends covers all log messages in the source code of Mosquitto 2.1.1 and 2.1.2 that
// report the end of a connection.
var mosquitto21Ends = []mosquittoEnd{
	{" disconnected.", "", event.Disconnect, event.DisconnectedByClient},
	{" disconnected: connection closed by client.", "connection closed by client", event.Close, event.ClosedByClient},
	{" disconnected: exceeded timeout.", "exceeded timeout", event.Close, event.NoHeart},
	{" disconnected: session taken over.", "session taken over", event.Close, event.ClientIDConflict},
	{" disconnected: not authorised.", "not authorised", event.Close, event.NotAuthorized},
	{" disconnected: bad username or password.", "bad username or password", event.Close, event.NotAuthorized},
	{" disconnected: client banned.", "client banned", event.Close, event.NotAuthorized},
	{" disconnected: bad authentication method.", "bad authentication method", event.Close, event.NotAuthorized},
	{" disconnected: malformed packet.", "malformed packet", event.Close, event.InvalidParam},
	{" disconnected: protocol error.", "protocol error", event.Close, event.InvalidParam},
	{" disconnected: oversize packet.", "oversize packet", event.Close, event.InvalidParam},
	{" disconnected: oversize payload.", "oversize payload", event.Close, event.InvalidParam},
	{" disconnected: used disallowed feature (QoS too high, retain not supported, or bad AUTH method).",
		"used disallowed feature (QoS too high, retain not supported, or bad AUTH method)", event.Close, event.InvalidParam},
	{" disconnected: receive maximum exceeded.", "receive maximum exceeded", event.Close, event.InvalidParam},
	{" disconnected: implementation specific error.", "implementation specific error", event.Close, event.InvalidParam},
	{" disconnected: client identifier not valid.", "client identifier not valid", event.Close, event.InvalidParam},
	{" disconnected: topic alias invalid.", "topic alias invalid", event.Close, event.InvalidParam},
	{" disconnected: non-matching http origin.", "non-matching http origin", event.Close, event.InvalidParam},
	{" disconnected: quota exceeded.", "quota exceeded", event.Close, event.InvalidParam},
	{" disconnected: connection rate exceeded.", "connection rate exceeded", event.Close, event.InvalidParam},
	{" disconnected: administrative action.", "administrative action", event.Close, event.ServerShutdown},
	{" disconnected: server unavailable.", "server unavailable", event.Close, event.ServerShutdown},
	{" disconnected: server busy.", "server busy", event.Close, event.ServerShutdown},
	{" disconnected: out of memory.", "out of memory", event.Close, event.ServerShutdown},
	{" disconnected: No route to host.", "No route to host", event.Close, event.SocketIOException},
	{" disconnected: Success.", "Success", event.Close, event.Unexplained}, // the C library's message for no error
	{" disconnected: Unknown error 512.", "Unknown error 512", event.Close, event.Unexplained},
	{" disconnected: a reason of tomorrow.", "a reason of tomorrow", event.Close, event.Unexplained},
}

// mosquittoLibraryTexts maps the messages of Mosquitto's library to action infos. Mosquitto logs a
// library message if it has no wording of its own for the cause. In 2.0, most of these messages end
// with a full stop; in 2.1, none do.
var mosquittoLibraryTexts = map[event.ActionInfo][]string{
	event.NoHeart:          {"Keepalive exceeded", "Keep Alive timeout"},
	event.ClientIDConflict: {"Session taken over"},
	event.NotAuthorized: {
		"Authorisation failed", "Bad username or password", "Bad User Name or Password", "Banned", "Bad authentication method",
		"Connection Refused: bad user name or password", "Connection Refused: not authorised",
	},
	event.TopicAuthFailed: {"Access denied by ACL", "Not authorized"},
	event.InvalidParam: {
		"Unknown error", "Quota exceeded", "Invalid arguments provided", "Invalid input",
		"A network protocol error occurred when communicating with the broker", "Protocol Error", "Malformed packet", "Malformed Packet",
		"Payload too large", "Packet larger than supported by the server", "Packet too large", "Payload format invalid",
		"This feature is not supported", "Malformed UTF-8", "Duplicate property in property list",
		"Requested QoS not supported on server", "QoS not supported", "Retain not supported",
		"Shared Subscriptions not supported", "Subscription identifiers not supported", "Wildcard Subscriptions not supported",
		"Topic Filter invalid", "Topic Name invalid", "Topic Alias invalid", "Topic alias invalid",
		"Packet Identifier in use", "Packet Identifier not found", "Receive Maximum exceeded", "Receive maximum exceeded",
		"Message rate too high", "Connection rate exceeded", "Bad http origin",
		"Client Identifier not valid", "Client identifier not valid", "Unsupported Protocol Version",
		"Implementation specific error", "Implementaion specific error",
		"Connection Refused: unacceptable protocol version", "Connection Refused: identifier rejected",
	},
	event.ServerShutdown: {
		"Server unavailable", "Server busy", "Server shutting down", "Administrative action", "Use another server", "Server moved",
		"Maximum connect time", "Connection Refused: broker unavailable",
	},
	event.SocketIOException: {
		"The connection was lost", "The client is not currently connected", "A TLS error occurred", "TLS handshake failed",
		"OCSP error", "Proxy error", "Lookup error", "DNS Lookup failed", "Connection reset by peer", "Broken pipe", "Operation timed out",
	},
	event.Unexplained: {
		"No error", "Out of memory", "No subscribers", "Subscription already exists", "Connection pending", "The connection was refused",
		"Message not found (internal error)", "Authentication delayed", "Continue with authentication", "Plugin deferring result",
		"Ignore plugin", "Timeout", "Entry already exists", "Unspecified error", "Unknown reason", "Success",
		"Connection Refused: unknown reason", "Connection Accepted", "Protocol error", "Bad file descriptor", "a text of tomorrow",
	},
}

// oddIDs are client identifiers for testing the parser. Most of them contain text that also
// separates the parts of a log line.
var oddIDs = []string{
	"c", "GID_a@@@dev1", "a b", "a as b", "a: b", "1795339800: a", "it's [1] (2) \"3\"", "日本/+#", "undefined", "[192.0.2.1:2]", "a [192.0.2.1:2",
	"x disconnected.", "x disconnected: y", "x disconnected due to y", "x closed its connection.", "x [192.0.2.1:2] disconnected: y", "Client x", " ", ".",
}

func TestMosquittoEnds(t *testing.T) {
	for _, id := range oddIDs {
		for _, end := range mosquitto20Ends {
			requireEnd(t, "Client "+id+end.says, id, end, nativeOf(end), " 0")
		}
		for _, end := range mosquitto21Ends {
			requireEnd(t, "Client "+id+" [2001:db8::7:52341]"+end.says, id, end, "disconnected", "2001:db8::7 52341")
		}
		for info, texts := range mosquittoLibraryTexts {
			for _, why := range texts {
				for _, why := range []string{why, why + "."} {
					end := mosquittoEnd{reason: why, action: event.Close, info: info}
					requireEnd(t, "Bad socket read/write on client "+id+": "+why, id, end, "socket", " 0")
					end.reason = "bad socket read/write: " + why
					requireEnd(t, "Client "+id+" [2001:db8::7:52341] disconnected: "+end.reason, id, end, "disconnected", "2001:db8::7 52341")
				}
			}
		}
		old := mosquittoEnd{reason: "bad socket read/write", action: event.Close, info: event.SocketIOException}
		requireEnd(t, "Bad socket read/write on client "+id+", disconnecting.", id, old, "socket", " 0") // in versions up to 2.0.5
		old = mosquittoEnd{reason: "socket error", action: event.Close, info: event.ClosedByClient}
		requireEnd(t, "Socket error on client "+id+", disconnecting.", id, old, "socket", " 0") // in 1.x
	}
}

// nativeOf returns the native event of an end whose line has no address.
func nativeOf(end mosquittoEnd) string {
	if end.reason == "not authorised" {
		return "refused"
	}
	return "disconnected"
}

func requireEnd(t *testing.T, line, id string, want mosquittoEnd, nativeEvent, peer string) {
	t.Helper()
	got := decode(t, "mosquitto", stamped(line))
	require.Empty(t, got.Rejected, line)
	require.Len(t, got.Events, 1, line)
	e := got.Events[0]
	require.Equal(t, id, string(e.ClientID), line)
	require.Equal(t, want.action, e.Action, line)
	require.Equal(t, want.info, e.ActionInfo, line)
	require.Equal(t, nativeEvent, e.NativeEvent, line)
	require.Equal(t, want.reason, e.NativeReason, line)
	require.Equal(t, peer, fmt.Sprint(e.PeerAddress, " ", e.PeerPort), line)
	require.Empty(t, e.SourceEventID, line)
}

// Unrelated lines, and lines without a client identifier, are neither recorded nor rejected.
func TestMosquittoLinesThatMakeNoEvent(t *testing.T) {
	lines := []string{
		"mosquitto version 2.0.22 starting", "mosquitto version 2.1.2 running", "mosquitto version 2.0.22 terminating",
		"Config loaded from /etc/mosquitto/mosquitto.conf.", "Opening ipv4 listen socket on port 1883.",
		"New connection from 192.0.2.7:52341 on port 1883.",
		"Client dev1 negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384",
		"Client connection from 192.0.2.7 failed: error:0A000126:SSL routines::unexpected eof while reading.",
		"Client connection from 192.0.2.7 denied: max_connections exceeded.", "Client mosq-1 sending PUBLISH (d0, q0, r0, m1, 'a', ... (2 bytes))",
		"Client connection from 192.0.2.7 denied access by tcpd.",
		"Client from 192.0.2.7:52341 appears to be using TLS to connect to a non-TLS listener.",
		"Client dev1 has exceeded its receive-maximum quota. This behaviour must be fixed on the client.",
		"Expiring client dev1 due to timeout.",
		"Outgoing messages are being dropped for client dev1.",
		"Denied PUBLISH from dev1 (d0, q0, r0, m0, 'a/b', ... (2 bytes))",
		"Received DISCONNECT from dev1", "Sending CONNACK to dev1 (0, 5)", "\tdenied/# (denied)",
		"Bad client dev1 sending multiple CONNECT messages.",
		"Invalid protocol version 9 in CONNECT from 192.0.2.7.", "Invalid protocol \"HTTP\" in CONNECT from 192.0.2.7.",
		"Invalid Will QoS in CONNECT from 192.0.2.7.",
		"Protocol error from dev1: password without username, closing connection.",
		"Protocol error from 192.0.2.7:52341: RESERVED packet.",
		"ACL denying access to client with dangerous client id \"a#\"",
		"Error: Client certificate/key are inconsistent.",
		"Client <unknown> disconnected, not authorised.", "Client <unknown> closed its connection.", "Bad socket read/write on client <unknown>: Protocol error",
		"Client 192.0.2.7 [192.0.2.7:52341] disconnected: connection closed by client.",
		"New client connected from 192.0.2.7:1 as  (p2, c1, k60).", "Client  disconnected.", "Client  disconnected: exceeded timeout.", "Client ", "a line of tomorrow", "a line of tomorrow about Client c",
		"Client c sent topic with invalid UTF-8, disconnecting.", "Client c connected with too large Will payload",
		"mosquitto version 1.4.15 (build date Sat, 07 Apr 2018 11:13:41 +0100) starting", "mosquitto version 2.0.22 running, and more",
		"Received PUBLISH from c (d0, q0, r0, m0, 'Client x disconnected.', ... (2 bytes))",
		"Outgoing messages are being dropped for client x: Client y disconnected.",
		"dynsec: Client x disconnected./admin | createClient | username=y closed its connection.",
		"\tClient x disconnected. (QoS 0)", "\t[x] Client y disconnected.",
		"Received PINGREQ from New client connected from 192.0.2.1:1 as x (p2, c1, k60).",
	}
	for _, body := range []string{stamped(lines...), strings.Join(lines, "\n")} {
		got := decode(t, "mosquitto", body)
		require.Empty(t, got.Events)
		require.Empty(t, got.Rejected)
	}
	got := decode(t, "mosquitto", stamped("New client connected from 192.0.2.7:52341 as 192.0.2.7 (p4, c1, k60)."))
	require.Equal(t, "192.0.2.7 connect accepted", summary(got), "a client may be called like its address")
}

func TestMosquittoTimes(t *testing.T) {
	const line = "Client c disconnected."
	receipt := received.Truncate(time.Millisecond)
	for _, c := range []struct {
		stamp  string
		want   time.Time
		origin event.TimeOrigin
	}{
		{"1795339800: ", lineTime, event.FromBroker},
		{"2026-11-22T09:30:00+0000: ", lineTime, event.FromBroker},
		{"2026-11-22T17:30:00+0800: ", lineTime, event.FromBroker},
		{"2026-11-22T04:30:00-05:00: ", lineTime, event.FromBroker},
		{"2026-11-22T09:30:00Z: ", receipt, event.FromReceiver}, // strftime copies the Z from its format
		{"2026-11-22 09:30:00+0000: ", lineTime, event.FromBroker},
		{"2026-11-22 10:30:00 +0100: ", lineTime, event.FromBroker},
		{"2026-11-22T09:30:00: ", receipt, event.FromReceiver},
		{"2026-11-22 09:30:00: ", receipt, event.FromReceiver},
		{"", receipt, event.FromReceiver},
	} {
		got := decode(t, "mosquitto", c.stamp+line)
		require.Equal(t, "c disconnect disconnected by client", summary(got), c.stamp)
		require.Equal(t, c.want, got.Events[0].Time, c.stamp)
		require.Equal(t, c.origin, got.Events[0].TimeOrigin, c.stamp)
	}
}

// A line with an impossible UTC offset must be rejected, because its time is unknown.
func TestMosquittoOffsets(t *testing.T) {
	for offset, want := range map[string]string{
		"+23:59": "c disconnect disconnected by client", "-2359": "c disconnect disconnected by client",
		"+24:00": "rejected 0", "-2400": "rejected 0", "+99": "rejected 0", "+0160": "rejected 0", "+99:99": "rejected 0",
	} {
		require.Equal(t, want, summary(decode(t, "mosquitto", "2026-11-21T09:30:00"+offset+": Client c disconnected.")), offset)
	}
}

func TestMosquittoRejections(t *testing.T) {
	long := strings.Repeat("x", 999)
	for _, c := range []struct{ name, line, field, says string }{
		{"truncated identifier", stamped("New client connected from 192.0.2.7:1 as " + long), "", "continue with address:port"},
		{"no parameters", stamped("New client connected from 192.0.2.7:1 as c"), "", "continue with address:port"},
		{"a bridge without an id", stamped("New bridge connected from 192.0.2.7:1"), "", "continue with address:port"},
		{"no address", stamped("New client connected from somewhere:1 as c (p2, c1, k60)."), "", "continue with address:port"},
		{"no port and no address", stamped("New client connected from mosquitto.sock as c (p2, c1, k60)."), "", "continue with address:port"},
		{"an address of 1.5 with a port", stamped("New client connected from 192.0.2.7:1 as c (c1, k60)."), "", "continue with address:port"},
		{"an identifier and a user name that cannot be separated", stamped("New client connected from 192.0.2.7:1 as a (p2, c1, k60, u'b (p2, c1, k60, u'c')."), "", "more than one meaning"},
		{"truncated socket error", stamped("Socket error on client c, disconn"), "", "line of a socket error"},
		{"a client's line of tomorrow", stamped("Client c has gone."), "", "the reason cannot be read"},
		{"a truncated identifier at the end", stamped("Client " + long[:300]), "", "the reason cannot be read"},
		{"a host's name and a port", stamped("New client connected from localhost:50001 as c (p2, c1, k60)."), "", "continue with address:port"},
		{"a port too high", stamped("New client connected from 192.0.2.7:65536 as c (p2, c1, k60)."), "", "continue with address:port"},
		{"one parameter", stamped("New client connected from 192.0.2.7:1 as c (p2)."), "", "continue with address:port"},
		{"a parameter without a number", stamped("New client connected from 192.0.2.7:1 as c (p2, c, k60)."), "", "continue with address:port"},
		{"an unknown parameter", stamped("New client connected from 192.0.2.7:1 as c (p2, x1, k60)."), "", "continue with address:port"},
		{"a version too high", stamped("New client connected from 192.0.2.7:1 as c (p256, c1, k60)."), "", "continue with address:port"},
		{"a clean start too high", stamped("New client connected from 192.0.2.7:1 as c (p2, c2, k60)."), "", "continue with address:port"},
		{"a user without a quotation mark", stamped("New client connected from 192.0.2.7:1 as c (p2, c1, k60, u'u)."), "", "continue with address:port"},
		{"a keep alive too high", stamped("New client connected from 192.0.2.7:1 as c (p2, c1, k65536)."), "", "continue with address:port"},
		{"an identifier that contains a phrase", stamped("Client has failed: to clos"), "", "the reason cannot be read"},
		{"truncated end", stamped("Client c disconnected due to malform"), "", "the reason cannot be read"},
		{"an end without its full stop", stamped("Client c disconnected, session taken over"), "", "the reason cannot be read"},
		{"an unknown end", stamped("Client c disconnected for ever"), "", "the reason cannot be read"},
		{"end too long for a reason", stamped("Client " + long[:936]), "", "the reason cannot be read"},
		{"bad socket without a reason", stamped("Bad socket read/write on client c"), "", "line of a bad socket"},
		{"a line of the longest length", stamped("Client " + long[:999-len("1795339800: Client  disconnected.")] + " disconnected."), "", "as long as the longest that Mosquitto writes"},
		{"a line of the longest length behind a prefix", "mosquitto-1  | Client " + long[:999-len("Client  disconnected.")] + " disconnected.", "", "as long as the longest that Mosquitto writes"},
		{"unknown form of time", "22. November 2026, 09:30: Client c disconnected.", "", "unknown prefix"},
		{"damaged end behind an unknown form of time", "9h30: 22.11.: Client c disconnected due to malformed pack", "", "unknown prefix"},
		{"cut connect behind an unknown prefix", "foo bar: New client connected from 192.0.2.1:5 as c (p2, c1", "", "unknown prefix"},
		{"stop behind an unknown prefix", "foo bar: mosquitto version 2.0.22 terminating", "", "unknown prefix"},
		{"a message behind a start script's words", "Starting mosquitto... New client connected from 192.0.2.7:1 as c (p2, c1, k60).", "", "unknown prefix"},
		{"a start behind a start script's words", "Starting mosquitto... 1795339800: mosquitto version 2.0.18 starting", "", "unknown prefix"},
		{"a start behind other words of a script", "Loading config: 1795339800: mosquitto version 2.0.18 starting", "", "unknown prefix"},
		{"a message behind the word Broker", "Broker: New client connected from 192.0.2.7:1 as c (p2, c1, k60).", "", "unknown prefix"},
		{"an indented line", "\t1795339800: Client c disconnected.", "", "unknown prefix"},
		{"a message behind words", "1795339800: a line of tomorrow about Client c disconnected.", "", "unknown prefix"},
		{"a message behind a level", "1795339800: Error: Client c already connected, closing old connection.", "", "unknown prefix"},
		{"two tags", "mosquitto[7]: mosquitto[7]: Client c disconnected.", "", "unknown prefix"},
		{"a tag after Mosquitto's time", "1795339800: mosquitto[7]: Client c disconnected.", "", "unknown prefix"},
		{"a prefix that is too long", strings.Repeat("[x] ", 9) + "Client c disconnected.", "", "unknown prefix"},
		{"future", "1795399800: Client c disconnected.", "time", "in the future"},
		{"past", "1695339800: Client c disconnected.", "time", "older than the retention of 90 days"},
		{"the earliest time", "100000000: Client c disconnected.", "time", "older than the retention of 90 days"},
		{"clock not set", "12: Client c disconnected.", "time", "set the clock of the broker"},
		{"impossible time", "99999999999999999: Client c disconnected.", "time", "after the year 5138"},
		{"not UTF-8", stamped("Client \xff disconnected."), "", "must be valid UTF-8"},
		{"a huge line", stamped("Client " + strings.Repeat("x", 5_000) + " disconnected."), "", "longer than 4096 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, "mosquitto", c.line+stamped("Client good disconnected."))
			if !strings.HasSuffix(c.line, "\n") {
				got = decode(t, "mosquitto", c.line+"\n"+stamped("Client good disconnected."))
			}
			require.Len(t, got.Events, 1)
			require.Equal(t, "good", string(got.Events[0].ClientID))
			require.Len(t, got.Rejected, 1)
			require.Equal(t, 0, got.Rejected[0].Item)
			require.Equal(t, c.field, got.Rejected[0].Field)
			require.Contains(t, got.Rejected[0].Error, c.says)
			require.Equal(t, strings.TrimSuffix(c.line, "\n"), string(got.Rejected[0].Raw))
		})
	}
}

func TestMosquittoBodies(t *testing.T) {
	const a, b, none = "Client a disconnected.", "Client b closed its connection.", "mosquitto version 2.0.22 running"
	const rowA, rowB = "a disconnect disconnected by client", "b close closed by client"
	for _, c := range []struct{ name, body, want string }{
		{"nothing", "", "rejected 0"},
		{"white space", " \r\n\t\n", "rejected 0"},
		{"a line", a, rowA},
		{"a line and its end", a + "\n", rowA},
		{"lines with CRLF and blank ones", "\r\n" + a + "\r\n\n" + none + "\r\n" + b + "\r\n", rowA + ", " + rowB},
		{"lines without events", none + "\n" + none, ""},
		{"a line cut short", "Client a disconnected at", "rejected 0"},
		{"the index of a bad line", none + "\n\n" + a + "\nBad socket read/write on client x\n" + b, rowA + ", " + rowB + ", rejected 2"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, summary(decode(t, "mosquitto", c.body))) })
	}
}

// at returns a copy of meta with the given position.
func at(position string) broker.Meta {
	with := meta
	with.Position = position
	return with
}

// An event must get the same identifier whether its line arrives alone or together with other
// lines.
func TestMosquittoPositions(t *testing.T) {
	log := stamped("mosquitto version 2.0.22 running", "Client c disconnected.", "Client c disconnected.", "", "Client c closed its connection.")
	whole := decodeWith(t, "mosquitto", log, at("log-1:1000")).Events
	require.Equal(t, []string{"log-1:000000000001045", "log-1:000000000001080", "log-1:000000000001128"}, ids(whole))

	var apart []event.Event
	offset := 1000
	for line := range strings.Lines(log) {
		apart = append(apart, decodeWith(t, "mosquitto", line, at(fmt.Sprintf("log-1:%d", offset))).Events...)
		offset += len(line)
	}
	require.Equal(t, whole, apart)
}

func ids(events []event.Event) (all []string) {
	for _, e := range events {
		all = append(all, e.SourceEventID)
	}
	return all
}

// Events in the same second must sort in the order of their lines, even if the lines arrive in
// different bodies or their offsets have different numbers of digits.
func TestMosquittoKeepsTheOrderOfLines(t *testing.T) {
	lines := []string{
		"New client connected from 192.0.2.7:2 as c (p2, c1, k60).", "Client c already connected, closing old connection.",
		"New client connected from 192.0.2.7:1 as c (p2, c1, k60).", "Client c closed its connection.", "Client c disconnected.",
	}
	var events []event.Event
	offset := 0
	for range 40 {
		body := stamped(lines...)
		events = append(events, decodeWith(t, "mosquitto", body, at(fmt.Sprintf("log-1:%d", offset))).Events...)
		offset += len(body)
	}
	require.Len(t, events, 200)
	requireOrder(t, events)
}

// requireOrder checks that the events are sorted by identity, and that no two are the same event.
func requireOrder(t *testing.T, events []event.Event) {
	t.Helper()
	for i := range events[1:] {
		require.Negative(t, event.CompareIdentity(&events[i], &events[i+1]), i)
	}
}

// TestMosquittoWithoutPositions checks the identifiers of events if the body's position is unknown.
// An event with a time gets an identifier only if its line repeats an earlier line of the same
// body. So if a line is sent again in another body, the result is usually the same event.
func TestMosquittoWithoutPositions(t *testing.T) {
	log := stamped("Client c disconnected.", "Client c closed its connection.", "Client c disconnected.", "Client c disconnected.")
	require.Equal(t, []string{"", "", "repeat-00001", "repeat-00002"}, ids(decode(t, "mosquitto", log).Events))
	first, rest, _ := strings.Cut(log, "\n")
	require.Equal(t, []string{""}, ids(decode(t, "mosquitto", first).Events))
	require.Equal(t, []string{"", "", "repeat-00001"}, ids(decode(t, "mosquitto", rest).Events))

	for _, form := range []string{"2026-11-22T09:30:0%dZ stdout F %s\n", `{"time":"2026-11-22T09:30:0%dZ","log":%q}` + "\n"} {
		equal := "1795339800: Client c disconnected."
		body := fmt.Sprintf(form, 1, equal) + fmt.Sprintf(form, 2, equal)
		require.Equal(t, []string{"", "repeat-00001"}, ids(decode(t, "mosquitto", body).Events), body)
	}

	timeless := "Client c disconnected.\nmosquitto version 2.0.22 running\nClient c disconnected.\nClient c closed its connection."
	require.Equal(t, []string{"1a2b3c4d-00000", "1a2b3c4d-00002", "1a2b3c4d-00003"}, ids(decode(t, "mosquitto", timeless).Events))
}

func TestMosquittoRefusesABadPosition(t *testing.T) {
	body := stamped("Client c disconnected.")
	last := 999_999_999_999_999 - len(body)
	for _, position := range []string{"1024", ":1024", "log", "log:", "log:x", "log:-1", "log:+1", "log:1e3", fmt.Sprint("log:", last+1), "log:9999999999999999999", "\xff:1", strings.Repeat("x", 129) + ":1"} {
		got := decodeWith(t, "mosquitto", body, at(position))
		require.Empty(t, got.Events, position)
		require.Len(t, got.Rejected, 1, position)
		require.Contains(t, got.Rejected[0].Error, "the position must be")
		require.Equal(t, body, string(got.Rejected[0].Raw))
	}
	for _, log := range []string{"a", "a:b", strings.Repeat("x", 128)} {
		for _, offset := range []int{7, last} {
			position := fmt.Sprintf("%s:%015d", log, offset)
			require.Equal(t, []string{position}, ids(decodeWith(t, "mosquitto", body, at(position)).Events))
		}
	}
}

func TestMosquittoLimits(t *testing.T) {
	got := decode(t, "mosquitto", strings.Repeat("Client c disconnected at\n", 50_000)+"Client c disconnected.")
	require.Len(t, got.Events, 1)
	require.Len(t, got.Rejected, 1_000)
	require.Contains(t, got.Rejected[999].Error, "more than 999")
	require.Equal(t, 49_001, bytes.Count(got.Rejected[999].Raw, []byte("Client")))

	const part = "2026-11-22T09:30:00Z stdout P Client c disconnected.\n"
	fits := strings.Repeat("x\n", broker.MaxItems-1) + part
	require.Len(t, decode(t, "mosquitto", fits).Events, 1)
	require.False(t, decode(t, "mosquitto", fits+part).TooMany)
	require.True(t, decode(t, "mosquitto", fits+"Client d disconnected.").TooMany)

	for length, want := range map[int]string{4096: " disconnect disconnected by client", 4097: "rejected 0"} {
		line := "Client " + strings.Repeat("x", length-len("Client  disconnected.")) + " disconnected."
		require.True(t, strings.HasSuffix(summary(decode(t, "mosquitto", line)), want), length)
	}
}

// FuzzMosquitto checks that events are valid, that their number is limited by the marks in the
// body, and that their identifiers are the same whether a body is sent in one piece or in two.
func FuzzMosquitto(f *testing.F) {
	for _, path := range allSamples(f, "mosquitto") {
		_, body := sample(f, path)
		f.Add([]byte(body))
	}
	for _, id := range oddIDs {
		f.Add([]byte(stamped("New client connected from ::1:1 as "+id+" (p5, c1, k60, u'u').", "Client "+id+" [::1:1] disconnected: x.", "Client "+id+" disconnected.")))
	}
	for _, prefix := range prefixes {
		f.Add([]byte(prefix.text + "Client c disconnected.\n" + prefix.text + "mosquitto version 2.0.22 terminating"))
	}
	f.Add([]byte("mosquitto version 2.0.22 running, and more text in its first line\nClient c disconnected."))
	f.Add([]byte("2026-11-22T09:30:00Z stdout P Client c disc\n2026-11-22T09:30:00Z stdout F onnected."))
	source, _ := broker.Find(broker.Mosquitto)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		whole := source.Decode(body, at("log:7"))
		requireValid(t, whole)
		require.Equal(t, before, string(body), "the decoder changed the body")
		require.LessOrEqual(t, len(whole.Events), 1+marksIn(source, body))
		middle := bytes.IndexByte(body[len(body)/2:], '\n')
		if middle < 0 || len(whole.Rejected) > 0 || slices.ContainsFunc(whole.Events, isWithoutTime) || dependsOnBody(before) {
			return
		}
		middle += len(body)/2 + 1
		first := source.Decode(body[:middle], at("log:7"))
		second := source.Decode(body[middle:], at(fmt.Sprintf("log:%d", 7+middle)))
		apart := append(ids(first.Events), ids(second.Events)...)
		for _, e := range whole.Events {
			if !strings.HasPrefix(e.NativeEvent, "broker ") {
				require.Contains(t, apart, e.SourceEventID)
			}
		}
	})
}

// dependsOnBody reports whether a body may contain a line whose meaning depends on other lines of
// the body, apart from a stop or a start of the broker.
func dependsOnBody(body string) bool {
	return strings.Contains(body, "{") || strings.Contains(body, " P ") || strings.Contains(body, "local.") || strings.Contains(body, "version 2.1.0")
}

// isWithoutTime reports whether the source gave e no time. The identifier of such an event depends
// on the delivery.
func isWithoutTime(e event.Event) bool { return e.TimeOrigin == event.FromReceiver }

// A JSON body is rejected, so that a sender that uses the wrong route notices the mistake.
func TestMosquittoRejectsJSON(t *testing.T) {
	for _, body := range []string{`{"foo":1}`, `[{"client_id":"a","action":"close"}]`, " \n{\"a\":1}\n{\"a\":2}\n"} {
		require.Equal(t, "rejected 0", summary(decode(t, "mosquitto", body)), body)
	}
	require.Empty(t, summary(decode(t, "mosquitto", "[2026] mosquitto version 2.0.22 running")), "a time in brackets")
}

// Only Mosquitto 2.1.0 writes these lines. Later versions write the lines in mosquitto21Ends.
func TestMosquitto210Ends(t *testing.T) {
	for why, info := range map[string]event.ActionInfo{
		"session taken over": event.ClientIDConflict,
		"not authorised":     event.NotAuthorized, "bad username or password": event.NotAuthorized,
		"client banned": event.NotAuthorized, "bad authentication method": event.NotAuthorized,
		"implementation specific error": event.InvalidParam, "client identifier not valid": event.InvalidParam,
		"quota exceeded": event.InvalidParam, "connection rate exceeded": event.InvalidParam,
		"topic alias invalid": event.InvalidParam, "non-matching http origin": event.InvalidParam,
		"server unavailable": event.ServerShutdown, "server busy": event.ServerShutdown,
	} {
		end := mosquittoEnd{says: " disconnected, " + why + ".", reason: why, action: event.Close, info: info}
		for _, id := range oddIDs {
			requireEnd(t, "Client "+id+end.says, id, end, nativeOf(end), " 0")
		}
	}
	end := mosquittoEnd{reason: "exceeding the receive maximum", action: event.Close, info: event.InvalidParam}
	requireEnd(t, "Client c disconnected due to exceeding the receive maximum.", "c", end, "disconnected", " 0")
	require.Empty(t, decode(t, "mosquitto", stamped("Client 192.0.2.7 disconnected, client identifier not valid.")).Events, "an address in the place of a client identifier")
}

func TestMosquittoUnixSocketEnd(t *testing.T) {
	end := mosquittoEnd{reason: "exceeded timeout", action: event.Close, info: event.NoHeart}
	requireEnd(t, "Client c [run/mosquitto.sock:0] disconnected: exceeded timeout.", "c", end, "disconnected", "run/mosquitto.sock 0")
}

// The address in a line about a WebSocket behind a proxy may be empty or any text.
func TestMosquittoForwardedEnds(t *testing.T) {
	end := mosquittoEnd{reason: "connection closed by client", action: event.Close, info: event.ClosedByClient}
	for peer, want := range map[string]string{
		":0": " 0", "unknown:0": " 0", "203.0.113.7, 10.0.0.1:0": "203.0.113.7 0", "203.0.113.7:50001:0": "203.0.113.7 0",
		"[2001:db8::1]:443:0": "2001:db8::1 0", "203.0.113.7, [2001:db8::1]:443:0": "203.0.113.7 0", "proxy:8080": " 0",
	} {
		for _, id := range oddIDs {
			requireEnd(t, "Client "+id+" ["+peer+"] disconnected: connection closed by client.", id, end, "disconnected", want)
		}
	}
	requireEnd(t, "Client c [unknown:0] disconnected.", "c", mosquittoEnd{action: event.Disconnect, info: event.DisconnectedByClient}, "disconnected", " 0")
	requireEnd(t, "Client c [line:3] disconnected.", "c [line:3]", mosquittoEnd{action: event.Disconnect, info: event.DisconnectedByClient}, "disconnected", " 0")
	requireEnd(t, "Client c [line:3] disconnected: Connection timed out.", "c [line:3]", mosquittoEnd{reason: "Connection timed out", action: event.Close, info: event.SocketIOException}, "disconnected", " 0")
	requireEnd(t, "Client c [x] disconnected: connection closed by client.", "c [x]", end, "disconnected", " 0")
	require.Empty(t, decode(t, "mosquitto", "Client unknown, 10.0.0.1 [unknown, 10.0.0.1:0] disconnected: exceeded timeout.").Events, "an address in the place of a client identifier")
}

// Mosquitto 2.0 reports a refused CONNECT without an address. A connected client with the same
// identifier stays connected.
func TestMosquittoRefusals(t *testing.T) {
	const refused = "Client a disconnected, not authorised."
	got := decode(t, "mosquitto", stamped(connected("a", 1), refused, stopLine))
	require.Equal(t, "a connect accepted, a close not authorized, a close ServerShutdown", summary(got))
	require.Equal(t, "refused", got.Events[1].NativeEvent)
	require.True(t, broker.IsRefusal(&got.Events[1]))
	require.False(t, broker.IsEnd(&got.Events[1]))

	var tracker broker.MosquittoTracker
	tracker.Line([]byte(connected("a", 1)))
	tracker.Line([]byte(refused))
	require.Equal(t, map[string]string{"a": "192.0.2.7:1"}, tracker.Open())

	again := decode(t, "mosquitto", stamped("Client a disconnected, no longer authorised.", "Client b [192.0.2.7:1] disconnected: not authorised.")).Events
	require.False(t, broker.IsRefusal(&again[0]))
	require.Equal(t, "disconnected", again[1].NativeEvent)
}
