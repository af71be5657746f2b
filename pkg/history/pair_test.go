package history_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// Which events are of one connection, and which are none.
func TestPairing(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event.Event
		want   []string
	}{
		{"both ends name the channel", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("a")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the end of an older connection ends that one only", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")),
			closed("09:30:00", event.SocketIOException, channel("a")),
		}, []string{"08:00:00..09:30:00 reported io", "09:00:00..? open open"}},

		{"no end on record: it ended when the next one began", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")),
		}, []string{"08:00:00..09:00:00 inferred unknown", "09:00:00..? open open"}},

		{"a session that is taken over after its connection ended", []event.Event{ // EMQX 5.0.10 to 5.6
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), source("emqx")),
			disconnect("09:00:00", from("192.0.2.1", 1), native("client.disconnected"), source("emqx")),
			closed("09:59:59.998", event.ClientIDConflict, from("192.0.2.1", 1), native("client.disconnected"), source("emqx")),
			connect("10:00:00", connectedAt("10:00:00"), from("192.0.2.1", 2), source("emqx")),
		}, []string{"08:00:00..09:00:00 reported disconnected", "10:00:00..? open open"}},

		{"the same just after its connection ended", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), source("emqx")),
			closed("09:00:00", event.ClosedByClient, from("192.0.2.1", 1), native("client.disconnected"), source("emqx")),
			closed("09:00:01", event.ClientIDConflict, from("192.0.2.1", 1), native("client.disconnected"), source("emqx")),
			connect("09:00:01.002", connectedAt("09:00:01.002"), from("192.0.2.1", 2), source("emqx")),
		}, []string{"08:00:00..09:00:00 reported client-closed", "09:00:01.002..? open open"}},

		{"a session that is taken over with its connection", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), source("emqx")),
			closed("09:59:59.998", event.ClientIDConflict, from("192.0.2.1", 1), native("client.disconnected"), source("emqx")),
			connect("10:00:00", connectedAt("10:00:00"), from("192.0.2.1", 2), source("emqx")),
		}, []string{"08:00:00..09:59:59.998 reported conflict", "10:00:00..? open open"}},

		{"DISCONNECT tells more than that the socket is gone", []event.Event{
			connect("08:00:00", channel("a")),
			disconnect("09:00:00.010", channel("a"), native("disconnect"), source("apsaramq")),
			closed("09:00:00", event.ClosedByClient, channel("a"), native("tcpclean"), source("apsaramq")),
		}, []string{"08:00:00..09:00:00.01 reported disconnected"}},

		{"that the socket is gone does not tell why", []event.Event{
			connect("08:00:00", channel("a")),
			closed("09:00:00", event.ClosedByClient, channel("a"), native("tcpclean"), source("apsaramq")),
		}, []string{"08:00:00..09:00:00 reported unknown"}},

		{"rows about one end, of a connection told by its beginning", []event.Event{
			connect("08:00:00", connectedAt("08:00:00")),
			closed("09:00:00", event.SocketIOException, connectedAt("08:00:00")), closed("10:00:00", event.NoHeart, connectedAt("08:00:00")),
		}, []string{"08:00:00..10:00:00 reported no-heart"}},

		{"a named reason tells more than a broken socket", []event.Event{
			connect("08:00:00", channel("a")),
			closed("09:00:00", event.SocketIOException, channel("a")),
			closed("09:00:00.500", event.NoHeart, channel("a")),
		}, []string{"08:00:00..09:00:00.5 reported no-heart"}},

		{"the end tells when a connection began whose connect is lost", []event.Event{
			closed("09:00:00", event.NoHeart, connectedAt("08:00:00")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"an end of an unknown channel, and nothing else known of it", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("b")),
		}, []string{"08:00:00..? open open", "?..09:00:00 reported no-heart"}},

		{"an end without a channel ends the newest connection open", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")),
			closed("10:00:00", event.ClosedByClient),
		}, []string{"08:00:00..09:00:00 inferred unknown", "09:00:00..10:00:00 reported client-closed"}},

		{"an end without a channel does not end what began later", []event.Event{
			closed("07:00:00", event.ClosedByClient), connect("08:00:00", channel("a")),
		}, []string{"?..07:00:00 reported client-closed", "08:00:00..? open open"}},

		{"an identifier is taken over from the older connection", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), connect("09:00:00", from("192.0.2.2", 2)),
			closed("09:00:01", event.ClientIDConflict),
		}, []string{"08:00:00..09:00:01 reported conflict", "09:00:00..? open open"}},

		{"an identifier is taken over again and again", []event.Event{
			connect("09:00:00"), connect("09:00:01.500"), closed("09:00:01.505", event.ClientIDConflict),
			connect("09:00:02.400"), closed("09:00:02.395", event.ClientIDConflict),
			connect("09:00:02.700"), closed("09:00:02.705", event.ClientIDConflict),
		}, []string{
			"09:00:00..09:00:01.505 reported conflict", "09:00:01.5..09:00:02.395 reported conflict",
			"09:00:02.4..09:00:02.705 reported conflict", "09:00:02.7..? open open",
		}},

		{"the same in whole seconds", []event.Event{
			connect("09:00:00"), connect("09:00:01"), closed("09:00:01", event.ClientIDConflict),
			connect("09:00:02"), closed("09:00:02", event.ClientIDConflict),
		}, []string{"09:00:00..09:00:01 reported conflict", "09:00:01..09:00:02 reported conflict", "09:00:02..? open open"}},

		{"in whole seconds the old end and the new beginning are one time", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), connect("09:00:00", from("192.0.2.2", 2)),
			closed("09:00:00", event.ClientIDConflict),
		}, []string{"08:00:00..09:00:00 reported conflict", "09:00:00..? open open"}},

		{"the same, but the older connection is not on record", []event.Event{
			connect("09:00:00", from("192.0.2.2", 2)), closed("09:00:00", event.ClientIDConflict),
		}, []string{"?..09:00:00 reported conflict", "09:00:00..? open open"}},

		{"what is taken over at once has its own address and port", []event.Event{
			connect("09:00:00", connectedAt("09:00:00"), from("192.0.2.1", 1)),
			connect("09:00:01", connectedAt("09:00:01"), from("192.0.2.2", 2)),
			closed("09:00:01", event.ClientIDConflict, from("192.0.2.1", 1)),
		}, []string{"09:00:00..09:00:01 reported conflict", "09:00:01..? open open"}},

		{"a connection can end in the second it began", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("08:00:00", event.ClosedByClient),
		}, []string{"08:00:00..08:00:00 reported client-closed"}},

		{"two lines about one end without a channel", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)),
			closed("09:00:00", event.NoHeart), closed("09:00:00.001", event.SocketIOException),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"EMQX before 5.8.6: an end tells address and port, not when it began", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), node("n")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1), node("n")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the same, but the connect of that address is lost", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), node("n")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 2), node("n")),
		}, []string{"08:00:00..? open open", "?..09:00:00 reported no-heart"}},

		{"Tencent: the address is told at the end only", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), node("n")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1), node("n")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"Tencent: a node has another name at the end", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), node("10.0.0.5:1883")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1), node("sz-h-125xm")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the end of a connection to another node", []event.Event{
			connect("08:00:00", node("10.0.0.5:1883")), closed("09:00:00", event.NoHeart, node("10.0.0.6:1883")),
		}, []string{"08:00:00..? open open", "?..09:00:00 reported no-heart"}},

		{"when it began is told at the end only, by a clock a moment off", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)),
			closed("09:00:00", event.NoHeart, connectedAt("08:00:00.900")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the end of a connection that began at another time", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)),
			closed("09:00:00", event.NoHeart, connectedAt("08:30:00")),
		}, []string{"08:00:00..08:30:00 inferred unknown", "08:30:00..09:00:00 reported no-heart"}},

		{"a client that uses its port again", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.NoHeart, from("192.0.2.1", 1)),
			connect("10:00:00", from("192.0.2.1", 1)),
			connect("11:00:00", from("192.0.2.1", 1)), closed("12:00:00", event.NoHeart, from("192.0.2.1", 1)),
			closed("13:00:00", event.SocketIOException, from("192.0.2.1", 1)),
		}, []string{
			"08:00:00..09:00:00 reported no-heart", "10:00:00..11:00:00 inferred unknown",
			"11:00:00..12:00:00 reported no-heart", "?..13:00:00 reported io",
		}},

		{"a broker that uses an identifier again", []event.Event{
			connect("08:00:00", channel("7")), closed("09:00:00", event.NoHeart, channel("7")),
			connect("10:00:00", channel("7")),
		}, []string{"08:00:00..09:00:00 reported no-heart", "10:00:00..? open open"}},

		{"the same, and an end in between is lost", []event.Event{
			connect("08:00:00", channel("7")), connect("08:01:00.001", channel("7")), closed("09:00:00", event.NoHeart, channel("7")),
			closed("10:00:00", event.SocketIOException, channel("7")),
		}, []string{
			"08:00:00..08:01:00.001 inferred unknown", "08:01:00.001..09:00:00 reported no-heart", "?..10:00:00 reported io",
		}},

		{"in one instant the beginning comes before the end", []event.Event{
			closed("08:00:00", event.NoHeart, channel("7")), connect("09:00:00", channel("7")),
			closed("09:00:00", event.SocketIOException, channel("7")),
		}, []string{"?..08:00:00 reported no-heart", "09:00:00..09:00:00 reported io"}},

		{"an end that overtook its beginning", []event.Event{
			closed("08:00:00", event.NoHeart, channel("a")), connect("08:00:30", channel("a")),
		}, []string{"08:00:00..08:00:00 reported no-heart"}},

		{"a clock that was set back by half an hour, and a broker that names its connections", []event.Event{
			connect("10:00:00", channel("a")), closed("09:30:00", event.NoHeart, channel("a")),
			closed("09:30:00.010", event.SocketIOException, channel("a")),
		}, []string{"09:30:00..09:30:00 reported no-heart"}},

		{"the same, and the client came back", []event.Event{
			connect("10:00:00", channel("a")), closed("09:30:00", event.NoHeart, channel("a")), connect("09:31:00", channel("b")),
		}, []string{"09:30:00..09:30:00 reported no-heart", "09:31:00..? open open"}},

		{"the same, but the broker names none", []event.Event{
			connect("10:00:00", from("192.0.2.1", 1)), closed("09:30:00", event.NoHeart, from("192.0.2.1", 1)),
		}, []string{"?..09:30:00 reported no-heart", "10:00:00..? open open"}},

		{"a connect that is told twice", []event.Event{
			connect("08:00:00", channel("a")), connect("08:00:05", channel("a")),
			closed("09:00:00", event.NoHeart, channel("a")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"a connect told again after the end, of the same beginning", []event.Event{
			connect("08:00:00", connectedAt("08:00:00")), closed("09:00:00", event.NoHeart, connectedAt("08:00:00")),
			connect("09:00:30", connectedAt("08:00:00")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"NanoMQ tells nothing to pair by", []event.Event{
			connect("08:00:00", source("nanomq"), native("client_connack")),
			closed("09:00:00", event.ClosedByClient, source("nanomq"), native("client_disconnected"), reason("normal")),
			connect("10:00:00", source("nanomq"), native("client_connack")),
		}, []string{"08:00:00..09:00:00 reported unknown", "10:00:00..? open open"}},

		{"VerneMQ tells no channel of ends", []event.Event{
			connect("08:00:00", source("vernemq"), native("on_register"), from("192.0.2.1", 1)),
			closed("09:00:00", event.ClosedByClient, source("vernemq"), native("on_client_offline")),
		}, []string{"08:00:00..09:00:00 reported unknown"}},

		{"a takeover at NanoMQ, in whichever order the two were told", []event.Event{
			nanomqConnect("08:00:00"), nanomqConnect("09:00:00.001"), nanomqEnd("09:00:00.002"),
			nanomqEnd("10:00:00.001"), nanomqConnect("10:00:00.002"),
		}, []string{
			"08:00:00..09:00:00.002 reported unknown", "09:00:00.001..10:00:00.001 reported unknown", "10:00:00.002..? open open",
		}},

		{"takeovers at VerneMQ, one soon after the other", []event.Event{
			connect("09:00:00", source("vernemq"), native("on_register_m5"), from("192.0.2.1", 1)),
			connect("09:00:00.400", source("vernemq"), native("on_register_m5"), from("192.0.2.2", 2)),
			closed("09:00:00.402", event.ClosedByClient, source("vernemq"), native("on_client_offline")),
			connect("09:00:00.800", source("vernemq"), native("on_register_m5"), from("192.0.2.1", 3)),
			closed("09:00:00.802", event.ClosedByClient, source("vernemq"), native("on_client_offline")),
		}, []string{
			"09:00:00..09:00:00.402 reported unknown", "09:00:00.4..09:00:00.802 reported unknown", "09:00:00.8..? open open",
		}},

		{"short connections of NanoMQ that take over nothing", []event.Event{
			nanomqConnect("09:00:00"), nanomqEnd("09:00:00.100"),
			nanomqConnect("09:00:00.500"), nanomqEnd("09:00:00.600"),
		}, []string{"09:00:00..09:00:00.1 reported unknown", "09:00:00.5..09:00:00.6 reported unknown"}},

		{"a refused CONNECT at NanoMQ ends, too, told before or after", []event.Event{
			nanomqRefused("08:00:00"), nanomqEnd("08:00:00.001"), nanomqEnd("08:00:05"), nanomqRefused("08:00:05.001"),
			nanomqConnect("09:00:00"),
		}, []string{"09:00:00..? open open", "refused 08:00:00 not authorized", "refused 08:00:05.001 not authorized"}},

		{"a refused CONNECT at NanoMQ ends the open connection", []event.Event{
			nanomqConnect("08:00:00"), nanomqRefused("09:00:00.001"), nanomqEnd("09:00:00"), nanomqEnd("09:00:00.002"),
		}, []string{"08:00:00..09:00:00 reported unknown", "refused 09:00:00.001 not authorized"}},

		{"the same, but its connect is not on record", []event.Event{
			nanomqRefused("09:00:00.001"), nanomqEnd("09:00:00"), nanomqEnd("09:00:00.002"),
		}, []string{"?..09:00:00.002 reported unknown", "refused 09:00:00.001 not authorized"}},

		{"an action that is none", []event.Event{
			connect("08:00:00", channel("a")), row("09:00:00", "publish", "", nil),
		}, []string{"08:00:00..? open open"}},

		{"a close without a known reason", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", "", channel("a")),
		}, []string{"08:00:00..09:00:00 reported unknown"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAnyOrder(t, c.events, func(t require.TestingT, events []event.Event) {
				require.Equal(t, c.want, lines(ofDay(events)))
			})
		})
	}
}

// When an end is a refused CONNECT.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event.Event
		want   []string
	}{
		{"the event says so, also while a connection is open", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NotAuthorized, native("client.connack")),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},

		{"the event says so, whatever the reason", []event.Event{
			closed("09:00:00", event.SocketIOException, native("client_connack")),
		}, []string{"refused 09:00:00 Socket IOException"}},

		{"a connect that was not accepted", []event.Event{
			row("09:00:00", event.Connect, event.NotAuthorized, nil),
		}, []string{"refused 09:00:00 not authorized"}},

		{"not authorized, and nothing is open", []event.Event{
			connect("08:00:00", channel("a")), disconnect("08:30:00", channel("a")), closed("09:00:00", event.NotAuthorized),
		}, []string{"08:00:00..08:30:00 reported disconnected", "refused 09:00:00 not authorized"}},

		{"not authorized, at once after an end", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.ClosedByClient),
			closed("09:00:01", event.NotAuthorized, source("mosquitto"), native("disconnected")),
		}, []string{"08:00:00..09:00:00 reported client-closed", "refused 09:00:01 not authorized"}},

		{"not authorized, and a connection is open that it can be of", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.NotAuthorized),
		}, []string{"08:00:00..09:00:00 reported not-authorized"}},

		{"not authorized, from elsewhere than the open connection", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.NotAuthorized, from("192.0.2.9", 1)),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},

		{"not authorized, on a channel that never connected", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NotAuthorized, channel("b")),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},

		{"not authorized, of a connection that tells when it was accepted", []event.Event{
			closed("09:00:00", event.NotAuthorized, connectedAt("08:00:00")),
		}, []string{"08:00:00..09:00:00 reported not-authorized"}},

		{"not authorized, in words that only an accepted connection's end has", []event.Event{
			closed("09:00:00", event.NotAuthorized, channel("a"), source("aws-iot"), native("disconnected")),
		}, []string{"?..09:00:00 reported not-authorized"}},

		{"ServerShutdown, and nothing is known", []event.Event{
			closed("09:00:00", event.ServerShutdown),
		}, []string{"?..09:00:00 reported server"}},

		{"ServerShutdown, invalid param and a will's topic, and the client is known to be offline", []event.Event{
			connect("07:00:00", channel("a")), disconnect("08:00:00", channel("a")),
			closed("09:00:00", event.ServerShutdown), closed("09:01:00", event.InvalidParam), closed("09:02:00", event.TopicAuthFailed),
		}, []string{
			"07:00:00..08:00:00 reported disconnected",
			"refused 09:00:00 ServerShutdown", "refused 09:01:00 invalid param", "refused 09:02:00 topic auth failed",
		}},

		{"other reasons need a connection, whether it is on record or not", []event.Event{
			connect("07:00:00", channel("a")), disconnect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart),
		}, []string{"07:00:00..08:00:00 reported disconnected", "?..09:00:00 reported no-heart"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inAnyOrder(t, c.events, func(t require.TestingT, events []event.Event) {
				require.Equal(t, c.want, lines(ofDay(events)))
			})
		})
	}
}

// What is known of a connection comes from both of its ends.
func TestConnectionTakesFromBothEnds(t *testing.T) {
	began := connect("08:00:00", channel("a"), from("192.0.2.7", 52341), keepAlive(60), source("events"))
	began.Protocol, began.ProtocolVersion, began.CleanStart = "MQTT", 5, event.Some(false)
	ended := closed("09:00:00", event.NoHeart, channel("a"), from("192.0.2.8", 0), node("n1"), user("u1"), native("gone"), reason("keepalive_timeout"))
	ended.ReasonCode = event.Some(int32(0x8D))

	c := ofDay([]event.Event{ended, began}).Connections[0]
	require.Equal(t, "a", c.ChannelID)
	require.Equal(t, "192.0.2.7", c.PeerAddress, "the connect's own")
	require.Equal(t, int32(52341), c.PeerPort)
	require.Equal(t, "u1", c.Username)
	require.Equal(t, "n1", c.Node)
	require.Equal(t, "MQTT", c.Protocol)
	require.Equal(t, int32(5), c.ProtocolVersion)
	require.Equal(t, time.Minute, c.KeepAlive.Value)
	require.False(t, *c.CleanStart)
	require.Equal(t, "events", c.Source)
	require.Equal(t, event.Close, c.Action)
	require.Equal(t, event.NoHeart, c.ActionInfo)
	require.Equal(t, "gone", c.NativeEvent)
	require.Equal(t, "keepalive_timeout", c.NativeReason)
	require.Equal(t, int32(0x8D), *c.ReasonCode)
}

// The channel is derived where the source tells none, and shown.
func TestConnectionShowsTheDerivedChannel(t *testing.T) {
	began := connect("08:00:00", connectedAt("08:00:00"), node("n"))
	require.Equal(t, began.Channel(), ofDay([]event.Event{began}).Connections[0].ChannelID)
}

// The connection from before the span is paired with what the span tells of it.
func TestPairingWithBefore(t *testing.T) {
	yesterday := func(e event.Event) event.Event { e.Time = e.Time.AddDate(0, 0, -1); return e }
	for _, c := range []struct {
		name         string
		before, span []event.Event
		want         []string
	}{
		{"it ends by its channel", []event.Event{connect("08:00:00", channel("a"))},
			[]event.Event{closed("09:00:00", event.NoHeart, channel("a"))},
			[]string{"21 08:00:00..09:00:00 reported no-heart"}},
		{"it ends without a channel", []event.Event{connect("08:00:00", from("192.0.2.1", 1))},
			[]event.Event{closed("09:00:00", event.NoHeart)},
			[]string{"21 08:00:00..09:00:00 reported no-heart"}},
		{"it ends when the next one begins", []event.Event{connect("08:00:00", channel("a"))},
			[]event.Event{connect("09:00:00", channel("b"))},
			[]string{"21 08:00:00..09:00:00 inferred unknown", "09:00:00..? open open"}},
		{"it stays open", []event.Event{connect("08:00:00", channel("a"))}, nil,
			[]string{"21 08:00:00..? open open"}},
		{"it had ended", []event.Event{connect("08:00:00", channel("a")), disconnect("23:59:59.990", channel("a"))},
			[]event.Event{connect("09:00:00", channel("b"))},
			[]string{"09:00:00..? open open"}},
		{"it had ended, and a row about that comes after midnight",
			[]event.Event{connect("08:00:00", channel("a")), disconnect("23:59:59.990", channel("a"))},
			[]event.Event{closed("00:00:00.010", event.ClosedByClient, channel("a"), native("tcpclean"))},
			[]string{}},
		{"it had ended, and why comes after midnight",
			[]event.Event{connect("08:00:00", channel("a")), closed("23:59:59.990", event.ClosedByClient, channel("a"), native("tcpclean"))},
			[]event.Event{disconnect("00:00:00.010", channel("a"))},
			[]string{"21 08:00:00..00:00:00.01 reported disconnected"}},
		{"a refusal knows that the client was offline",
			[]event.Event{connect("08:00:00", channel("a")), disconnect("09:00:00", channel("a"))},
			[]event.Event{closed("09:00:00", event.ServerShutdown)},
			[]string{"refused 09:00:00 ServerShutdown"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.before {
				c.before[i] = yesterday(c.before[i])
			}
			before := history.StatusAt(c.before, day.Add(-1))
			require.Equal(t, c.want, lines(history.Of(c.span, wholeDay, before)))
		})
	}
}

// Two deliveries of one event, read by two versions of a decoder: one of them is kept,
// always the same.
func TestDeliveriesThatWereReadInTwoWays(t *testing.T) {
	first := connect("08:00:00", channel("a"))
	second, third := first, first
	second.KeepAlive, third.KeepAlive = event.Some(time.Minute), event.Some(30*time.Second)
	inAnyOrder(t, []event.Event{first, second, third}, func(t require.TestingT, events []event.Event) {
		got := ofDay(events).Connections
		require.Len(t, got, 1)
		require.False(t, got[0].KeepAlive.Known)
	})
	inAnyOrder(t, []event.Event{second, third}, func(t require.TestingT, events []event.Event) {
		require.Equal(t, 30*time.Second, ofDay(events).Connections[0].KeepAlive.Value)
	})
	second, third = first, first
	second.CleanStart, third.CleanStart = event.Some(true), event.Some(false)
	inAnyOrder(t, []event.Event{second, third}, func(t require.TestingT, events []event.Event) {
		require.False(t, *ofDay(events).Connections[0].CleanStart)
	})
	inAnyOrder(t, []event.Event{first, second}, func(t require.TestingT, events []event.Event) {
		require.Nil(t, ofDay(events).Connections[0].CleanStart)
	})
}

func TestEventsOutsideTheSpanAreIgnored(t *testing.T) {
	events := []event.Event{
		connect("07:59:59.999", channel("a")), connect("08:00:00", channel("b")),
		closed("09:00:00", event.NoHeart, channel("b")), closed("09:00:00.001", event.NoHeart, channel("a")),
	}
	span := history.Span{From: clock("08:00:00"), To: clock("09:00:00")}
	got := history.Of(events, span, history.Status{})
	require.Equal(t, []string{"08:00:00..09:00:00 reported no-heart"}, lines(got))
}

// What NanoMQ 0.25.5 sent.
func nanomqConnect(at string) event.Event {
	return connect(at, source("nanomq"), native("client_connack"))
}

func nanomqRefused(at string) event.Event {
	return closed(at, event.NotAuthorized, source("nanomq"), native("client_connack"), reason("fail"))
}

func nanomqEnd(at string) event.Event {
	return closed(at, event.ClosedByClient, source("nanomq"), native("client_disconnected"), reason("normal"))
}
