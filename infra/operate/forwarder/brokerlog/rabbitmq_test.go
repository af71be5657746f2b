package brokerlog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/infra/operate/forwarder/follow"
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

const (
	conn  = "192.0.2.7:50001 -> 192.0.2.9:1883"
	conn6 = "[2001:db8::7]:50001 -> [2001:db8::9]:1883"
)

// logged returns messages as lines of RabbitMQ's log. The messages are a millisecond apart.
func logged(messages ...string) []byte {
	var text strings.Builder
	at := time.Date(2026, 11, 29, 2, 0, 0, 123456_000, time.UTC)
	for i, message := range messages {
		stamp := at.Add(time.Duration(i) * time.Millisecond).Format("2006-01-02 15:04:05.000000-07:00")
		for part := range strings.SplitSeq(message, "\n") {
			fmt.Fprintf(&text, "%s [info] <0.812.0> %s\n", stamp, part)
		}
	}
	return []byte(text.String())
}

// Each message of each version must result in the right row.
func TestRabbitMQSentences(t *testing.T) {
	const old, recent = "accepting MQTT connection <0.812.0> (" + conn + ", client id: pump-7)", "Accepted MQTT connection " + conn + " for client ID pump-7"
	const web = "Accepted Web MQTT connection " + conn + " for client ID pump-7"
	quoted, binary := `"`+conn+`"`, `<<"`+conn+`">>`
	for _, c := range []struct {
		connect, end         string
		action, info, reason string
	}{
		{old, "closing MQTT connection <0.812.0> (" + conn + ")", "disconnect", "disconnected by client", ""},
		{recent, "closing MQTT connection <0.812.0> (" + conn + ")", "disconnect", "disconnected by client", ""},
		{old, "MQTT connection " + quoted + " will terminate because peer closed TCP connection", "close", "closed by client", "peer closed TCP connection"},
		{recent, "MQTT connection " + binary + " will terminate because peer closed TCP connection", "close", "closed by client", "peer closed TCP connection"},
		{old, "MQTT detected network error for " + quoted + ": econnreset", "close", "Socket IOException", "econnreset"},
		{recent, "MQTT detected network error for " + binary + ": etimedout", "close", "Socket IOException", "etimedout"},
		{recent, "MQTT detected network error on " + conn + ": closed", "close", "Socket IOException", "closed"},
		{old, "closing MQTT connection " + quoted + " (keepalive timeout)", "close", "no heart", "keepalive timeout"},
		{recent, "closing MQTT connection " + binary + " (keepalive timeout)", "close", "no heart", "keepalive timeout"},
		{old, "MQTT disconnecting client " + quoted + " with duplicate id 'pump-7'", "close", "clientId conflict", "duplicate id"},
		{recent, "MQTT disconnecting client " + binary + " with duplicate id 'pump-7'", "close", "clientId conflict", "duplicate id"},
		{old, "MQTT disconnecting client " + quoted + " with client ID 'pump-7', reason: Closed via management plugin", "close", "ServerShutdown", "Closed via management plugin"},
		{recent, "MQTT disconnecting client " + binary + " with client ID 'pump-7', reason: maintenance", "close", "ServerShutdown", "maintenance"},
		{old, "MQTT disconnecting client " + quoted + " with client ID 'pump-7' as its node is about to be decommissioned", "close", "ServerShutdown", "its node is about to be decommissioned"},
		{recent, "MQTT closing connection " + binary + `: "Closed via management plugin"`, "close", "ServerShutdown", "Closed via management plugin"},
		{recent, "MQTT closing connection " + binary + `: <<"drained">>`, "close", "ServerShutdown", "drained"},
		{recent, "MQTT disconnecting client " + binary + " with client ID 'pump-7' because credential expired", "close", "not authorized", "credential expired"},
		{old, "MQTT connection " + conn + " is closing due to an authorization failure", "close", "topic auth failed", "authorization failure"},
		{recent, "MQTT connection " + conn + " is closing due to an authorization failure", "close", "topic auth failed", "authorization failure"},
		{old, "MQTT protocol error on connection " + conn + ": {x,y}", "close", "invalid param", "{x,y}"},
		{recent, "MQTT protocol error on connection " + conn + ": {disconnect,server_initiated}", "close", "invalid param", "{disconnect,server_initiated}"},
		{old, "MQTT detected a framing error on connection " + conn + ": bad", "close", "invalid param", "bad"},
		{recent, "MQTT detected a packet error on connection " + conn + ": malformed_packet", "close", "invalid param", "malformed_packet"},
		{old, "MQTT cannot parse a frame on connection '" + conn + "', unparseable payload: <<1,\n  2>>, error: {x, y}", "close", "invalid param", "unparseable payload: <<1,\n  2>>, error: {x, y}"},
		{recent, "Unparseable MQTT packet received from connection " + conn, "close", "invalid param", "unparseable packet"},
		{web, "Web MQTT closing connection " + conn, "close", "", ""},
		{web, "Web MQTT closing connection " + binary + `: "Closed via management plugin"`, "close", "ServerShutdown", "Closed via management plugin"},
		{web, "keepalive timeout in Web MQTT connection " + binary, "close", "no heart", "keepalive timeout"},
		{web, "keepalive error in Web MQTT connection " + binary + ": einval", "close", "Socket IOException", "einval"},
		{web, "Web MQTT disconnecting a client with duplicate ID 'pump-7' (" + binary + ")", "close", "clientId conflict", "duplicate ID"},
		{web, "Web MQTT disconnecting client with ID 'pump-7' (" + binary + "), reason: maintenance", "close", "ServerShutdown", "maintenance"},
		{web, "Web MQTT disconnecting client with ID 'pump-7' (" + binary + ") because credential expired", "close", "not authorized", "credential expired"},
		{web, "Web MQTT protocol error cannot_parse for connection " + binary, "close", "invalid param", "cannot_parse"},
		{web, "Web MQTT connection " + binary + " failed to handle queue event: timeout", "close", "", "timeout"},
		{recent, "RabbitMQ is asked to stop...", "close", "ServerShutdown", "RabbitMQ is asked to stop..."},
		{recent, "SIGTERM received - shutting down\n", "close", "ServerShutdown", "SIGTERM received - shutting down"},
		{old, "\n Starting RabbitMQ 3.10.8 on Erlang 25.2.3 [jit]\n Copyright", "close", "ServerShutdown", "Starting RabbitMQ 3.10.8 on Erlang 25.2.3 [jit]"},
	} {
		t.Run(c.end, func(t *testing.T) {
			for _, name := range []string{conn, conn6, "host-7.example:50001 -> host-9.example:1883"} {
				replace := strings.NewReplacer(conn, name)
				reader := newRabbitMQ()
				got := readAll(t, reader, 0, logged(replace.Replace(c.connect), replace.Replace(c.end)))
				require.Empty(t, got.rejected)
				require.Len(t, got.events, 2)
				connect, end := got.events[0], got.events[1]
				require.Equal(t, "pump-7 connect accepted", fmt.Sprint(connect.ClientID, " ", connect.Action, " ", connect.ActionInfo))
				require.Equal(t, "pump-7", string(end.ClientID))
				require.Equal(t, c.action, string(end.Action))
				require.Equal(t, c.info, string(end.ActionInfo))
				require.Equal(t, c.reason, strings.TrimSuffix(end.NativeReason, "disconnected by client"))
				for i, e := range got.events {
					require.Equal(t, "rabbitmq", e.Source)
					require.Equal(t, "2026-11-29 02:00:00.12"+fmt.Sprint(3+i), e.Time.Format("2006-01-02 15:04:05.000"))
					require.Equal(t, event.FromBroker, e.TimeOrigin)
					require.Equal(t, name+" 2026-11-29 02:00:00.123456+00:00", e.ChannelID)
					require.Equal(t, connect.Time, e.ConnectedAt)
					require.Equal(t, int32(50001), e.PeerPort)
					require.NotEmpty(t, e.NativeEvent)
				}
				require.Contains(t, []string{"192.0.2.7", "2001:db8::7", "host-7.example"}, connect.PeerAddress)
				require.Empty(t, reader.open.byName)
			}
		})
	}
}

// crashMessage returns the message about the crash of a connection's process.
func crashMessage(last, state string) string {
	return "** Generic server <0.812.0> terminating\n** Last message in was {tcp,#Port<0.36>," + last + "}\n" +
		"** When Server state == " + state + ",true,undefined,\n                           undefined,1,\"a\",true}\n** Reason for termination ==\n** {function_clause,[]}"
}

// If the process of a connection crashes, the connection has ended, and nothing else in the log says so.
func TestRabbitMQCrashes(t *testing.T) {
	connect := "Accepted MQTT connection " + conn + " for client ID a"
	state := "{state,#Port<0.36>,\n                         \"" + conn + `"`
	got := readAll(t, newRabbitMQ(), 0, logged(connect, crashMessage("<<1>>", state), "RabbitMQ is asked to stop..."))
	require.Empty(t, got.rejected)
	require.Equal(t, []short{{"a", "connect", "accepted", "accepted"}, {"a", "close", "", "** Generic server <0.812.0> terminating"}}, shortened(got.events))
	for name, message := range map[string]string{
		"another connection": crashMessage("<<1>>", "{state,#Port<0.36>,\""+conn6+`"`),
		"another process":    crashMessage("<<1>>", `{q,"x","`+conn+`"`),
		"a later version":    crashMessage("<<1>>", `{state,#Port<0.36>,undefined,{"`+conn+`"}`),
		"in the message":     crashMessage(`<<"** When Server state == {state,#Port<0.36>,\"`+conn+`\"">>`, `{q,1`),
		"in an identifier":   "Accepted MQTT connection " + conn6 + " for client ID b\n" + crashMessage("<<1>>", `{state,#Port<0.36>,"`+conn+`"`),
		"no state":           "** Generic server <0.812.0> terminating",
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, newRabbitMQ(), 0, logged(connect, message, "closing MQTT connection <0.812.0> ("+conn+")"))
			require.Contains(t, shortened(got.events), short{"a", "disconnect", "disconnected by client", "disconnected by client"})
		})
	}
}

// If an operator closes one connection, the diagnosis must not take it for a restart.
func TestRabbitMQKickIsNoRestart(t *testing.T) {
	got := readAll(t, newRabbitMQ(), 0, logged("Accepted MQTT connection "+conn+" for client ID a", `MQTT closing connection <<"`+conn+`">>: "Closed via management plugin"`))
	require.True(t, broker.ExcludesRestart(got.events[1].NativeReason))
}

// These messages result in no row and must not go to quarantine.
func TestRabbitMQSaysNothingAboutAClient(t *testing.T) {
	for _, message := range []string{
		"accepting AMQP connection <0.812.0> (" + conn + ")",
		"closing AMQP connection <0.812.0> (" + conn + " - MQTT , vhost: '/', user: 'guest')",
		"accepting Web MQTT connection <0.812.0> (" + conn + ")",
		"closing Web MQTT connection <0.812.0> (" + conn + ")",
		`closing Web MQTT connection "` + conn + `" (keepalive timeout)`,
		`closing Web MQTT connection "` + conn + `" (login timeout)`,
		"Accepting Web MQTT connection " + conn,
		`closing MQTT connection "` + conn + `" (login timeout)`,
		`closing MQTT connection <<"` + conn + `">> (login timeout)`,
		"MQTT protocol error bad for connection \"" + conn + `"`,
		"MQTT detected framing error 'bad' for connection \"" + conn + `"`,
		"MQTT detected TLS upgrade error on " + conn + ": handshake failure",
		"MQTT detected TLS ClientHello from " + conn + ": TLS-enabled client is connecting to a non-TLS MQTT listener",
		"MQTT login failed for user 'a -> b', authentication failed: Refused",
		`MQTT detected duplicate connect/login attempt for user "U", vhost "/"`,
		"MQTT retained message store: rabbit_mqtt_retained_msg_store_dets",
		"MQTT topic access refused: write access to topic 'a -> b' in exchange",
		"started MQTT TCP listener on 127.0.0.1:1883",
		"Server startup complete; 2 plugins started.\n * rabbitmq_mqtt",
		"",
	} {
		got := readAll(t, newRabbitMQ(), 0, logged(message))
		require.Empty(t, got.bodies, message)
	}
	debug := strings.Replace(string(logged("MQTT accepting TCP connection <0.812.0> ("+conn+")")), "[info]", "[debug]", 1)
	require.Empty(t, readAll(t, newRabbitMQ(), 0, []byte(debug)).bodies)
}

func TestRabbitMQCountsRefusedLogins(t *testing.T) {
	reader := newRabbitMQ()
	got := readAll(t, reader, 0, logged(
		"MQTT login failed for user 'U', authentication failed: Refused",
		"MQTT connection "+conn+" is closing due to an authentication failure",
		"MQTT cannot accept connection "+conn+": client uses an invalid ID",
		"MQTT cannot accept connection "+conn+" due to an internal error or unavailable component",
		"Rejected MQTT connection "+conn+" with CONNACK return code 5",
		"Rejected MQTT connection "+conn+" with Connect Reason Code 135",
		"Rejected Web MQTT connection "+conn+": x",
	))
	require.Empty(t, got.bodies)
	require.Equal(t, 6, reader.refused)
}

// A line about a connection that cannot be read must go to quarantine.
func TestRabbitMQQuarantine(t *testing.T) {
	accepted := "Accepted MQTT connection " + conn + " for client ID a"
	for name, text := range map[string][]byte{
		"an unknown sentence":              logged(`MQTT frobnicated client <<"` + conn + `">>`),
		"a cut sentence":                   logged("accepting MQTT connection <0.812.0> (" + conn + ", client i"),
		"an empty identifier":              logged("accepting MQTT connection <0.812.0> (" + conn + ", client id: )"),
		"no identifier":                    logged("Accepted MQTT connection " + conn + " for client ID"),
		"an unknown prefix":                []byte("rabbit-1 | " + accepted + "\n"),
		"no prefix":                        []byte(accepted + "\n"),
		"invalid UTF-8":                    logged(accepted + "\xff"),
		"3.10 with other than Latin-1":     logged("accepting MQTT connection <0.812.0> (" + conn + ", client id: 雪)"),
		"an ambiguous identifier":          logged(`MQTT disconnecting client <<"` + conn + `">> with client ID 'a', reason: b', reason: c`),
		"two messages or one":              lines("2026-11-29 02:00:00.123 [info] <0.1.0> "+accepted, "2026-11-29 02:00:00.123 [info] <0.1.0> b"),
		"another client's connection":      append(logged(accepted), lines(`2026-11-29 02:00:01.000000+00:00 [info] <0.1.0> MQTT disconnecting client <<"`+conn+`">> with duplicate id 'b'`)...),
		"JSON with a sentence but no time": lines(`{"level":"info","msg":"` + accepted + `"}`),
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, newRabbitMQ(), 0, text)
			require.NotEmpty(t, got.rejected)
			require.LessOrEqual(t, len(got.events), 1)
		})
	}
}

// A message must result in an event after any form of prefix. If the form of the time is unknown, or
// its zone is missing, the event has the time of receipt. JSON without a time results in no event.
func TestRabbitMQPrefixes(t *testing.T) {
	const message = "Accepted MQTT connection " + conn + " for client ID a"
	known := time.Date(2026, 11, 29, 2, 0, 0, 123_000_000, time.UTC)
	for line, want := range map[string]time.Time{
		"2026-11-29 02:00:00.123456+00:00 [info] <0.812.0> ":                known,
		"2026-11-29 04:00:00.123456+02:00 [info] <0.812.0> ":                known,
		"2026-11-29T02:00:00.123456+00:00 [info] <0.812.0> ":                known,
		"2026-11-29T02:00:00.123456Z [INFO] <0.812.0> ":                     known,
		"1795917600.123456 [inf] <0.812.0> ":                                known,
		"1795917600123456 [INFO] <0.812.0> ":                                known,
		"1795917600 [info] <0.812.0> ":                                      known.Truncate(time.Second),
		"2026-11-29 02:00:00.123 [info] <0.812.0> ":                         {},
		"29/11/2026, 02:00 [info] <0.812.0> ":                               {},
		`{"time":"2026-11-29 02:00:00.123456+00:00","level":"info","msg":"`: known,
		`{"time":1795917600,"level":"info","msg":"`:                         known.Truncate(time.Second),
		`{"time":1795917600123456,"level":"info","msg":"`:                   known,
		`{"msg":"\u0041"} `:                                                 {},
	} {
		t.Run(line, func(t *testing.T) {
			text := line + message
			if strings.HasPrefix(line, "{") {
				text += `","pid":"<0.812.0>","domain":"rabbitmq.connection"}`
			}
			got := readAll(t, newRabbitMQ(), 0, lines(text))
			if strings.HasPrefix(line, `{"msg`) {
				require.Empty(t, got.events)
				return
			}
			require.Len(t, got.events, 1)
			if want.IsZero() {
				require.Equal(t, event.FromReceiver, got.events[0].TimeOrigin)
			} else {
				require.Equal(t, want, got.events[0].Time)
			}
		})
	}
}

// Whatever identifier a client chooses, all its rows must have that identifier.
func TestRabbitMQOddIdentifiers(t *testing.T) {
	for _, id := range []string{
		"雪", "日本 'q'", "a)", "a, client id: b", "a -> b", `a"b`, "é", "\u2028", "\x01\x7f", "👍",
		"x) closing MQTT connection <0.1.0> (" + conn + ")", "x'", "x', reason: y", "x' because credential expired",
		"a\nb", "a\n\nb", "a\r", "x)\nRabbitMQ is asked to stop...", "x\naccepting MQTT connection <0.1.0> (" + conn6 + ", client id: victim)",
		`x' (<<"` + conn + `">>), reason: y`, "x for client ID victim", `x' with duplicate id 'victim`,
	} {
		t.Run(id, func(t *testing.T) {
			quoted, binary := `"`+conn+`"`, `<<"`+conn+`">>`
			for _, messages := range [][]string{
				{"accepting MQTT connection <0.812.0> (" + conn + ", client id: " + toLatin1(id) + ")", "MQTT disconnecting client " + quoted + " with duplicate id '" + toLatin1(id) + "'"},
				{"accepting MQTT connection <0.812.0> (" + conn + ", client id: " + toLatin1(id) + ")", "MQTT disconnecting client " + quoted + " with client ID '" + toLatin1(id) + "', reason: x"},
				{"Accepted MQTT connection " + conn + " for client ID " + id, "MQTT disconnecting client " + binary + " with duplicate id '" + id + "'"},
				{"Accepted MQTT connection " + conn + " for client ID " + id, "MQTT disconnecting client " + binary + " with client ID '" + id + "', reason: x"},
				{"Accepted MQTT connection " + conn + " for client ID " + id, "MQTT disconnecting client " + binary + " with client ID '" + id + "' because credential expired"},
				{"Accepted Web MQTT connection " + conn + " for client ID " + id, "Web MQTT disconnecting client with ID '" + id + "' (" + binary + "), reason: x"},
				{"Accepted Web MQTT connection " + conn + " for client ID " + id, "Web MQTT disconnecting a client with duplicate ID '" + id + "' (" + binary + ")"},
			} {
				got := readAll(t, newRabbitMQ(), 0, logged(messages...))
				require.Empty(t, got.rejected, messages)
				require.Len(t, got.events, 2, messages)
				for _, e := range got.events {
					require.Equal(t, id, string(e.ClientID))
				}
				for _, e := range readAll(t, newRabbitMQ(), 0, logged(messages[1])).events {
					require.Equal(t, id, string(e.ClientID), "even if the log does not contain the connect")
				}
			}
		})
	}
}

// RabbitMQ may write a part of a message after the rest was read. This part must not be taken for a
// message.
func TestRabbitMQReadsNoPartOfAMessageAlone(t *testing.T) {
	text := logged("x", "Accepted MQTT connection "+conn+" for client ID a\nAccepted MQTT connection "+conn6+" for client ID victim")
	cut := strings.LastIndex(strings.TrimSpace(string(text)), "\n") + 1
	var reader Reader = newRabbitMQ()
	got := readAll(t, reader, 0, text[:cut])
	require.Equal(t, []short{{"a", "connect", "accepted", "accepted"}}, shortened(got.events))
	reader = restarted(t, RabbitMQ, reader)
	got = readAll(t, reader, int64(cut), text[cut:])
	require.Empty(t, got.events)
	require.Len(t, got.rejected, 1)

	// A chunk that was cut off by a limit must end between two messages.
	bodies, read := newRabbitMQ().Read(follow.Chunk{Log: "log", Lines: text[:cut], Full: true})
	require.Empty(t, bodies)
	require.Equal(t, string(logged("x")), string(read.Lines))
	// A message that does not fit into a chunk cannot be read.
	bodies, read = newRabbitMQ().Read(follow.Chunk{Log: "log", Lines: logged("Accepted MQTT connection " + conn + " for client ID a\nb"), Full: true})
	require.NotEmpty(t, read.Lines)
	require.Contains(t, string(bodies[0].Lines), "it is too long")
}

// The last message of a log that is growing may be incomplete. It must be read later, with its other
// parts.
func TestRabbitMQWaitsForTheLastMessage(t *testing.T) {
	text := logged("x", "Accepted MQTT connection "+conn+" for client ID victim\nno victim")
	cut := strings.LastIndex(strings.TrimSpace(string(text)), "\n") + 1
	reader := newRabbitMQ()
	bodies, read := reader.Read(follow.Chunk{Log: "log", Lines: text[:cut], Growing: true})
	require.Empty(t, bodies)
	require.Equal(t, string(logged("x")), string(read.Lines))
	at := len(read.Lines)
	bodies, read = reader.Read(follow.Chunk{Log: "log", Offset: int64(at), Lines: text[at:cut], Growing: true})
	require.Empty(t, bodies)
	require.Empty(t, read.Lines)
	got := readAll(t, reader, int64(at), text[at:])
	require.Equal(t, []short{{"victim\nno victim", "connect", "accepted", "accepted"}}, shortened(got.events))
}

// A line is not too long only because the next one is.
func TestRabbitMQReadsALineBeforeAVeryLongOne(t *testing.T) {
	reader := newRabbitMQ()
	bodies, _ := reader.Read(follow.Chunk{Log: "log", Lines: logged("Accepted MQTT connection " + conn + " for client ID a"), Full: true, Growing: true})
	require.Len(t, bodies, 1)
	require.Contains(t, string(bodies[0].Lines), `"client_id":"a"`)
	reader.last = ""
	bodies, _ = reader.Read(follow.Chunk{Log: "log", Lines: logged("MQTT protocol error on connection " + conn + ": " + strings.Repeat("x", maxMessage)), Full: true})
	require.Len(t, bodies, 1)
	require.Contains(t, string(bodies[0].Lines), "it is too long")
	require.Empty(t, reader.open.byName, "the connection has ended all the same")
}

// A beginning or an end that cannot be read must not leave an older connection of that name open.
func TestRabbitMQForgetsWhatItCannotRead(t *testing.T) {
	for name, text := range map[string][]byte{
		"invalid UTF-8":  logged("Accepted MQTT connection " + conn + " for client ID b\xff"),
		"no identifier":  logged("accepting MQTT connection <0.812.0> (" + conn + ", client id: )"),
		"another client": logged(`MQTT disconnecting client <<"` + conn + `">> with duplicate id 'b'`),
		"two messages or one": lines("2026-11-29 02:00:00.123 [info] <0.1.0> MQTT protocol error on connection "+conn+": x",
			"2026-11-29 02:00:00.123 [info] <0.1.0> b"),
	} {
		t.Run(name, func(t *testing.T) {
			reader := newRabbitMQ()
			reader.open.add(conn, &connection{ClientID: "a", Stamp: "x"})
			reader.open.add(conn6, &connection{ClientID: "victim", Stamp: "x"})
			require.Len(t, readAll(t, reader, 0, text).rejected, 1)
			require.Equal(t, []string{conn6}, slices.Collect(maps.Keys(reader.open.byName)))
		})
	}
}

// A client whose identifier imitates another connection must not make the reader forget it.
func TestRabbitMQForgetsNoOtherConnection(t *testing.T) {
	id := `victim' (<<"` + conn6 + `">>), reason: x`
	for _, message := range []string{
		`Web MQTT disconnecting client with ID '` + id + `' (<<"` + conn + `">>), reason: y`,
		"x\nMQTT protocol error on connection " + conn6 + ": x",
		"Accepted MQTT connection " + conn + " for client ID \xff\nclosing MQTT connection <0.1.0> (" + conn6 + ")",
	} {
		reader := newRabbitMQ()
		reader.open.add(conn6, &connection{ClientID: "victim", Stamp: "x"})
		readAll(t, reader, 0, logged(message))
		require.Contains(t, reader.open.byName, conn6, message)
	}
}

// However often an identifier imitates the text around it, the end of its connection must be found, in
// linear time.
func TestRabbitMQManyReadings(t *testing.T) {
	for _, end := range []string{"', reason: ", "' because credential expired", "' (<<\"" + conn + "\">>), reason: "} {
		id := strings.Repeat("a"+end, 60_000/len(end))
		for connect, ends := range map[string][]string{
			"Accepted MQTT connection " + conn + " for client ID " + id: {
				`MQTT disconnecting client <<"` + conn + `">> with client ID '` + id + `', reason: operator`,
				`Web MQTT disconnecting client with ID '` + id + `' (<<"` + conn + `">>), reason: operator`,
			},
			"accepting MQTT connection <0.812.0> (" + conn + ", client id: " + toLatin1("雪"+id) + ")": {
				`MQTT disconnecting client "` + conn + `" with client ID '` + toLatin1("雪"+id) + `', reason: operator`,
			},
		} {
			for _, message := range ends {
				began := time.Now()
				got := readAll(t, newRabbitMQ(), 0, logged(connect, message))
				require.Less(t, time.Since(began), 5*time.Second)
				require.Empty(t, got.rejected)
				require.Len(t, got.events, 2)
				require.Equal(t, event.ServerShutdown, got.events[1].ActionInfo)
				require.Equal(t, "operator", got.events[1].NativeReason)
			}
		}
	}
}

// The takeover of a client may be logged before or after the new connection.
func TestRabbitMQTakeover(t *testing.T) {
	other := strings.ReplaceAll(conn, "50001", "50002")
	first, second := "Accepted MQTT connection "+conn+" for client ID a", "Accepted MQTT connection "+other+" for client ID a"
	takeover := `MQTT disconnecting client <<"` + conn + `">> with duplicate id 'a'`
	for _, order := range [][]string{{first, takeover, second}, {first, second, takeover}} {
		reader := newRabbitMQ()
		got := readAll(t, reader, 0, logged(append(order, "RabbitMQ is asked to stop...")...))
		require.Len(t, got.events, 4)
		for _, e := range got.events {
			isFirst := strings.HasPrefix(e.ChannelID, conn)
			require.Equal(t, isFirst, e.PeerPort == 50001)
			require.Equal(t, isFirst && e.Action == event.Close, e.ActionInfo == event.ClientIDConflict)
		}
	}
}

// If the broker stops, a connection that may have ended unnoticed before must not get an end event.
func TestRabbitMQEndsOnlyTheNewestConnection(t *testing.T) {
	other := strings.ReplaceAll(conn, "50001", "50002")
	var reader Reader = newRabbitMQ()
	readAll(t, reader, 0, logged("Accepted MQTT connection "+conn+" for client ID a", "Accepted MQTT connection "+other+" for client ID a",
		"Accepted MQTT connection "+conn6+" for client ID b"))
	reader = restarted(t, RabbitMQ, reader)
	got := readAll(t, reader, 1_000, logged("\n Starting RabbitMQ 4.3.0 on Erlang 27", "RabbitMQ is asked to stop..."))
	require.Equal(t, []short{
		{"a", "close", "ServerShutdown", "Starting RabbitMQ 4.3.0 on Erlang 27"}, {"b", "close", "ServerShutdown", "Starting RabbitMQ 4.3.0 on Erlang 27"},
	}, shortened(got.events))
	require.Equal(t, int32(50002), got.events[0].PeerPort)
	require.Equal(t, "log:000000000001000", got.events[1].SourceEventID)
	require.Equal(t, "broker started", got.events[1].NativeEvent)
}

// If a line about an end does not have the identifier that opened the connection, it is not known
// which client the line is about. The connection has ended nevertheless.
func TestRabbitMQIdentifiersThatDiffer(t *testing.T) {
	reader := newRabbitMQ()
	got := readAll(t, reader, 0, logged("Accepted MQTT connection "+conn+" for client ID a", `MQTT disconnecting client <<"`+conn+`">> with duplicate id 'a '`, "RabbitMQ is asked to stop..."))
	require.Equal(t, []short{{"a", "connect", "accepted", "accepted"}}, shortened(got.events))
	require.Len(t, got.rejected, 1)
	require.Empty(t, reader.open.byName)
}

// The end of a connection whose beginning is not in the log must be counted if the line does not
// name the client. No event must be made up.
func TestRabbitMQEndsWithoutBeginning(t *testing.T) {
	reader := newRabbitMQ()
	got := readAll(t, reader, 0, logged(
		"closing MQTT connection <0.812.0> ("+conn+")",
		"Web MQTT closing connection "+conn,
		`MQTT disconnecting client "`+conn+`" with duplicate id 'a'`,
	))
	require.Equal(t, []short{{"a", "close", "clientId conflict", "duplicate id"}}, shortened(got.events))
	require.Empty(t, got.events[0].ConnectedAt)
	require.Equal(t, 2, reader.orphan)
}

// A new connection may have the name of an earlier one.
func TestRabbitMQNamesAreUsedAgain(t *testing.T) {
	got := readAll(t, newRabbitMQ(), 0, logged(
		"Accepted MQTT connection "+conn+" for client ID a", "Accepted MQTT connection "+conn+" for client ID b", "closing MQTT connection <0.1.0> ("+conn+")"))
	require.Equal(t, []string{"a", "b", "b"}, []string{string(got.events[0].ClientID), string(got.events[1].ClientID), string(got.events[2].ClientID)})
	require.NotEqual(t, got.events[0].ChannelID, got.events[1].ChannelID)
}

// Reading the log in two parts, with a restart in between, must give the same rows as reading it at
// once.
func TestRabbitMQRestarts(t *testing.T) {
	text := logged(
		"Accepted MQTT connection "+conn+" for client ID a", "Accepted MQTT connection "+conn6+" for client ID b", "closing MQTT connection <0.1.0> ("+conn+")",
		"Accepted MQTT connection "+conn+" for client ID b", `MQTT disconnecting client <<"`+conn6+`">> with duplicate id 'b'`, "RabbitMQ is asked to stop...")
	want := readAll(t, newRabbitMQ(), 0, text).events
	require.Len(t, want, 6)
	for cut := range text {
		if text[cut] != '\n' {
			continue
		}
		var reader Reader = newRabbitMQ()
		got := readAll(t, reader, 0, text[:cut+1]).events
		reader = restarted(t, RabbitMQ, reader)
		got = append(got, readAll(t, reader, int64(cut)+1, text[cut+1:]).events...)
		require.Equal(t, want, got)
	}
}

// The end events of 100,000 connections must be split into requests of limited size.
func TestRabbitMQStopsWithManyConnections(t *testing.T) {
	const n = 100_000
	reader := newRabbitMQ()
	for i := range n {
		reader.open.add(fmt.Sprintf("10.0.%d.%d:%d -> 192.0.2.9:1883", i/256%256, i%256, 1_024+i%60_000), &connection{ClientID: fmt.Sprintf("client-%06d", i), Stamp: "x"})
	}
	got := readAll(t, restarted(t, RabbitMQ, reader), 0, logged("RabbitMQ is asked to stop..."))
	require.Len(t, got.events, n)
	require.Empty(t, got.rejected)
	for _, body := range got.bodies {
		require.LessOrEqual(t, len(body.Lines), maxBody+1_000)
		require.LessOrEqual(t, body.Count(), maxEvents)
	}
}

// The size of the state must be limited, whatever characters the identifiers contain. Connections that
// have ended must not count.
func TestRabbitMQForgetsFurtherConnections(t *testing.T) {
	for _, filler := range []string{"x", "\x01", "<"} {
		reader, long := newRabbitMQ(), strings.Repeat(filler, 65_000)
		for i := 0; reader.open.forgotten == 0; i++ {
			reader.open.add(fmt.Sprint(i), &connection{ClientID: long, Stamp: "x"})
		}
		state, err := reader.Snapshot()
		require.NoError(t, err)
		require.Less(t, len(state), maxSize+100)
		require.Greater(t, len(state), maxSize*9/10)
		for name := range reader.open.byName {
			reader.open.remove(name)
		}
		require.Zero(t, reader.open.size)
	}
}

func FuzzRabbitMQ(f *testing.F) {
	for _, message := range []string{
		"accepting MQTT connection <0.812.0> (" + conn + ", client id: a)", `MQTT disconnecting client "` + conn + `" with client ID 'a', reason: b`,
		"Web MQTT disconnecting client with ID 'a' (<<\"" + conn + "\">>), reason: maintenance", "RabbitMQ is asked to stop...",
	} {
		f.Add(logged(message))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 || text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		whole := readAll(t, newRabbitMQ(), 0, text)
		for _, e := range whole.events {
			require.NotEmpty(t, e.ClientID)
			require.True(t, e.Action.Valid())
		}
		cut := strings.IndexByte(string(text), '\n') + 1
		reader := newRabbitMQ()
		readAll(t, reader, 0, text[:cut])
		if cut < len(text) {
			readAll(t, restarted(t, RabbitMQ, reader), int64(cut), text[cut:])
		}
	})
}

// A client must not be able to cause a row for another client by its choice of identifier.
func FuzzRabbitMQIdentifiers(f *testing.F) {
	for _, id := range []string{"a", "x', reason: y", "a\nRabbitMQ is asked to stop...", "x' (<<\"" + conn + "\">>), reason: y"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		for _, message := range []string{
			"Accepted MQTT connection " + conn + " for client ID " + id,
			`MQTT disconnecting client <<"` + conn + `">> with client ID '` + id + `', reason: x`,
			`Web MQTT disconnecting a client with duplicate ID '` + id + `' (<<"` + conn + `">>)`,
		} {
			reader := newRabbitMQ()
			reader.open.add(conn6, &connection{ClientID: "victim", Stamp: "x"})
			for _, e := range readAll(t, reader, 0, logged(message)).events {
				require.Equal(t, event.ClientID(id).Stored(), e.ClientID)
			}
		}
	})
}

func BenchmarkRabbitMQ(b *testing.B) {
	var messages []string
	for i := range 1_000 {
		name := fmt.Sprintf("10.0.0.1:%d -> 192.0.2.9:1883", 1_024+i)
		messages = append(messages, "Accepted MQTT connection "+name+fmt.Sprintf(" for client ID c-%d", i), "closing MQTT connection <0.1.0> ("+name+")", "Running boot step x")
	}
	text := logged(messages...)
	reader := newRabbitMQ()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		reader.Read(follow.Chunk{Log: "log", Lines: text})
	}
}
