package mqtt

import (
	"crypto/subtle"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// hook observes connections. The broker calls the hook's methods for the following steps of a
// connection, in this order, on the connection's own goroutine:
//
//   - CONNECT read
//   - CONNACK encoded and sent
//   - session established
//   - packets
//   - disconnected
//
// If the CONNECT is refused, there are no calls after those for the CONNACK.
//
// Calls about packets sent to a client may also come from other goroutines. For example, in a
// takeover the goroutine of the new connection sends the DISCONNECT to the old client.
type hook struct {
	mochi.HookBase
	node           string
	user, password []byte
	server         *mochi.Server
	send           func(event.Event)
	clock          *clock
}

// connection holds what the hook remembers about one network connection.
type connection struct {
	channelID string
	accepted  *stamp                // when the broker accepted the CONNECT; set by the connection's own goroutine
	ended     atomic.Pointer[stamp] // when the broker began to end the connection; set by any goroutine
	code      event.Optional[int32] // the reason code of the client's DISCONNECT in MQTT 5
}

func newHook(c Config, server *mochi.Server, send func(event.Event)) *hook {
	return &hook{
		node: c.Instance, user: []byte(c.User), password: []byte(c.Password),
		server: server, send: send, clock: newClock(),
	}
}

func (h *hook) ID() string { return "device-trace" }

func (h *hook) Provides(method byte) bool {
	return slices.Contains([]byte{
		mochi.OnConnectAuthenticate, mochi.OnACLCheck, mochi.OnPacketRead,
		mochi.OnPacketEncode, mochi.OnPacketSent, mochi.OnSessionEstablished, mochi.OnDisconnect,
	}, method)
}

// OnConnectAuthenticate checks the user name and the password in constant time.
func (h *hook) OnConnectAuthenticate(_ *mochi.Client, pk packets.Packet) bool {
	return subtle.ConstantTimeCompare(pk.Connect.Username, h.user)&
		subtle.ConstantTimeCompare(pk.Connect.Password, h.password) == 1
}

// OnACLCheck refuses denied topics. The broker also calls OnACLCheck before it delivers a message
// to a subscriber. A refusal then only stops the message, and the client stays connected. For
// example, a client that subscribes to "#" never gets a will message whose topic is below denied/.
func (h *hook) OnACLCheck(_ *mochi.Client, topic string, _ bool) bool { return !denied(topic) }

// denied reports whether a topic name or filter is below denied/.
func denied(topic string) bool {
	if shared, ok := strings.CutPrefix(topic, "$share/"); ok {
		_, topic, _ = strings.Cut(shared, "/")
	}
	return strings.HasPrefix(topic, "denied/")
}

// OnPacketRead closes connections that publish or subscribe to denied topics. The broker's
// own check closes only some of these connections, depending on MQTT version and QoS.
func (h *hook) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	if usesDenied(pk) {
		h.deny(cl)
		return pk, packets.ErrRejectPacket
	}
	if pk.FixedHeader.Type == packets.Disconnect {
		memory(cl).code = codeOf(pk)
	}
	return pk, nil
}

func usesDenied(pk packets.Packet) bool {
	switch pk.FixedHeader.Type {
	case packets.Publish:
		return denied(pk.TopicName)
	case packets.Subscribe:
		return slices.ContainsFunc(pk.Filters, func(s packets.Subscription) bool { return denied(s.Filter) })
	}
	return false
}

// deny ends a connection. It sends a DISCONNECT only in MQTT 5, because a broker cannot
// send one in MQTT 3.
func (h *hook) deny(cl *mochi.Client) {
	if cl.Properties.ProtocolVersion == 5 {
		_ = h.server.DisconnectClient(cl, packets.ErrNotAuthorized)
		return
	}
	cl.Stop(packets.ErrNotAuthorized)
}

// codeOf returns the reason code of a client's DISCONNECT. In MQTT 3 the code is unknown, because a
// DISCONNECT contains no code. In MQTT 5 the code is unknown if the packet's body consists of one
// byte, because the broker's parser skips that byte.
func codeOf(pk packets.Packet) event.Optional[int32] {
	if pk.ProtocolVersion != 5 || pk.FixedHeader.Remaining == 1 {
		return event.Optional[int32]{}
	}
	return event.Some(int32(pk.ReasonCode))
}

// OnPacketEncode records the time of an accepting CONNACK before the broker sends it. Doing this in
// OnSessionEstablished would be too late: once the client has the CONNACK, it may open another
// connection, and the broker may end this one before OnSessionEstablished runs for it.
func (h *hook) OnPacketEncode(cl *mochi.Client, pk packets.Packet) packets.Packet {
	if pk.FixedHeader.Type == packets.Connack && pk.ReasonCode == 0 {
		memory(cl).accepted = h.clock.stamp()
	}
	return pk
}

// OnPacketSent reports refused CONNECTs, and records the time of each DISCONNECT that the broker
// sends. Recording the time in OnDisconnect would be too late. For example, in a takeover
// OnDisconnect may run only after the new connection has been reported.
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
	e.Action, e.ActionInfo = event.Close, broker.Refused(pk.ReasonCode)
	e.NativeEvent, e.NativeReason = "connack", reasonOf(pk)
	e.ReasonCode = event.Some(int32(pk.ReasonCode))
	h.send(e)
}

// reasonOf returns the reason string of a CONNACK that refuses a connection. If there is no reason
// string, as in MQTT 3, reasonOf returns a text with the return code.
func reasonOf(pk packets.Packet) string {
	if s := pk.Properties.ReasonString; s != "" {
		return s
	}
	return "return code " + strconv.Itoa(int(pk.ReasonCode))
}

// OnSessionEstablished runs after the broker has sent an accepting CONNACK. It reports the new
// connection.
func (h *hook) OnSessionEstablished(cl *mochi.Client, _ packets.Packet) {
	e := h.event(cl, memory(cl).accepted)
	e.Action, e.ActionInfo, e.NativeEvent = event.Connect, event.Accepted, "session established"
	h.send(e)
}

// OnDisconnect runs once for each established session. It reports how the connection
// ended.
func (h *hook) OnDisconnect(cl *mochi.Client, err error, _ bool) {
	c := memory(cl)
	c.ended.CompareAndSwap(nil, h.clock.stamp())
	e := h.event(cl, c.ended.Load())
	end := endOf(cl.StopCause(), err)
	e.Action, e.ActionInfo = end.action, end.info
	e.NativeEvent, e.NativeReason, e.ReasonCode = "disconnect", end.native, end.code
	if end.action == event.Disconnect {
		e.ReasonCode = c.code
	}
	h.send(e)
}

// memory returns what the hook remembers about a client's network connection. The
// connection must come from our listener.
func memory(cl *mochi.Client) *connection { return &cl.Net.Conn.(*conn).memory }

// event returns the fields that all events of a connection share.
func (h *hook) event(cl *mochi.Client, s *stamp) event.Event {
	c := memory(cl)
	host, port, _ := net.SplitHostPort(cl.Net.Remote)
	number, _ := strconv.ParseInt(port, 10, 32)
	e := event.Event{
		ClientID: event.ClientID(cl.ID), ChannelID: c.channelID,
		Time: s.at, SourceEventID: s.id, Source: "mochi", Node: h.node,
		PeerAddress: host, PeerPort: int32(number), Username: string(cl.Properties.Username),
		Protocol: "MQTT", ProtocolVersion: int32(cl.Properties.ProtocolVersion),
		KeepAlive:  event.Some(time.Duration(cl.State.Keepalive) * time.Second),
		CleanStart: event.Some(cl.Properties.Clean),
	}
	if c.accepted != nil {
		e.ConnectedAt = c.accepted.at
	}
	return e
}
