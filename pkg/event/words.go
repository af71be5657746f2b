package event

import (
	"slices"
	"strings"
)

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

// ActionInfo is the outcome or cause of an action, in the words that ApsaraMQ uses in Device Trace
// Query and in its API.
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

	// Unexplained is the action info of a close event whose reason is unknown: the source gave no
	// reason, or gave one whose meaning is unknown or ambiguous. It is empty because ApsaraMQ has no
	// word for this. ActionInfos does not return it.
	Unexplained ActionInfo = ""
)

var actionInfos = []ActionInfo{
	Accepted, NotAuthorized, TopicAuthFailed, ClientIDConflict, NoHeart, ClosedByClient,
	DisconnectedByClient, ServerShutdown, InvalidParam, SocketIOException,
}

// ActionInfos returns all words of the vocabulary of action infos. The caller owns the slice.
func ActionInfos() []ActionInfo { return slices.Clone(actionInfos) }

// ActionInfoList returns all action infos as one string, separated by commas, for use in messages.
func ActionInfoList() string { return JoinActionInfos(actionInfos) }

// JoinActionInfos returns the given action infos as one string, separated by commas, for use in
// messages.
func JoinActionInfos(infos []ActionInfo) string {
	words := make([]string, len(infos))
	for i, info := range infos {
		words[i] = string(info)
	}
	return strings.Join(words, ", ")
}

// aliases maps spellings from ApsaraMQ's API reference to the words of the vocabulary.
var aliases = map[string]ActionInfo{
	"accept":               Accepted,
	"resource auth failed": TopicAuthFailed,
}

// ParseActionInfo returns the vocabulary word for s. s may be that word itself or an alias for it;
// for any other s, ParseActionInfo returns false.
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

// TimeOrigin says whose clock an event's time comes from.
type TimeOrigin string

const (
	// FromBroker means that the source sent the time.
	FromBroker TimeOrigin = "broker"
	// FromReceiver means that the source sent no time, so the event has the time of receipt. If the
	// source sends the event again, nothing shows that the two deliveries report the same event.
	// The event is therefore shown twice.
	FromReceiver TimeOrigin = "received"
)
