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

// ActionInfo says why, in the words of ApsaraMQ's page and API.
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

// ActionInfos lists the vocabulary. The list is the caller's.
func ActionInfos() []ActionInfo { return slices.Clone(actionInfos) }

// aliases are the other spellings found in the API's reference.
var aliases = map[string]ActionInfo{
	"accept":               Accepted,
	"resource auth failed": TopicAuthFailed,
}

// ParseActionInfo returns the word of the vocabulary that s spells, following aliases.
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

// TimeOrigin says whose clock an event's time is of.
type TimeOrigin string

const (
	// FromBroker: the source sent the time.
	FromBroker TimeOrigin = "broker"
	// FromReceiver: the source sent none. Such an event has no identity of its
	// own, so it may be shown twice if the answer to its first delivery was lost.
	FromReceiver TimeOrigin = "received"
)
