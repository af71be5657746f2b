package history

import (
	"cmp"
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

	// The words Action, ActionInfo, NativeEvent, NativeReason and ReasonCode describe the reported
	// end. They are empty if no end was reported.
	*meaning

	// The following fields, including the embedded details, come from the connection's connect and
	// end events.
	PeerAddress string `json:"peer_address"`
	PeerPort    int32  `json:"peer_port"`
	Username    string `json:"username"`
	Node        string `json:"node"`
	*details

	// EndedLater is the end of a connection that was open at the end of the span. It is nil if the
	// end is not known; see Span.Later.
	EndedLater *LaterEnd `json:"ended_later,omitempty"`

	connectedAt Instant // the start as reported by the source, if known
	accepted    bool    // whether the connect event is on record
}

// Lasted returns how long the connection lasted. The duration is known only if the end was
// reported and the start is known.
func (c *Connection) Lasted() (d time.Duration, known bool) {
	if c.EndIs != Reported || c.Start.IsZero() {
		return 0, false
	}
	return c.End.Sub(c.Start), true
}

// Dropped reports whether the end was reported and the client certainly sent no DISCONNECT. This is
// certain if the source reported any reason other than a DISCONNECT. Without a reason, it depends
// on the native event, because some sources have a separate native event for DISCONNECTs.
func (c *Connection) Dropped() bool {
	return c.EndIs == Reported && c.Kind != Disconnected && (c.Kind != Unexplained || broker.ExcludesDisconnect(c.NativeEvent))
}

// LastDrop returns the drop among the given connections that ended last, or nil if there is none.
// If several ended at the same time, it returns the one that comes last in the list.
func LastDrop(connections []*Connection) (last *Connection) {
	for _, c := range connections {
		if c.Dropped() && (last == nil || c.End >= last.End) {
			last = c
		}
	}
	return last
}

// sortTime returns the start of the connection, or its end if the start is unknown.
func (c *Connection) sortTime() Instant { return cmp.Or(c.Start, c.End) }
