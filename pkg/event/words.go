package event

import "slices"

// Action is what happened to the connection, in the words of ApsaraMQ's Device
// Trace Query.
type Action string

const (
	Connect    Action = "connect"    // the client sent CONNECT; ActionInfo says whether it was accepted
	Close      Action = "close"      // the connection was closed
	Disconnect Action = "disconnect" // the client sent DISCONNECT
)

// Valid reports whether a is one of the three actions.
func (a Action) Valid() bool {
	return a == Connect || a == Close || a == Disconnect
}

// ActionInfo is the outcome or cause of an action, in the words of ApsaraMQ's Device Trace Query
// and its API.
type ActionInfo string

const (
	Accepted             ActionInfo = "accepted"
	NotAuthorized        ActionInfo = "not authorized"
	TopicAuthFailed      ActionInfo = "topic auth failed"
	ClientIDConflict     ActionInfo = "clientId conflict"
	NoHeart              ActionInfo = "no heart"
	ClosedByClient       ActionInfo = "closed by client"
	DisconnectedByClient ActionInfo = "disconnected by client"
	ServerShutdown       ActionInfo = "ServerShutdown"
	InvalidParam         ActionInfo = "invalid param"
	SocketIOException    ActionInfo = "Socket IOException"
)

var actionInfos = []ActionInfo{
	Accepted, NotAuthorized, TopicAuthFailed, ClientIDConflict, NoHeart, ClosedByClient,
	DisconnectedByClient, ServerShutdown, InvalidParam, SocketIOException,
}

// ActionInfos returns the vocabulary. The caller owns the slice.
func ActionInfos() []ActionInfo { return slices.Clone(actionInfos) }

// aliases maps spellings from ApsaraMQ's API reference to the words of the vocabulary.
var aliases = map[string]ActionInfo{
	"accept":               Accepted,
	"resource auth failed": TopicAuthFailed,
}

// ParseActionInfo returns the vocabulary word that s denotes: s is the word itself or an alias for
// it. It returns false if s is neither.
func ParseActionInfo(s string) (ActionInfo, bool) {
	if info, ok := aliases[s]; ok {
		return info, true
	}
	for _, info := range actionInfos {
		if string(info) == s {
			return info, true
		}
	}
	return "", false
}

// TimeOrigin says which clock an event's time is from.
type TimeOrigin string

const (
	// FromBroker means that the source sent the time.
	FromBroker TimeOrigin = "broker"
	// FromReceiver means that the source sent no time. Each delivery of such an event has a
	// different time. So the event is shown twice if the response to the first delivery is
	// lost and the source sends the event again.
	FromReceiver TimeOrigin = "received"
)
