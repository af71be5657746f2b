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

// mayBeRefusal reports whether to treat e as a refused CONNECT. e must be an end event that belongs
// to no recorded connection. If e certainly reports the end of an accepted connection, for example
// because it has a connect time, it is not treated as a refusal. Otherwise, the reason in the
// action info decides:
//
//   - "not authorized" is treated as a refusal, because it nearly always means one.
//   - Some reasons are ambiguous: the broker may have refused the client, or it may have ended a
//     connection that began before the first known event. Such a reason is treated as a refusal
//     only if the client is known to have been offline.
//   - Any other reason is not treated as a refusal.
//
// An exception: e is never treated as a refusal if it certainly reports the end of an accepted
// connection. For example, only an accepted connection has a connect time.
func mayBeRefusal(e *event.Event, offline bool) bool {
	if broker.IsEnd(e) || !e.ConnectedAt.IsZero() {
		return false
	}
	switch e.ActionInfo {
	case event.NotAuthorized:
		return true
	// These reasons are ambiguous. Even TopicAuthFailed can mean a refusal, because a CONNECT may
	// be refused for the topic of its will message.
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
