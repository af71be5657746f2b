package history

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func isConnect(e *event.Event) bool {
	return e.Action == event.Connect && (e.ActionInfo == event.Accepted || e.ActionInfo == "")
}

// isRefusal reports whether e is certainly a refusal, whatever the other events say. Some sources
// report a refusal as a connect with an action info other than "accepted".
func isRefusal(e *event.Event) bool {
	return broker.IsRefusal(e) || e.Action == event.Connect && !isConnect(e)
}

func isEnd(e *event.Event) bool {
	return e.Action == event.Close || e.Action == event.Disconnect
}

// mayBeRefusal reports whether e counts as a refused CONNECT. The event e reports the end of a
// connection, but belongs to no recorded connection. If e includes the connect time, it is not a
// refusal, because the connection had been accepted. The reason "not authorized" nearly always
// means a refusal. Some other reasons are ambiguous: the broker may have refused the client, or
// ended a connection that began before the known events. They count as refusals only if the client
// is known to have been offline.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if broker.IsEnd(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	// TopicAuthFailed may mean that the topic of the will message was denied.
	case event.InvalidParam, event.ServerShutdown, event.TopicAuthFailed:
		return offline
	default:
		return false
	}
}

// detailRank ranks rows that report the same end. The higher the rank, the more the row says
// about the cause.
func detailRank(e *event.Event) int {
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
