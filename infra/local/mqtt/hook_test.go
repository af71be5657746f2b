package mqtt

import (
	"net"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
	"github.com/stretchr/testify/require"

	"devicetrace/pkg/event"
)

// If a connection is taken over, its end event must sort between its own connect event and the new
// connection's connect event. Therefore, the time of the end must be the time of the takeover. This
// must hold even if the broker sends the new connection's CONNACK before it has reported that the
// old connection's session is established.
func TestEndBeforeTheSessionIsEstablished(t *testing.T) {
	var events []event.Event
	server := newServer()
	h := newHook(Config{Instance: "local"}, server, func(e event.Event) { events = append(events, e) })
	client := func() *mochi.Client {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { require.NoError(t, ours.Close()); require.NoError(t, theirs.Close()) })
		l := &listener{open: map[net.Conn]struct{}{}}
		return server.NewClient(&conn{Conn: ours, listener: l}, "local", "device", false)
	}
	connack := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connack}}
	first, second := client(), client()
	h.OnPacketEncode(first, connack)
	h.OnPacketSent(first, packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Disconnect}}, nil)
	h.OnPacketEncode(second, connack)
	h.OnSessionEstablished(first, packets.Packet{})
	h.OnSessionEstablished(second, packets.Packet{})
	h.OnDisconnect(first, packets.ErrSessionTakenOver, false)

	require.Len(t, events, 3)
	require.Equal(t, []event.Action{event.Connect, event.Connect, event.Close}, []event.Action{events[0].Action, events[1].Action, events[2].Action})
	require.Less(t, events[0].SourceEventID, events[2].SourceEventID)
	require.Less(t, events[2].SourceEventID, events[1].SourceEventID)
	require.False(t, events[2].Time.After(events[1].Time))
}
