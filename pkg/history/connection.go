package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// EndIs says whether a connection has ended, and how its end is known.
type EndIs string

const (
	// Open means that this is the newest connection, and that its end was not reported.
	Open EndIs = "open"
	// Reported means that the broker reported the end.
	Reported EndIs = "reported"
	// Inferred means that the end of this connection was not reported, but a later connection
	// began. The cause and the exact time of the end are unknown.
	Inferred EndIs = "inferred"
)

// Kind says in one word how a connection ended.
type Kind string

const (
	StillOpen     Kind = "open"
	Unexplained   Kind = "unknown" // the end was inferred, or reported without a reason
	Disconnected  Kind = "disconnected"
	ClientClosed  Kind = "client-closed"
	NoHeart       Kind = "no-heart"
	Conflict      Kind = "conflict"
	NotAuthorized Kind = "not-authorized"
	TopicDenied   Kind = "topic-denied"
	Server        Kind = "server"
	Invalid       Kind = "invalid"
	IO            Kind = "io"
)

var kinds = map[event.ActionInfo]Kind{
	event.NotAuthorized:        NotAuthorized,
	event.TopicAuthFailed:      TopicDenied,
	event.ClientIDConflict:     Conflict,
	event.NoHeart:              NoHeart,
	event.ClosedByClient:       ClientClosed,
	event.DisconnectedByClient: Disconnected,
	event.ServerShutdown:       Server,
	event.InvalidParam:         Invalid,
	event.SocketIOException:    IO,
}

// ActionInfo returns the action info that events use for this kind of end, or "" if there is
// none.
func (k Kind) ActionInfo() event.ActionInfo {
	for info, kind := range kinds {
		if kind == k {
			return info
		}
	}
	return ""
}

// Connection is one network connection of the client.
type Connection struct {
	ChannelID string `json:"channel_id"`
	// Start is when the broker accepted the connection. It is unknown if no connect event was
	// recorded and no end event contains the connect time.
	Start Instant `json:"start"`
	// End is unknown while the connection is open. It is never before Start.
	End   Instant `json:"end"`
	EndIs EndIs   `json:"end_is"`
	Kind  Kind    `json:"kind"`

	// The next five fields describe the reported end. They are empty if no end was reported.
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeEvent  string           `json:"native_event"`
	NativeReason string           `json:"native_reason"`
	ReasonCode   *int32           `json:"reason_code"`

	// The next nine fields come from the events about the start and the end of the connection.
	PeerAddress     string    `json:"peer_address"`
	PeerPort        int32     `json:"peer_port"`
	Username        string    `json:"username"`
	Node            string    `json:"node"`
	Protocol        string    `json:"protocol"`
	ProtocolVersion int32     `json:"protocol_version"`
	KeepAlive       KeepAlive `json:"keep_alive"`
	CleanStart      *bool     `json:"clean_start"`
	Source          string    `json:"source"`

	connectedAt time.Time // the start as reported by the source, or zero
	accepted    bool      // whether the connect event is on record
}

// fillFrom copies from e the fields that are still unknown in c.
func (c *Connection) fillFrom(e *event.Event) {
	fill(&c.PeerAddress, e.PeerAddress)
	fill(&c.PeerPort, e.PeerPort)
	fill(&c.Username, e.Username)
	fill(&c.Node, e.Node)
	fill(&c.Protocol, e.Protocol)
	fill(&c.ProtocolVersion, e.ProtocolVersion)
	fill(&c.KeepAlive, KeepAlive(e.KeepAlive))
	fill(&c.CleanStart, e.CleanStart.Pointer())
	fill(&c.Source, e.Source)
	fill(&c.connectedAt, e.ConnectedAt)
}

func fill[T comparable](to *T, from T) {
	var unknown T
	if *to == unknown {
		*to = from
	}
}

// finish copies the details of the end from e, the event that reports the end.
func (c *Connection) finish(e *event.Event) {
	c.EndIs, c.Kind = Reported, kindOf(e)
	c.Action, c.ActionInfo = e.Action, e.ActionInfo
	c.NativeEvent, c.NativeReason, c.ReasonCode = e.NativeEvent, e.NativeReason, e.ReasonCode.Pointer()
}

// kindOf returns the kind of end that e reports. If the source gave no reason for the end, the
// action info says nothing about the cause, so kindOf ignores it.
func kindOf(e *event.Event) Kind {
	kind, ok := kinds[e.ActionInfo]
	switch {
	case e.Action == event.Disconnect:
		return Disconnected
	case ok && !broker.IsMute(e):
		return kind
	default:
		return Unexplained
	}
}

// Lasted returns how long the connection lasted. The duration is known only if the end was
// reported and the start is known.
func (c *Connection) Lasted() (d time.Duration, known bool) {
	if c.EndIs != Reported || c.Start.IsZero() {
		return 0, false
	}
	return c.End.Sub(c.Start.Time), true
}

// Dropped reports whether the end was reported and the client certainly sent no DISCONNECT. This is
// certain if the source reported any reason other than a DISCONNECT. Without a reason, it depends
// on the native event, because some sources have a separate native event for DISCONNECTs.
func (c *Connection) Dropped() bool {
	return c.EndIs == Reported && c.Kind != Disconnected && (c.Kind != Unexplained || broker.ExcludesDisconnect(c.NativeEvent))
}

// sortTime returns the start of the connection, or its end if the start is unknown.
func (c *Connection) sortTime() time.Time {
	if c.Start.IsZero() {
		return c.End.Time
	}
	return c.Start.Time
}
