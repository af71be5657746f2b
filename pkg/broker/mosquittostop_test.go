package broker_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// connected returns a line about a new connection.
func connected(id string, port int) string {
	return fmt.Sprintf("New client connected from 192.0.2.7:%d as %s (p2, c1, k60).", port, id)
}

const stopLine, startLine = "mosquitto version 2.0.18 terminating", "mosquitto version 2.0.18 starting"

func TestMosquittoStopHasAllFields(t *testing.T) {
	body := stamped(connected("a", 1)) + fmt.Sprintf("%d: %s\n", lineTime.Unix()+7, stopLine)
	got := decodeWith(t, "mosquitto", body, at("log-1:1000")).Events
	require.Len(t, got, 2)
	require.Equal(t, event.Event{
		InstanceID: "sample", ClientID: "a", Action: event.Close, ActionInfo: event.ServerShutdown,
		Time: lineTime.Add(7 * time.Second), TimeOrigin: event.FromBroker, ReceivedAt: received.Truncate(time.Millisecond),
		Source: "mosquitto", SourceEventID: "log-1:000000000001070", NativeEvent: "broker stopped", NativeReason: stopLine,
	}, got[1])
	require.True(t, broker.IsEnd(&got[1]))
	require.False(t, broker.IsMute(&got[1]))
}

// When Mosquitto stops, the decoder makes an event for each client that connected in the same body.
// For each client that connected in an earlier body, the sender of the log makes the event, with
// the tracker's help. Both must make the same event for a client.
func TestMosquittoStopIsTheSameEventBothWays(t *testing.T) {
	for _, stamp := range []string{"1795339800: ", "2026-11-22T09:30:00+0000: ", "Nov 22 09:30:00 +0000: ", "10:30:00+0100: "} {
		first := stamp + connected("GID_a@@@dev1", 1) + "\n" + stamp + connected("b", 2) + "\n"
		second := stamp + "Client b disconnected.\n" + stamp + stopLine + "\n"
		tracker := broker.MosquittoTracker{Received: received}
		for line := range strings.Lines(first) {
			require.Nil(t, tracker.Line([]byte(line)))
		}
		end, stop, _ := strings.Cut(second, "\n")
		require.Nil(t, tracker.Line([]byte(end)))
		found := tracker.Line([]byte(stop))
		require.Equal(t, []string{"GID_a@@@dev1"}, found.Clients)
		sent := decode(t, "events", fmt.Sprintf(
			`{"client_id":%q,"action":"close","action_info":"ServerShutdown","source":"mosquitto","native_event":%q,"native_reason":%q,"time":%q,"source_event_id":"log:%015d"}`,
			found.Clients[0], found.NativeEvent, found.NativeReason, found.Time.Format(time.RFC3339Nano), len(first)+len(end)+1)).Events
		whole := decodeWith(t, "mosquitto", first+second, at("log:0")).Events
		require.Equal(t, whole[len(whole)-1], sent[0])
		require.Zero(t, event.CompareIdentity(&whole[len(whole)-1], &sent[0]))
	}
}

func TestMosquittoStops(t *testing.T) {
	const a, b = "a connect accepted", "b connect accepted"
	const endA, endB = "a close ServerShutdown", "b close ServerShutdown"
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"stop", []string{connected("b", 1), connected("a", 2), stopLine}, b + ", " + a + ", " + endA + ", " + endB},
		{"start after a crash", []string{connected("a", 1), startLine, connected("a", 2)}, a + ", " + endA + ", " + a},
		{"stop and start", []string{connected("a", 1), stopLine, startLine, connected("b", 2), stopLine}, a + ", " + endA + ", " + b + ", " + endB},
		{"running", []string{connected("a", 1), "mosquitto version 2.0.18 running"}, a + ", " + endA},
		{"start of 1.4", []string{"New client connected from 192.0.2.7 as a (c1, k60).", "mosquitto version 1.4.15 (build date Sat, 07 Apr 2018 11:13:41 +0100) starting"}, a + ", " + endA},
		{"nothing open", []string{stopLine, startLine}, ""},
		{"ended before", []string{connected("a", 1), "Client a disconnected.", stopLine}, a + ", a disconnect disconnected by client"},
		{"every end line", []string{connected("a", 1), "Bad socket read/write on client a: The connection was lost.", stopLine}, a + ", a close Socket IOException"},
		{"socket error", []string{connected("a", 1), "Socket error on client a, disconnecting.", stopLine}, a + ", a close closed by client"},
		{"taken over", []string{connected("a", 1), "Client a already connected, closing old connection.", connected("a", 2), stopLine}, a + ", a close clientId conflict, " + a + ", " + endA},
		{"the old connection ends later", []string{connected("a", 1), connected("a", 2), "Client a [192.0.2.7:1] disconnected: connection closed by client.", stopLine}, a + ", " + a + ", a close closed by client, " + endA},
		{"the new connection ends", []string{connected("a", 1), connected("a", 2), "Client a [192.0.2.7:2] disconnected: connection closed by client.", stopLine}, a + ", " + a + ", a close closed by client"},
		{"somebody else is refused with the identifier", []string{connected("a", 1), "Client a [192.0.2.9:5] disconnected: not authorised.", stopLine}, a + ", a close not authorized, " + endA},
		{"a bridge from another broker", []string{"New bridge connected from 192.0.2.7:1 as a (p2, c0, k60).", stopLine}, a + ", " + endA},
		{"the local end of a bridge", []string{"Connecting bridge cloud (192.0.2.9:1883)", "Client local.plant.cloud closed its connection.", stopLine}, ""},
		{"a client that is called like one", []string{connected("local.plant.cloud", 1), "Client local.plant.cloud closed its connection."}, "local.plant.cloud connect accepted, local.plant.cloud close closed by client"},
		{"not a stop", []string{connected("a", 1), "mosquitto version 2.0.18 terminating soon"}, a},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, summary(decode(t, "mosquitto", stamped(c.lines...))))
			for _, outer := range prefixes {
				behind := outer.text + strings.Join(c.lines, "\n"+outer.text)
				require.Equal(t, c.want, summary(decode(t, "mosquitto", behind)), behind)
			}
		})
	}
}

// If a stop has no usable time, one rejection stands for the events of all clients.
func TestMosquittoStopInTheFuture(t *testing.T) {
	got := decode(t, "mosquitto", stamped(connected("a", 1), connected("b", 2))+"1795399800: "+stopLine+"\n"+stamped("Client c disconnected."))
	require.Equal(t, "a connect accepted, b connect accepted, c disconnect disconnected by client, rejected 2 time", summary(got))
}

// If a stop has no time, its events have identifiers made from the index of its line. The number of
// these events must not change the indices of later lines.
func TestMosquittoStopWithoutATime(t *testing.T) {
	body := strings.Join([]string{connected("a", 1), connected("b", 2), stopLine, connected("a", 3)}, "\n")
	require.Equal(t, []string{"1a2b3c4d-00000", "1a2b3c4d-00001", "1a2b3c4d-00002", "1a2b3c4d-00002", "1a2b3c4d-00003"}, ids(decode(t, "mosquitto", body).Events))
}

func TestMosquittoStopsCountAsItems(t *testing.T) {
	var b strings.Builder
	for i := range broker.MaxItems/2 - 1 {
		fmt.Fprintln(&b, connected(fmt.Sprint("c", i), 1))
	}
	fits := b.String() + stopLine
	got := decode(t, "mosquitto", fits)
	require.Len(t, got.Events, broker.MaxItems-2)
	source, _ := broker.Find(broker.Mosquitto)
	require.LessOrEqual(t, len(got.Events), 1+marksIn(source, []byte(fits)))
	require.False(t, decode(t, "mosquitto", fits+"\nx").TooMany)
	require.True(t, decode(t, "mosquitto", fits+"\nx\nx").TooMany)
	require.True(t, decode(t, "mosquitto", b.String()+connected("one more", 1)+"\n"+connected("and one more", 1)+"\n"+stopLine).TooMany)
}

func TestMosquittoTracker(t *testing.T) {
	var tracker broker.MosquittoTracker
	require.Empty(t, tracker.Open())
	for _, line := range []string{
		connected("b", 1), "1795339800: " + connected("a", 2) + "\r\n", "mosquitto-1  | " + connected("d", 3),
		`{"log":"` + connected("e", 4) + `\n","stream":"stdout","time":"2026-11-22T09:30:00Z"}`,
		"Client b disconnected.", "Client <unknown> disconnected.", "unknown prefix " + connected("f", 5), "not UTF-8 \xff", "{", "",
	} {
		require.Nil(t, tracker.Line([]byte(line)), line)
	}
	require.Equal(t, map[string]string{"a": "192.0.2.7:2", "d": "192.0.2.7:3", "e": "192.0.2.7:4"}, tracker.Open())

	var restored broker.MosquittoTracker
	restored.Restore(tracker.Open())
	require.Equal(t, tracker.Open(), restored.Open())
	require.Nil(t, restored.Line([]byte("Client a [198.51.100.9:6000] disconnected: not authorised.")), "the end of a stranger's connection")
	require.Nil(t, restored.Line([]byte("Client d [192.0.2.7:3] disconnected.")))
	require.Equal(t, &broker.MosquittoStop{
		Clients: []string{"a", "e"}, NativeEvent: "broker started", NativeReason: startLine, Time: lineTime,
	}, restored.Line([]byte("1795339800: "+startLine)))
	require.Empty(t, restored.Open())
	require.Nil(t, restored.Line([]byte(startLine)))
	require.True(t, tracker.Line([]byte(startLine)).Time.IsZero())
}

// The size of the open connections must be limited, whatever characters the identifiers contain.
// Connections that have ended must not count.
func TestMosquittoTrackerIsLimited(t *testing.T) {
	for _, filler := range []string{"x", "\x01", "\"", "<", "\u2028", "雪"} {
		id := strings.Repeat(filler, 900/len(filler))
		var tracker broker.MosquittoTracker
		n := 0
		for ; tracker.Forgotten() == 0; n++ {
			require.Nil(t, tracker.Line([]byte(connected(fmt.Sprint(id, n), 1))))
		}
		encoded, err := json.Marshal(tracker.Open())
		require.NoError(t, err)
		require.Less(t, len(encoded), broker.MaxOpenSize)
		require.Greater(t, len(encoded), broker.MaxOpenSize*4/10)
		require.Len(t, tracker.Open(), n-1)
		require.Nil(t, tracker.Line([]byte("Client "+id+"0 disconnected.")))
		require.Nil(t, tracker.Line([]byte(connected(id+"again", 1))))
		require.Len(t, tracker.Open(), n-1)
		var restored broker.MosquittoTracker
		restored.Restore(tracker.Open())
		require.Equal(t, len(tracker.Open()), len(restored.Open()))
		require.NotNil(t, tracker.Line([]byte(startLine)))
		require.Empty(t, tracker.Open())
		require.Nil(t, tracker.Line([]byte(connected(id, 1))))
		require.Len(t, tracker.Open(), 1)
	}
}

// The reason "out of memory" is true only from 2.0.22 on. The last version in the body counts.
func TestMosquittoOutOfMemory(t *testing.T) {
	const old, recent = "Client a disconnected due to out of memory.", "Client a [192.0.2.7:1] disconnected: out of memory."
	for _, c := range []struct {
		lines []string
		want  event.ActionInfo
	}{
		{[]string{old}, event.SocketIOException},
		{[]string{"mosquitto version 2.0.21 starting", old}, event.SocketIOException},
		{[]string{"mosquitto version 2.0.3 starting", old}, event.SocketIOException},
		{[]string{"mosquitto version 2.0.22 starting", "mosquitto version 2.0.9 starting", old}, event.SocketIOException},
		{[]string{"mosquitto version 2.0.22 starting", old}, event.ServerShutdown},
		{[]string{"mosquitto version 2.1.0 running", old}, event.ServerShutdown},
		{[]string{"mosquitto version 2.0.100 starting", old}, event.ServerShutdown},
		{[]string{"mosquitto version 3.0 starting", old}, event.ServerShutdown},
		{[]string{recent}, event.ServerShutdown},
		{[]string{"mosquitto version 2.0.21 starting", recent}, event.ServerShutdown},
	} {
		got := decode(t, "mosquitto", stamped(c.lines...)).Events
		require.Len(t, got, 1)
		require.Equal(t, c.want, got[0].ActionInfo, c.lines)
		require.Equal(t, c.want != event.ServerShutdown, broker.IsMute(&got[0]), c.lines)
		require.Equal(t, "out of memory", got[0].NativeReason)
	}
	socket := decode(t, "mosquitto", "Socket error on client a, disconnecting.").Events[0]
	require.True(t, broker.IsMute(&socket))
}

// Mosquitto 1.4 and 1.5 may log several lines for one end. They also log an end when a client
// resumes its session.
func TestMosquittoOldVersions(t *testing.T) {
	const connect, accept = "New client connected from 192.0.2.7 as a (c0, k60).", "New connection from 192.0.2.7 on port 1883."
	const socketError, clean, timeout, takeover = "Socket error on client a, disconnecting.", "Client a disconnected.",
		"Client a has exceeded timeout, disconnecting.", "Client a already connected, closing old connection."
	const row, closed, left = "a connect accepted", "a close closed by client", "a disconnect disconnected by client"
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"timeout", []string{connect, timeout, socketError}, row + ", a close no heart"},
		{"timeout of another client", []string{connect, timeout, "Socket error on client b, disconnecting."}, row + ", a close no heart, b close closed by client"},
		{"takeover in 1.5", []string{connect, accept, takeover, socketError, connect}, row + ", a close clientId conflict, " + row},
		{"takeover in 1.4", []string{connect, accept, takeover, clean, connect}, row + ", a close clientId conflict, " + row},
		{"back to its session in 1.5", []string{connect, socketError, accept, socketError, connect}, row + ", " + closed + ", " + row},
		{"back to its session in 1.4", []string{connect, clean, accept, clean, connect}, row + ", " + left + ", " + row},
		{"a real end", []string{connect, socketError, accept, connect}, row + ", " + closed + ", " + row},
		{"a real DISCONNECT", []string{connect, clean, accept, connect}, row + ", " + left + ", " + row},
		{"the end of another client", []string{"Socket error on client b, disconnecting.", connect}, "b close closed by client, " + row},
		{"the same in 2.0", []string{clean, connected("a", 1)}, left + ", " + row},
		{"an end of 1.6 directly before a connect", []string{socketError, "New client connected from 192.0.2.7 as a (p2, c0, k60)."}, closed + ", " + row},
		{"two ends", []string{socketError, socketError}, closed + ", " + closed},
		{"a faulty line in between", []string{timeout, "Client b has gone.", socketError}, "a close no heart, " + closed + ", rejected 1"},
		{"a line before a connect in the future", []string{clean + "\n1795399800: " + connect}, left + ", rejected 1 time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, summary(decode(t, "mosquitto", stamped(c.lines...))))
		})
	}
}

// A rejected event of an old version must not remove the event of another client.
func TestMosquittoOldVersionsWithARejectedEnd(t *testing.T) {
	id := strings.Repeat("a", event.MaxClientID-len("…")-16) + "…0123456789abcdef"
	require.True(t, event.ClientID(id).IsCut())
	pair := []string{"Client " + id + " disconnected.", "New client connected from 192.0.2.7 as " + id + " (c1, k60)."}
	body := stamped(append(pair, "Client victim disconnected.", "Client other disconnected.")...)
	require.Equal(t, "victim disconnect disconnected by client, other disconnect disconnected by client, rejected 0, rejected 1", summary(decode(t, "mosquitto", body)))
}

// Mosquitto 2.1.0 writes the client's address if it does not know the identifier.
func TestMosquitto210Placeholders(t *testing.T) {
	const end, row = "Client 192.0.2.7 closed its connection.", "192.0.2.7 close closed by client"
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"unknown version", []string{end}, row},
		{"2.0", []string{"mosquitto version 2.0.22 starting", end}, row},
		{"2.1.0", []string{"mosquitto version 2.1.0 starting", end, "Client ::1 has exceeded timeout, disconnecting."}, ""},
		{"another client of 2.1.0", []string{"mosquitto version 2.1.0 starting", "Client a closed its connection."}, "a close closed by client"},
		{"a client that is called like its address", []string{"mosquitto version 2.1.0 starting", connected("192.0.2.7", 1), end}, "192.0.2.7 connect accepted, " + row},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, summary(decode(t, "mosquitto", stamped(c.lines...))))
		})
	}
}

// Mosquitto 1 writes no port. The last group of an IPv6 address may look like a port.
func TestMosquittoOldAddresses(t *testing.T) {
	const line = "New client connected from 2001:db8::10:2000 as c (p2, c1, k60)."
	for version, want := range map[string]string{
		"": "2001:db8::10 2000", "1.6.15": "2001:db8::10:2000 0", "1.10": "2001:db8::10:2000 0", "2.0.0": "2001:db8::10 2000", "10.0": "2001:db8::10 2000",
	} {
		body := stamped("mosquitto version "+version+" starting", line)
		if version == "" {
			body = stamped(line)
		}
		e := decode(t, "mosquitto", body).Events[0]
		require.Equal(t, want, fmt.Sprint(e.PeerAddress, " ", e.PeerPort), version)
	}
	e := decode(t, "mosquitto", stamped("mosquitto version 1.6.15 starting", "New client connected from 192.0.2.7 as c (p2, c1, k60).")).Events[0]
	require.Equal(t, "192.0.2.7", e.PeerAddress)
}
