package history

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func isConnect(e *event.Event) bool {
	return e.Action == event.Connect && (e.ActionInfo == event.Accepted || e.ActionInfo == "")
}

// isRefusal reports whether e alone shows that it is a refusal. Some sources report a refusal
// as a connect with an action info other than "accepted".
func isRefusal(e *event.Event) bool {
	return broker.IsRefusal(e) || e.Action == event.Connect && !isConnect(e)
}

func isEnd(e *event.Event) bool {
	return e.Action == event.Close || e.Action == event.Disconnect
}

// mayBeRefusal reports whether e, an end that belongs to no recorded connection, counts as a
// refused CONNECT. An end that includes the time of its connect does not, because the
// connection had been accepted. "Not authorized" nearly always means a refusal. Some other
// reasons may mean a refusal or the end of a connection that began before the known events.
// They count as refusals only if the client is known to have been offline.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if broker.IsEnd(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	case event.InvalidParam, event.ServerShutdown, event.TopicAuthFailed: // TopicAuthFailed: if the topic of a will message was denied
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
