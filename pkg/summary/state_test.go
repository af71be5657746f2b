package summary

import (
	"testing"

	"github.com/stretchr/testify/require"

	"devicetrace/pkg/segment"
)

func TestState(t *testing.T) {
	t.Parallel()
	at := func(seconds float64) int64 { return day + int64(seconds*1000) }
	connect := func(seconds float64, channel string) segment.Row {
		return segment.Row{Time: at(seconds), Action: "connect", ActionInfo: "accepted", ChannelID: channel}
	}
	end := func(seconds float64, channel string) segment.Row {
		return segment.Row{Time: at(seconds), Action: "close", NativeEvent: "end", ChannelID: channel}
	}
	withStart := func(r segment.Row, seconds float64) segment.Row { r.ConnectedAt = at(seconds); return r }
	withPort := func(r segment.Row, port int64) segment.Row { r.PeerAddress, r.PeerPort = "10.0.0.1", port; return r }
	expired := func(seconds float64, channel string) segment.Row {
		r := end(seconds, channel)
		r.Source, r.NativeEvent, r.ActionInfo = "aws-iot", "disconnected", "not authorized"
		return r
	}
	refused := segment.Row{Time: at(5), Action: "connect", ActionInfo: "not authorized"}
	for _, c := range []struct {
		name  string
		rows  []segment.Row
		state State
		since float64
	}{
		{"only a refusal", []segment.Row{refused}, Unknown, 0},
		{"only a beginning", []segment.Row{connect(1, "a")}, Online, 0},
		{"only an end", []segment.Row{end(1, "a")}, Offline, 1},
		{"only two ends", []segment.Row{end(1, "a"), end(2, "b")}, Offline, 2},
		{"its own end", []segment.Row{connect(1, "a"), end(9, "a")}, Offline, 9},
		{"its own end, reported twice", []segment.Row{connect(1, "a"), end(9, "a"), end(9.5, "a")}, Offline, 9},
		{"its own end, a little too early", []segment.Row{end(1, "a"), connect(1.5, "a")}, Offline, 1},
		{"the end of an older connection", []segment.Row{connect(1, "a"), connect(5, "b"), end(9, "a")}, Online, 0},
		{"both ends, the older connection's last", []segment.Row{connect(1, "a"), connect(5, "b"), end(8, "b"), end(9, "a")}, Offline, 8},
		{"the end of a newer connection", []segment.Row{connect(1, "a"), withStart(end(9, "b"), 5)}, Offline, 9},
		{"ended and begun again", []segment.Row{connect(1, "a"), end(5, "a"), connect(6, "b")}, Online, 0},
		{"two ends of other connections", []segment.Row{connect(1, "a"), end(5, "b"), end(9, "c")}, Unknown, 0},
		{"its own end and that of a newer connection", []segment.Row{connect(1, "a"), end(4, "a"), withStart(end(9, "b"), 5)}, Offline, 9},
		{"a refusal after the beginning", []segment.Row{connect(1, ""), refused}, Unknown, 0},
		{"a refusal before the beginning", []segment.Row{refused, connect(9, "")}, Online, 0},
		{"a login that expired", []segment.Row{connect(1, "a"), expired(9, "a")}, Offline, 9},
		{"a login that expired, and no beginning", []segment.Row{expired(9, "a")}, Offline, 9},
		{"no channels", []segment.Row{connect(1, ""), end(9, "")}, Offline, 9},
		{"no channels, begun again", []segment.Row{connect(1, ""), end(9, ""), connect(9.5, "")}, Online, 0},
		{"a takeover", []segment.Row{connect(1, ""), connect(9, ""), end(9.5, "")}, Unknown, 0},
		{"a takeover at once", []segment.Row{connect(1, ""), connect(9, ""), end(9, "")}, Online, 0},
		{"a takeover, and the end of both", []segment.Row{connect(1, ""), connect(9, ""), end(9.5, ""), end(10, "")}, Unknown, 0},
		{"a short connection after an end", []segment.Row{connect(1, ""), end(5, ""), connect(9, ""), end(9.5, "")}, Unknown, 0},
		{"a short first connection", []segment.Row{connect(9, ""), end(9.5, "")}, Unknown, 0},
		{"a takeover, and a later end", []segment.Row{connect(1, ""), connect(9, ""), end(9.5, ""), end(20, "")}, Offline, 20},
		{"the start of the older connection", []segment.Row{connect(1, ""), connect(5, ""), withStart(end(9, ""), 1)}, Online, 0},
		{"the start of the newest connection", []segment.Row{connect(1, ""), connect(1.4, ""), withStart(end(9, ""), 1.3)}, Offline, 9},
		{"the start of the one just before", []segment.Row{connect(1, ""), connect(1.4, ""), withStart(end(9, ""), 1.1)}, Online, 0},
		{"the same address and port", []segment.Row{withPort(connect(1, ""), 7), withPort(end(1.5, ""), 7)}, Offline, 1.5},
		{"another port", []segment.Row{withPort(connect(1, ""), 7), withPort(end(9, ""), 8)}, Online, 0},
	} {
		d := foldOf(segment.Distinct(c.rows)).Devices[0]
		require.Equal(t, c.state, d.State(), c.name)
		if c.state == Offline {
			require.Equal(t, at(c.since), d.OfflineSince(), c.name)
		} else {
			require.Zero(t, d.OfflineSince(), c.name)
		}
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		row  segment.Row
		kind Kind
	}{
		{segment.Row{Action: "connect", ActionInfo: "accepted"}, Connect},
		{segment.Row{Action: "connect"}, Connect},
		{segment.Row{Action: "connect", ActionInfo: "invalid param"}, Refusal},
		{segment.Row{Action: "close", ActionInfo: "not authorized"}, Refusal},
		{segment.Row{Action: "close", ActionInfo: "not authorized", ConnectedAt: 1}, Drop},
		{segment.Row{Action: "close"}, Drop},
		{segment.Row{Action: "disconnect"}, Disconnect},
	} {
		require.Equal(t, c.kind, KindOf(&c.row), "%+v", c.row)
	}
}

func TestMinuteOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, Minute(0), MinuteOf(59_999))
	require.Equal(t, Minute(1), MinuteOf(60_000))
	require.Equal(t, Minute(-1), MinuteOf(-1))
	require.Equal(t, Minute(-1), MinuteOf(-60_000))
	require.Equal(t, int64(60_000), Minute(1).Time().UnixMilli())
}
