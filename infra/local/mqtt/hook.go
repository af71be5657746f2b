package mqtt

import (
	"crypto/subtle"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// hook sees what happens to connections. The broker calls it on the connections'
// own goroutines, those of one connection in order: CONNECT read, CONNACK encoded and
// sent, session established, packets, disconnected. A refused CONNECT ends with its
// CONNACK; nothing else is called for it.
type hook struct {
	mochi.HookBase
	node           string
	user, password []byte
	server         *mochi.Server
	send           func(wireEvent)
	clock          *clock
}

// connection is what we remember of a network connection while it lasts.
type connection struct {
	channelID   string
	accepted    *stamp                // set by its own goroutine
	connectedAt int64                 // Unix ms; set by its own goroutine
	ended       atomic.Pointer[stamp] // when the broker began to end it, whoever's goroutine that was
	code        *byte                 // of the client's DISCONNECT, MQTT 5
}

func newHook(c Config, server *mochi.Server, send func(wireEvent)) *hook {
	return &hook{
		node: c.Instance, user: []byte(c.User), password: []byte(c.Password),
		server: server, send: send, clock: newClock(),
	}
}

func (h *hook) ID() string { return "device-trace" }

func (h *hook) Provides(what byte) bool {
	return slices.Contains([]byte{
		mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPacketRead,
		mochi.OnPacketEncode, mochi.OnPacketSent, mochi.OnSessionEstablished, mochi.OnDisconnect,
	}, what)
}

// OnConnectAuthenticate checks name and password in constant time.
func (h *hook) OnConnectAuthenticate(_ *mochi.Client, pk packets.Packet) bool {
	return subtle.ConstantTimeCompare(pk.Connect.Username, h.user)&
		subtle.ConstantTimeCompare(pk.Connect.Password, h.password) == 1
}

// OnACLCheck is asked for deliveries as well, such as of a will below denied/ to
// a subscriber of "#": that one loses the message, not its connection.
func (h *hook) OnACLCheck(_ *mochi.Client, topic string, _ bool) bool { return !denied(topic) }

// denied reports whether a topic name or filter is below denied/.
func denied(topic string) bool {
	if shared, ok := strings.CutPrefix(topic, "$share/"); ok {
		_, topic, _ = strings.Cut(shared, "/")
	}
	return strings.HasPrefix(topic, "denied/")
}

// OnPacketRead closes connections that publish or subscribe to what is denied.
// The broker's own check would close some of them only, by version and QoS.
func (h *hook) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if wantsDenied(pk) {
		h.deny(cl)
		return pk, packets.ErrRejectPacket
	}
	if pk.FixedHeader.Type == packets.Disconnect {
		memory(cl).code = codeOf(pk)
	}
	return pk, nil
}

func wantsDenied(pk packets.Packet) bool {
	switch pk.FixedHeader.Type {
	case packets.Publish:
		return denied(pk.TopicName)
	case packets.Subscribe:
		return slices.ContainsFunc(pk.Filters, func(s packets.Subscription) bool { return denied(s.Filter) })
	default:
		return false
	}
}

// deny ends a connection. MQTT 3 has no DISCONNECT that a broker may send.
func (h *hook) deny(cl *mochi.Client) {
	if cl.Properties.ProtocolVersion == 5 {
		_ = h.server.DisconnectClient(cl, packets.ErrNotAuthorized)
		return
	}
	cl.Stop(packets.ErrNotAuthorized)
}

// codeOf is the reason code of a client's DISCONNECT, nil where the broker's
// parser leaves it out: it skips a body of one byte.
func codeOf(pk packets.Packet) *byte {
	if pk.ProtocolVersion != 5 || pk.FixedHeader.Remaining == 1 {
		return nil
	}
	return &pk.ReasonCode
}

// OnPacketEncode comes before a packet is sent. A CONNACK that accepts is stamped here:
// once it is on its way the client may be back with another connection, which ends
// this one before its session is established.
func (h *hook) OnPacketEncode(cl *mochi.Client, pk packets.Packet) packets.Packet {
	if pk.FixedHeader.Type == packets.Connack && pk.ReasonCode == 0 {
		c := memory(cl)
		c.accepted = h.clock.stamp()
		c.connectedAt = c.accepted.at.UnixMilli()
	}
	return pk
}

// OnPacketSent sees refusals, and when the broker itself ends a connection. The
// latter is stamped here since OnDisconnect runs later: after a takeover even
// later than the new connection's events.
func (h *hook) OnPacketSent(cl *mochi.Client, pk packets.Packet, _ []byte) {
	switch {
	case pk.FixedHeader.Type == packets.Connack && pk.ReasonCode != 0:
		h.refused(cl, pk)
	case pk.FixedHeader.Type == packets.Disconnect:
		memory(cl).ended.CompareAndSwap(nil, h.clock.stamp())
	}
}

func (h *hook) refused(cl *mochi.Client, pk packets.Packet) {
	e := h.event(cl, h.clock.stamp())
	e.Action, e.ActionInfo = string(event.Close), string(broker.Refused(pk.ReasonCode))
	e.NativeEvent, e.NativeReason = "connack", reasonOf(pk)
	e.ReasonCode = &pk.ReasonCode
	h.send(e)
}

// reasonOf is the broker's word for a refusal; to MQTT 3 it sends the code alone.
func reasonOf(pk packets.Packet) string {
	if s := pk.Properties.ReasonString; s != "" {
		return s
	}
	return "return code " + strconv.Itoa(int(pk.ReasonCode))
}

// OnSessionEstablished comes after the CONNACK that accepts.
func (h *hook) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) {
	e := h.event(cl, memory(cl).accepted)
	e.Action, e.ActionInfo = string(event.Connect), string(event.Accepted)
	e.NativeEvent = "session established"
	h.send(e)
}

// OnDisconnect comes once for each established session.
func (h *hook) OnDisconnect(cl *mochi.Client, err error, _ bool) {
	c := memory(cl)
	c.ended.CompareAndSwap(nil, h.clock.stamp())
	e := h.event(cl, c.ended.Load())
	end := endOf(cl.StopCause(), err)
	e.Action, e.ActionInfo = string(end.action), string(end.info)
	e.NativeEvent, e.NativeReason, e.ReasonCode = "disconnect", end.native, end.code
	if end.action == event.Disconnect {
		e.ReasonCode = c.code
	}
	h.send(e)
}

// memory is that of a client's network connection, which came from our listener.
func memory(cl *mochi.Client) *connection { return &cl.Net.Conn.(*conn).memory }

// event holds what is the same in all events of a connection.
func (h *hook) event(cl *mochi.Client, s *stamp) wireEvent {
	c := memory(cl)
	host, port, _ := net.SplitHostPort(cl.Net.Remote)
	number, _ := strconv.Atoi(port)
	return wireEvent{
		ClientID: cl.ID, ChannelID: c.channelID, ConnectedAt: c.connectedAt,
		Time: s.at.UnixMilli(), SourceEventID: s.id, Source: "mochi", Node: h.node,
		PeerAddress: host, PeerPort: number, Username: string(cl.Properties.Username),
		Protocol: "MQTT", ProtocolVersion: cl.Properties.ProtocolVersion,
		KeepAlive: cl.State.Keepalive, CleanStart: cl.Properties.Clean,
	}
}
