package history

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func isConnect(e *event.Event) bool {
	return e.Action == event.Connect && (e.ActionInfo == event.Accepted || e.ActionInfo == "")
}

// isRefusal reports whether e alone tells that it is one. A connect with another info
// than accepted is how some sources put it.
func isRefusal(e *event.Event) bool {
	return broker.IsRefusal(e) || e.Action == event.Connect && !isConnect(e)
}

func isEnd(e *event.Event) bool {
	return e.Action == event.Close || e.Action == event.Disconnect
}

// mayBeRefusal reports whether e, of a connection that is not on record, tells of a
// refused CONNECT rather than of the end of a connection. The end of an accepted
// one often tells when it was accepted. Not authorized is nearly always a refusal.
// The others can as well be the end of a connection that began before what is
// known, so offline says whether the client is known to have been offline.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if broker.IsEnd(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	case event.InvalidParam, event.ServerShutdown, event.TopicAuthFailed: // the last one of a will message
		return offline
	default:
		return false
	}
}

// telling ranks rows about one end: the higher, the more it says.
func telling(e *event.Event) int {
	switch {
	case broker.IsMute(e):
		return 0
	case e.Action == event.Disconnect:
		return 3
	case e.ActionInfo == event.ClosedByClient, e.ActionInfo == event.SocketIOException:
		return 1
	default:
		return 2
	}
}
