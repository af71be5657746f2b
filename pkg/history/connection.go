package history

import (
	"time"

	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// EndIs says how the end of a connection is known.
type EndIs string

const (
	// Open: no end is on record, and it is the newest connection.
	Open EndIs = "open"
	// Reported: the broker told it.
	Reported EndIs = "reported"
	// Inferred: the broker told no end, but the next connection began. Why, and when
	// exactly, is not known.
	Inferred EndIs = "inferred"
)

// Kind is how a connection ended, in one word.
type Kind string

const (
	StillOpen     Kind = "open"
	Unexplained   Kind = "unknown" // inferred, or reported by a source that never tells why
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

// Connection is one network connection of the client.
type Connection struct {
	ChannelID string `json:"channel_id"`
	// Start is when it was accepted; unknown where that is not on record and the end
	// does not tell it.
	Start Instant `json:"start"`
	// End is unknown while it is open. It is never before Start.
	End   Instant `json:"end"`
	EndIs EndIs   `json:"end_is"`
	Kind  Kind    `json:"kind"`

	// How it ended, as reported; empty where it was not.
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeEvent  string           `json:"native_event"`
	NativeReason string           `json:"native_reason"`
	ReasonCode   *int32           `json:"reason_code"`

	// What is known of it from either end.
	PeerAddress     string    `json:"peer_address"`
	PeerPort        int32     `json:"peer_port"`
	Username        string    `json:"username"`
	Node            string    `json:"node"`
	Protocol        string    `json:"protocol"`
	ProtocolVersion int32     `json:"protocol_version"`
	KeepAlive       KeepAlive `json:"keep_alive"`
	CleanStart      *bool     `json:"clean_start"`
	Source          string    `json:"source"`

	connectedAt time.Time // as the source told it
	accepted    bool      // its connect is on record
}

// ActionInfo returns the kind as a word of the events' vocabulary. It is empty for kinds without one.
func (k Kind) ActionInfo() event.ActionInfo {
	for info, one := range kinds {
		if one == k {
			return info
		}
	}
	return ""
}

// take fills in what e tells and was not known yet.
func (c *Connection) take(e *event.Event) {
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

// finish says how it ended.
func (c *Connection) finish(e *event.Event) {
	c.EndIs, c.Kind = Reported, kindOf(e)
	c.Action, c.ActionInfo = e.Action, e.ActionInfo
	c.NativeEvent, c.NativeReason, c.ReasonCode = e.NativeEvent, e.NativeReason, e.ReasonCode.Pointer()
}

// kindOf is the kind of an end. A source that never tells why sends the same word
// for all ends, which says nothing.
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

// Lasted is how long it lasted, where both ends are known from what was reported.
func (c *Connection) Lasted() (d time.Duration, known bool) {
	if c.EndIs != Reported || c.Start.IsZero() {
		return 0, false
	}
	return c.End.Sub(c.Start.Time), true
}

// when is its place in the order of connections: when it began, else when it ended.
func (c *Connection) when() time.Time {
	if c.Start.IsZero() {
		return c.End.Time
	}
	return c.Start.Time
}

// Dropped reports whether it ended, as reported, without a DISCONNECT of the client. What
// sources report that never tell why may have been one; but ApsaraMQ tells DISCONNECT
// apart.
func (c *Connection) Dropped() bool {
	return c.EndIs == Reported && c.Kind != Disconnected && (c.Kind != Unexplained || broker.ExcludesDisconnect(c.NativeEvent))
}
