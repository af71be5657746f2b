package history

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func isConnect(e *event.Event) bool {
	return e.Action == event.Connect && (e.ActionInfo == event.Accepted || e.ActionInfo == "")
}

// isRefusal reports whether e is a refusal, judging by e alone. Some sources report a refusal
// as a connect with another action info than accepted.
func isRefusal(e *event.Event) bool {
	return broker.IsRefusal(e) || e.Action == event.Connect && !isConnect(e)
}

func isEnd(e *event.Event) bool {
	return e.Action == event.Close || e.Action == event.Disconnect
}

// mayBeRefusal reports whether e, which belongs to no recorded connection, is a refused
// CONNECT and not the end of a connection. The end of an accepted connection often says when
// it was accepted. Not authorized is nearly always a refusal. The others may also end a
// connection that began before the known events, so they are refusals only if the client is
// known to have been offline.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if broker.IsEnd(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	case event.InvalidParam, event.ServerShutdown, event.TopicAuthFailed: // the last for a will message
		return offline
	default:
		return false
	}
}

// detail ranks the rows about one end. The higher, the more the row says about the cause.
func detail(e *event.Event) int {
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
