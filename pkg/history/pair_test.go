package history_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
	"devicetrace/pkg/history"
)

// TestPairing checks how events are combined into connections.
func TestPairing(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event.Event
		want   []string
	}{
		{"connect and end name the channel", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("a")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the end of an older connection leaves the newer one open", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")),
			closed("09:30:00", event.SocketIOException, channel("a")),
		}, []string{"08:00:00..09:30:00 reported io", "09:00:00..? open open"}},

		{"without a recorded end, a connection ended when the next one began", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")),
		}, []string{"08:00:00..09:00:00 inferred unknown", "09:00:00..? open open"}},

		{"the session is taken over after its connection ended", []event.Event{ // as EMQX 5.0.10 to 5.6 report it
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), source(broker.EMQX)),
			disconnect("09:00:00", from("192.0.2.1", 1), native("client.disconnected"), source(broker.EMQX)),
			closed("09:59:59.998", event.ClientIDConflict, from("192.0.2.1", 1), native("client.disconnected"), source(broker.EMQX)),
			connect("10:00:00", connectedAt("10:00:00"), from("192.0.2.1", 2), source(broker.EMQX)),
		}, []string{"08:00:00..09:00:00 reported disconnected", "10:00:00..? open open"}},

		{"the session is taken over just after its connection ended", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), source(broker.EMQX)),
			closed("09:00:00", event.ClosedByClient, from("192.0.2.1", 1), native("client.disconnected"), source(broker.EMQX)),
			closed("09:00:01", event.ClientIDConflict, from("192.0.2.1", 1), native("client.disconnected"), source(broker.EMQX)),
			connect("09:00:01.002", connectedAt("09:00:01.002"), from("192.0.2.1", 2), source(broker.EMQX)),
		}, []string{"08:00:00..09:00:00 reported client-closed", "09:00:01.002..? open open"}},

		{"the session is taken over together with its connection", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), source(broker.EMQX)),
			closed("09:59:59.998", event.ClientIDConflict, from("192.0.2.1", 1), native("client.disconnected"), source(broker.EMQX)),
			connect("10:00:00", connectedAt("10:00:00"), from("192.0.2.1", 2), source(broker.EMQX)),
		}, []string{"08:00:00..09:59:59.998 reported conflict", "10:00:00..? open open"}},

		{"the session is taken over from a connection whose connect is lost", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), source(broker.EMQX)), disconnect("08:30:00", connectedAt("08:00:00"), source(broker.EMQX)),
			closed("09:59:59.998", event.ClientIDConflict, connectedAt("09:00:00"), source(broker.EMQX)),
			connect("10:00:00", connectedAt("10:00:00"), source(broker.EMQX)),
		}, []string{
			"08:00:00..08:30:00 reported disconnected", "09:00:00..09:59:59.998 reported conflict", "10:00:00..? open open",
		}},

		{"a DISCONNECT says more than a closed socket", []event.Event{
			connect("08:00:00", channel("a")),
			disconnect("09:00:00.010", channel("a"), native("disconnect"), source(broker.ApsaraMQ)),
			closed("09:00:00", event.Unexplained, channel("a"), native("tcpclean"), source(broker.ApsaraMQ)),
		}, []string{"08:00:00..09:00:00.01 reported disconnected"}},

		{"a closed socket does not say why", []event.Event{
			connect("08:00:00", channel("a")),
			closed("09:00:00", event.Unexplained, channel("a"), native("tcpclean"), source(broker.ApsaraMQ)),
		}, []string{"08:00:00..09:00:00 reported unknown"}},

		{"several rows about the end of a connection identified by its start", []event.Event{
			connect("08:00:00", connectedAt("08:00:00")),
			closed("09:00:00", event.SocketIOException, connectedAt("08:00:00")), closed("10:00:00", event.NoHeart, connectedAt("08:00:00")),
		}, []string{"08:00:00..10:00:00 reported no-heart"}},

		{"a named reason says more than a broken socket", []event.Event{
			connect("08:00:00", channel("a")),
			closed("09:00:00", event.SocketIOException, channel("a")),
			closed("09:01:00", event.NoHeart, channel("a")),
		}, []string{"08:00:00..09:01:00 reported no-heart"}},

		{"the connect is lost, but the end says when the connection began", []event.Event{
			closed("09:00:00", event.NoHeart, connectedAt("08:00:00")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"an end of an unknown channel with no other details", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart, channel("b")),
		}, []string{"08:00:00..? open open", "?..09:00:00 reported no-heart"}},

		{"an end without a channel ends the newest open connection", []event.Event{
			connect("08:00:00", channel("a")), connect("09:00:00", channel("b")),
			closed("10:00:00", event.ClosedByClient),
		}, []string{"08:00:00..09:00:00 inferred unknown", "09:00:00..10:00:00 reported client-closed"}},

		{"an end without a channel does not end a connection that began later", []event.Event{
			closed("07:00:00", event.ClosedByClient), connect("08:00:00", channel("a")),
		}, []string{"?..07:00:00 reported client-closed", "08:00:00..? open open"}},

		{"a takeover ends the older connection", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), connect("09:00:00", from("192.0.2.2", 2)),
			closed("09:00:01", event.ClientIDConflict),
		}, []string{"08:00:00..09:00:01 reported conflict", "09:00:00..? open open"}},

		{"a takeover, reported two seconds before the new connection", []event.Event{
			connect("09:00:00"), closed("09:00:01", event.ClientIDConflict), connect("09:00:03"),
		}, []string{"09:00:00..09:00:01 reported conflict", "09:00:03..? open open"}},

		{"one of two connections that began at the same time has ended", []event.Event{
			connect("08:00:00", channel("a")), connect("08:00:00", channel("b")), closed("09:00:00", event.NoHeart, channel("b")),
		}, []string{"08:00:00..09:00:00 reported no-heart", "08:00:00..? open open"}},

		{"takeovers in quick succession", []event.Event{
			connect("09:00:00"), connect("09:00:01.500"), closed("09:00:01.505", event.ClientIDConflict),
			connect("09:00:02.400"), closed("09:00:02.395", event.ClientIDConflict),
			connect("09:00:02.700"), closed("09:00:02.705", event.ClientIDConflict),
		}, []string{
			"09:00:00..09:00:01.505 reported conflict", "09:00:01.5..09:00:02.395 reported conflict",
			"09:00:02.4..09:00:02.705 reported conflict", "09:00:02.7..? open open",
		}},

		{"takeovers in quick succession, in whole seconds", []event.Event{
			connect("09:00:00"), connect("09:00:01"), closed("09:00:01", event.ClientIDConflict),
			connect("09:00:02"), closed("09:00:02", event.ClientIDConflict),
		}, []string{"09:00:00..09:00:01 reported conflict", "09:00:01..09:00:02 reported conflict", "09:00:02..? open open"}},

		{"a takeover in whole seconds: the old end and the new start have one time", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), connect("09:00:00", from("192.0.2.2", 2)),
			closed("09:00:00", event.ClientIDConflict),
		}, []string{"08:00:00..09:00:00 reported conflict", "09:00:00..? open open"}},

		{"an end at the time of the next start belongs to the older connection", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), connect("09:00:00", from("192.0.2.2", 2)),
			closed("09:00:00", event.ClosedByClient),
		}, []string{"08:00:00..09:00:00 reported client-closed", "09:00:00..? open open"}},

		{"a takeover in whole seconds, but the older connection is not on record", []event.Event{
			connect("09:00:00", from("192.0.2.2", 2)), closed("09:00:00", event.ClientIDConflict),
		}, []string{"?..09:00:00 reported conflict", "09:00:00..? open open"}},

		{"a connection that is taken over at once is identified by address and port", []event.Event{
			connect("09:00:00", connectedAt("09:00:00"), from("192.0.2.1", 1)),
			connect("09:00:01", connectedAt("09:00:01"), from("192.0.2.2", 2)),
			closed("09:00:01", event.ClientIDConflict, from("192.0.2.1", 1)),
		}, []string{"09:00:00..09:00:01 reported conflict", "09:00:01..? open open"}},

		{"a connection can end in the second in which it began", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("08:00:00", event.ClosedByClient),
		}, []string{"08:00:00..08:00:00 reported client-closed"}},

		{"two rows about one end, without a channel", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)),
			closed("09:00:00", event.NoHeart), closed("09:00:02", event.SocketIOException),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"two rows about the end of a connection whose connect is lost, identified by address and port", []event.Event{
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1)), closed("09:00:02", event.SocketIOException, from("192.0.2.1", 1)),
		}, []string{"?..09:00:00 reported no-heart"}},

		{"EMQX before 5.8.6: the end has address and port, but no start", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), node("n")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1), node("n")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"EMQX before 5.8.6: the connect with that address and port is lost", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), from("192.0.2.1", 1), node("n")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 2), node("n")),
		}, []string{"08:00:00..? open open", "?..09:00:00 reported no-heart"}},

		{"Tencent: only the end has the address", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), node("n")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1), node("n")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"Tencent: the node has another name at the end", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), node("10.0.0.5:1883")),
			closed("09:00:00", event.NoHeart, from("192.0.2.1", 1), node("sz-h-125xm")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the node has another name at the end, which has the start", []event.Event{
			connect("08:00:00", connectedAt("08:00:00"), node("10.0.0.5:1883")),
			closed("09:00:00", event.NoHeart, connectedAt("08:00:00"), node("sz-h-125xm")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the end of a connection to another node", []event.Event{
			connect("08:00:00", node("10.0.0.5:1883")), closed("09:00:00", event.NoHeart, node("10.0.0.6:1883")),
		}, []string{"08:00:00..? open open", "?..09:00:00 reported no-heart"}},

		{"only the end has the start, by a clock that is slightly off", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)),
			closed("09:00:00", event.NoHeart, connectedAt("08:00:02")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"the end of a connection that began at another time than the open one", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)),
			closed("09:00:00", event.NoHeart, connectedAt("08:30:00")),
		}, []string{"08:00:00..08:30:00 inferred unknown", "08:30:00..09:00:00 reported no-heart"}},

		{"the end has the start of the older of two connections: a takeover", []event.Event{
			connect("09:00:00"), connect("09:00:01.500"), closed("09:00:01.700", event.ClientIDConflict, connectedAt("09:00:00")),
		}, []string{"09:00:00..09:00:01.7 reported conflict", "09:00:01.5..? open open"}},

		{"the end has the start of the older of two connections: much later", []event.Event{
			connect("09:00:00"), connect("09:00:01.500"), closed("09:00:30", event.NoHeart, connectedAt("09:00:00")),
		}, []string{"09:00:00..09:00:30 reported no-heart", "09:00:01.5..? open open"}},

		{"the start in the end is nearest to the older of two connections", []event.Event{
			connect("09:00:00.020"), connect("09:00:01.500"), closed("09:00:30", event.NoHeart, connectedAt("09:00:00")),
		}, []string{"09:00:00.02..09:00:30 reported no-heart", "09:00:01.5..? open open"}},

		{"the connection whose start is nearest had ended", []event.Event{
			connect("09:00:00.950"), closed("09:00:01.200", event.ClosedByClient), connect("09:00:01.300"),
			closed("09:00:02.500", event.ClosedByClient, connectedAt("09:00:01")),
			connect("09:10:00.950"), closed("09:10:01.200", event.ClosedByClient), connect("09:10:01.300"),
			closed("09:10:30", event.NoHeart, connectedAt("09:10:01")),
		}, []string{
			"09:00:00.95..09:00:01.2 reported client-closed", "09:00:01.3..09:00:02.5 reported client-closed",
			"09:10:00.95..09:10:01.2 reported client-closed", "09:10:01.3..09:10:30 reported no-heart",
		}},

		{"a second report of the end of the older of two connections", []event.Event{
			connect("09:00:00"), connect("09:00:01.500"), closed("09:00:30", event.ClosedByClient),
			closed("09:00:31", event.NoHeart, connectedAt("09:00:01.500")),
		}, []string{"09:00:00..09:00:01.5 inferred unknown", "09:00:01.5..09:00:31 reported no-heart"}},

		{"a client uses its port again", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.NoHeart, from("192.0.2.1", 1)),
			connect("10:00:00", from("192.0.2.1", 1)),
			connect("11:00:00", from("192.0.2.1", 1)), closed("12:00:00", event.NoHeart, from("192.0.2.1", 1)),
			closed("13:00:00", event.SocketIOException, from("192.0.2.1", 1), source(broker.EMQX)),
		}, []string{
			"08:00:00..09:00:00 reported no-heart", "10:00:00..11:00:00 inferred unknown",
			"11:00:00..12:00:00 reported no-heart", "?..13:00:00 reported io",
		}},

		{"a broker uses a channel identifier again", []event.Event{
			connect("08:00:00", channel("7")), closed("09:00:00", event.NoHeart, channel("7")),
			connect("10:00:00", channel("7")),
		}, []string{"08:00:00..09:00:00 reported no-heart", "10:00:00..? open open"}},

		{"a broker uses a channel identifier again, and the first end is lost", []event.Event{
			connect("08:00:00", channel("7")), connect("08:01:00.001", channel("7")), closed("09:00:00", event.NoHeart, channel("7")),
			closed("10:00:00", event.SocketIOException, channel("7")),
		}, []string{
			"08:00:00..08:01:00.001 inferred unknown", "08:01:00.001..09:00:00 reported no-heart", "?..10:00:00 reported io",
		}},

		{"if a connect and an end have the same time, the connect comes first", []event.Event{
			connect("08:00:00", channel("7")), connect("09:00:00", channel("7")),
			closed("09:00:00", event.SocketIOException, channel("7")),
		}, []string{"08:00:00..09:00:00 inferred unknown", "09:00:00..09:00:00 reported io"}},

		{"the end overtakes the connect", []event.Event{
			closed("08:00:00", event.NoHeart, channel("a")), connect("08:00:30", channel("a")),
		}, []string{"08:00:00..08:00:00 reported no-heart"}},

		{"the end overtakes the connect, and the broker uses the channel identifier again", []event.Event{
			closed("08:00:00", event.NoHeart, channel("7")), connect("08:01:00", channel("7")), connect("10:00:00", channel("7")),
		}, []string{"08:00:00..08:00:00 reported no-heart", "10:00:00..? open open"}},

		{"the clock is set back by half an hour, and the broker names its connections", []event.Event{
			connect("10:00:00", channel("a")), closed("09:30:00", event.NoHeart, channel("a")),
			closed("09:31:00", event.SocketIOException, channel("a")),
		}, []string{"09:30:00..09:30:00 reported no-heart"}},

		{"the clock is set back, and the client comes back", []event.Event{
			connect("10:00:00", channel("a")), closed("09:30:00", event.NoHeart, channel("a")), connect("09:31:00", channel("b")),
		}, []string{"09:30:00..09:30:00 reported no-heart", "09:31:00..? open open"}},

		{"the clock is set back, and the broker does not name its connections", []event.Event{
			connect("10:00:00", from("192.0.2.1", 1)), closed("09:30:00", event.NoHeart, from("192.0.2.1", 1)),
		}, []string{"?..09:30:00 reported no-heart", "10:00:00..? open open"}},

		{"a connect is reported twice", []event.Event{
			connect("08:00:00", channel("a")), connect("08:01:00", channel("a")),
			closed("09:00:00", event.NoHeart, channel("a")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"a connect is reported again after the end, with the same start", []event.Event{
			connect("08:00:00", connectedAt("08:00:00")), closed("09:00:00", event.NoHeart, connectedAt("08:00:00")),
			connect("09:00:30", connectedAt("08:00:00")),
		}, []string{"08:00:00..09:00:00 reported no-heart"}},

		{"NanoMQ sends nothing to pair by", []event.Event{
			connect("08:00:00", source(broker.NanoMQ), native("client_connack")),
			closed("09:00:00", event.Unexplained, source(broker.NanoMQ), native("client_disconnected"), reason("normal")),
			connect("10:00:00", source(broker.NanoMQ), native("client_connack")),
		}, []string{"08:00:00..09:00:00 reported unknown", "10:00:00..? open open"}},

		{"VerneMQ sends no channel with ends", []event.Event{
			connect("08:00:00", source(broker.VerneMQ), native("on_register"), from("192.0.2.1", 1)),
			closed("09:00:00", event.Unexplained, source(broker.VerneMQ), native("on_client_offline")),
		}, []string{"08:00:00..09:00:00 reported unknown"}},

		{"takeovers at NanoMQ: the old end comes after or before the new connect", []event.Event{
			nanomqConnect("08:00:00"), nanomqConnect("09:00:00.001"), nanomqEnd("09:00:00.002"),
			nanomqEnd("10:00:00.001"), nanomqConnect("10:00:00.002"),
		}, []string{
			"08:00:00..09:00:00.002 reported unknown", "09:00:00.001..10:00:00.001 reported unknown", "10:00:00.002..? open open",
		}},

		{"takeovers at VerneMQ in quick succession", []event.Event{
			connect("09:00:00", source(broker.VerneMQ), native("on_register_m5"), from("192.0.2.1", 1)),
			connect("09:00:00.400", source(broker.VerneMQ), native("on_register_m5"), from("192.0.2.2", 2)),
			closed("09:00:00.402", event.Unexplained, source(broker.VerneMQ), native("on_client_offline")),
			connect("09:00:00.800", source(broker.VerneMQ), native("on_register_m5"), from("192.0.2.1", 3)),
			closed("09:00:00.802", event.Unexplained, source(broker.VerneMQ), native("on_client_offline")),
		}, []string{
			"09:00:00..09:00:00.402 reported unknown", "09:00:00.4..09:00:00.802 reported unknown", "09:00:00.8..? open open",
		}},

		{"short connections at NanoMQ without a takeover", []event.Event{
			nanomqConnect("09:00:00"), nanomqEnd("09:00:00.100"),
			nanomqConnect("09:00:00.500"), nanomqEnd("09:00:00.600"),
		}, []string{"09:00:00..09:00:00.1 reported unknown", "09:00:00.5..09:00:00.6 reported unknown"}},

		{"NanoMQ reports the end of a refused CONNECT, before or after the refusal", []event.Event{
			nanomqRefused("08:00:00"), nanomqEnd("08:00:02"), nanomqEnd("08:00:05"), nanomqRefused("08:00:07"),
			nanomqConnect("09:00:00"),
		}, []string{"09:00:00..? open open", "refused 08:00:00 not authorized", "refused 08:00:07 not authorized"}},

		{"a refused CONNECT at NanoMQ ends the open connection", []event.Event{
			nanomqConnect("08:00:00"), nanomqRefused("09:00:00.001"), nanomqEnd("09:00:00"), nanomqEnd("09:00:00.002"),
		}, []string{"08:00:00..09:00:00 reported unknown", "refused 09:00:00.001 not authorized"}},

		{"a refused CONNECT at NanoMQ ends a connection whose connect is not on record", []event.Event{
			nanomqRefused("09:00:00.001"), nanomqEnd("09:00:00"), nanomqEnd("09:00:00.002"),
		}, []string{"?..09:00:00.002 reported unknown", "refused 09:00:00.001 not authorized"}},

		{"an unknown action is ignored", []event.Event{
			connect("08:00:00", channel("a")), row("09:00:00", "publish", "", nil),
		}, []string{"08:00:00..? open open"}},

		{"a close without a known reason", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", "", channel("a")),
		}, []string{"08:00:00..09:00:00 reported unknown"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, c.events, func(t require.TestingT, events *history.Log) {
				require.Equal(t, c.want, lines(ofDayLog(events)))
			})
		})
	}
}

// TestRefusals checks which events count as refused CONNECTs.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event.Event
		want   []string
	}{
		{"the native event says so, even while a connection is open", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NotAuthorized, native("client.connack")),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},

		{"the native event says so, whatever the reason", []event.Event{
			closed("09:00:00", event.SocketIOException, native("client_connack")),
		}, []string{"refused 09:00:00 Socket IOException"}},

		{"a connect that was not accepted", []event.Event{
			row("09:00:00", event.Connect, event.NotAuthorized, nil),
		}, []string{"refused 09:00:00 not authorized"}},

		{"not authorized, and nothing is open", []event.Event{
			connect("08:00:00", channel("a")), disconnect("08:30:00", channel("a")), closed("09:00:00", event.NotAuthorized),
		}, []string{"08:00:00..08:30:00 reported disconnected", "refused 09:00:00 not authorized"}},

		{"not authorized, right after an end", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.ClosedByClient),
			closed("09:00:01", event.NotAuthorized, source(broker.Mosquitto), native("disconnected")),
		}, []string{"08:00:00..09:00:00 reported client-closed", "refused 09:00:01 not authorized"}},

		{"not authorized, and an open connection matches", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.NotAuthorized),
		}, []string{"08:00:00..09:00:00 reported not-authorized"}},

		{"not authorized, from another address than the open connection", []event.Event{
			connect("08:00:00", from("192.0.2.1", 1)), closed("09:00:00", event.NotAuthorized, from("192.0.2.9", 1)),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},

		{"not authorized, on a channel that never connected", []event.Event{
			connect("08:00:00", channel("a")), closed("09:00:00", event.NotAuthorized, channel("b")),
		}, []string{"08:00:00..? open open", "refused 09:00:00 not authorized"}},

		{"not authorized, and the end says when the connection was accepted", []event.Event{
			closed("09:00:00", event.NotAuthorized, connectedAt("08:00:00")),
		}, []string{"08:00:00..09:00:00 reported not-authorized"}},

		{"not authorized, by a native event that only ends an accepted connection", []event.Event{
			closed("09:00:00", event.NotAuthorized, channel("a"), source(broker.AWSIoT), native("disconnected"), reason("CUSTOMAUTH_TTL_EXPIRATION")),
		}, []string{"?..09:00:00 reported not-authorized"}},

		{"not authorized, by a reason of this source that may stand for a refusal", []event.Event{
			connect("08:00:00", channel("a"), source(broker.AWSIoT)),
			closed("08:30:00", event.NotAuthorized, channel("b"), source(broker.AWSIoT), native("disconnected"), reason("AUTH_ERROR")),
			closed("09:00:00", event.NotAuthorized, channel("a"), source(broker.AWSIoT), native("disconnected"), reason("FORBIDDEN_ACCESS")),
		}, []string{"08:00:00..09:00:00 reported not-authorized", "refused 08:30:00 not authorized"}},

		{"ServerShutdown, and nothing else is known", []event.Event{
			closed("09:00:00", event.ServerShutdown),
		}, []string{"?..09:00:00 reported server"}},

		{"ServerShutdown, invalid param and the topic of a will message, and the client is known to be offline", []event.Event{
			connect("07:00:00", channel("a")), disconnect("08:00:00", channel("a")),
			closed("09:00:00", event.ServerShutdown), closed("09:01:00", event.InvalidParam), closed("09:02:00", event.TopicAuthFailed),
		}, []string{
			"07:00:00..08:00:00 reported disconnected",
			"refused 09:00:00 ServerShutdown", "refused 09:01:00 invalid param", "refused 09:02:00 topic auth failed",
		}},

		{"other reasons end a connection, even one that is not on record", []event.Event{
			connect("07:00:00", channel("a")), disconnect("08:00:00", channel("a")), closed("09:00:00", event.NoHeart),
		}, []string{"07:00:00..08:00:00 reported disconnected", "?..09:00:00 reported no-heart"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, c.events, func(t require.TestingT, events *history.Log) {
				require.Equal(t, c.want, lines(ofDayLog(events)))
			})
		})
	}
}

// The details of a connection come from both its connect event and its end event.
func TestConnectionTakesFromBothEnds(t *testing.T) {
	began := connect("08:00:00", channel("a"), from("192.0.2.7", 52341), keepAlive(60), source(broker.Events))
	began.Protocol, began.ProtocolVersion = "MQTT", 5
	ended := closed("09:00:00", event.NoHeart, channel("a"), from("192.0.2.8", 0), node("n1"), user("u1"), native("gone"), reason("keepalive_timeout"))
	ended.ReasonCode, ended.CleanStart = event.Some(int32(0x8D)), event.Some(true)

	c := ofDay([]event.Event{ended, began}).Connections[0]
	require.Equal(t, "a", c.ChannelID)
	require.Equal(t, "192.0.2.7", c.PeerAddress, "from the connect")
	require.Equal(t, int32(52341), c.PeerPort)
	require.Equal(t, "u1", c.Username)
	require.Equal(t, "n1", c.Node)
	require.Equal(t, "MQTT", c.Protocol)
	require.Equal(t, int32(5), c.ProtocolVersion)
	require.Equal(t, time.Minute, c.KeepAlive.Value)
	require.True(t, c.CleanStart.Value)
	require.Equal(t, "events", c.Source)
	require.Equal(t, event.Close, c.Action)
	require.Equal(t, event.NoHeart, c.ActionInfo)
	require.Equal(t, "gone", c.NativeEvent)
	require.Equal(t, "keepalive_timeout", c.NativeReason)
	require.Equal(t, int32(0x8D), c.ReasonCode.Value)
}

// If the source sends no channel identifier, the connection must show the derived channel.
func TestConnectionShowsTheDerivedChannel(t *testing.T) {
	began := connect("08:00:00", connectedAt("08:00:00"), node("n"))
	require.Equal(t, began.Channel(), ofDay([]event.Event{began}).Connections[0].ChannelID)
}

// If a connection began before the span, its events in the span must be paired with it.
func TestPairingWithBefore(t *testing.T) {
	yesterday := func(e event.Event) event.Event { e.Time = e.Time.AddDate(0, 0, -1); return e }
	for _, c := range []struct {
		name         string
		before, span []event.Event
		want         []string
	}{
		{"ended by its channel", []event.Event{connect("08:00:00", channel("a"))},
			[]event.Event{closed("09:00:00", event.NoHeart, channel("a"))},
			[]string{"21 08:00:00..09:00:00 reported no-heart"}},
		{"ended without a channel", []event.Event{connect("08:00:00", from("192.0.2.1", 1))},
			[]event.Event{closed("09:00:00", event.NoHeart)},
			[]string{"21 08:00:00..09:00:00 reported no-heart"}},
		{"ended when the next one begins", []event.Event{connect("08:00:00", channel("a"))},
			[]event.Event{connect("09:00:00", channel("b"))},
			[]string{"21 08:00:00..09:00:00 inferred unknown", "09:00:00..? open open"}},
		{"ended in the first instant of the span", []event.Event{connect("08:00:00", channel("a"))},
			[]event.Event{closed("00:00:00", event.NoHeart, channel("a"))},
			[]string{"21 08:00:00..00:00:00 reported no-heart"}},
		{"still open", []event.Event{connect("08:00:00", channel("a"))}, nil,
			[]string{"21 08:00:00..? open open"}},
		{"ended before the span", []event.Event{connect("08:00:00", channel("a")), disconnect("23:59:59.990", channel("a"))},
			[]event.Event{connect("09:00:00", channel("b"))},
			[]string{"09:00:00..? open open"}},
		{"ended before the span, with another row about the end after midnight",
			[]event.Event{connect("08:00:00", channel("a")), disconnect("23:59:59.990", channel("a"))},
			[]event.Event{closed("00:00:00.010", event.Unexplained, channel("a"), native("tcpclean"))},
			[]string{}},
		{"ended before the span, with the reason after midnight",
			[]event.Event{connect("08:00:00", channel("a")), closed("23:59:59.990", event.Unexplained, channel("a"), native("tcpclean"))},
			[]event.Event{disconnect("00:00:00.010", channel("a"))},
			[]string{"21 08:00:00..00:00:00.01 reported disconnected"}},
		{"ended before the span for an unknown reason, with the reason after midnight",
			[]event.Event{
				connect("08:00:00", channel("a"), source(broker.EMQX)),
				closed("23:59:59.990", event.Unexplained, channel("a"), source(broker.EMQX), reason("internal_error")),
			},
			[]event.Event{closed("00:00:00.010", event.ClosedByClient, channel("a"), source(broker.EMQX), reason("tcp_closed"))},
			[]string{"21 08:00:00..00:00:00.01 reported client-closed"}},
		{"offline before the span, so that an end is a refusal",
			[]event.Event{connect("08:00:00", channel("a")), disconnect("09:00:00", channel("a"))},
			[]event.Event{closed("09:00:00", event.ServerShutdown)},
			[]string{"refused 09:00:00 ServerShutdown"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.before {
				c.before[i] = yesterday(c.before[i])
			}
			before := history.StatusAt(logOf(c.before), day.Add(-1))
			require.Equal(t, c.want, lines(history.Of(logOf(c.span), wholeDay, before)))
		})
	}
}

func TestEventsOutsideTheSpanAreIgnored(t *testing.T) {
	events := []event.Event{
		connect("07:59:59.999", channel("a")), connect("08:00:00", channel("b")),
		closed("09:00:00", event.NoHeart, channel("b")), closed("09:00:00.001", event.NoHeart, channel("a")),
	}
	span := history.Span{From: clock("08:00:00"), To: clock("09:00:00")}
	got := history.Of(logOf(events), span, history.Status{})
	require.Equal(t, []string{"08:00:00..09:00:00 reported no-heart"}, lines(got))
	require.True(t, got.CutBefore.IsZero())
	span.Cut = true
	require.Equal(t, "08:00:00", short(history.Of(logOf(events), span, history.Status{}).CutBefore))
}

func TestKindsHaveTheirActionInfo(t *testing.T) {
	for kind, want := range map[history.Kind]event.ActionInfo{history.NoHeart: event.NoHeart, history.Server: event.ServerShutdown, history.Unexplained: ""} {
		require.Equal(t, want, kind.ActionInfo())
	}
}

// nanomqConnect, nanomqRefused and nanomqEnd return events as NanoMQ 0.25.5 sends them.
func nanomqConnect(at string) event.Event {
	return connect(at, source(broker.NanoMQ), native("client_connack"))
}

func nanomqRefused(at string) event.Event {
	return closed(at, event.NotAuthorized, source(broker.NanoMQ), native("client_connack"), reason("fail"))
}

func nanomqEnd(at string) event.Event {
	return closed(at, event.Unexplained, source(broker.NanoMQ), native("client_disconnected"), reason("normal"))
}
