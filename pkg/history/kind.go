package history

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

func isConnect(e *event.Event) bool {
	return e.Action == event.Connect && (e.ActionInfo == event.Accepted || e.ActionInfo == "")
}

// isRefusal reports whether e is certainly a refusal, whatever the other events say. Some sources
// report a refusal as a connect event with an action info other than "accepted".
func isRefusal(e *event.Event) bool {
	return broker.IsRefusal(e) || e.Action == event.Connect && !isConnect(e)
}

func isEnd(e *event.Event) bool {
	return e.Action == event.Close || e.Action == event.Disconnect
}

// mayBeRefusal reports whether e counts as a refused CONNECT. e reports the end of a connection,
// but belongs to no recorded connection. An event with a connect time is not a refusal, because its
// connection had been accepted. The reason "not authorized" nearly always means a refusal. Some
// other reasons are ambiguous: the broker may have refused the client, or it may have ended a
// connection that began before the known events. An event with an ambiguous reason counts as a
// refusal only if the client is known to have been offline.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if broker.IsEnd(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	// These reasons are ambiguous. Even TopicAuthFailed can be a refusal, if the topic of the will
	// message was denied.
	case event.InvalidParam, event.ServerShutdown, event.TopicAuthFailed:
		return offline
	default:
		return false
	}
}

// detailRank ranks the rows that report the end of one connection. The higher the rank, the more
// the row says about the cause.
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
