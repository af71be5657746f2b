package history

import (
	"devicetrace/pkg/broker"
	"devicetrace/pkg/event"
)

// meaning is derived by interpret from the words of an event. Many events have equal words, so they
// share one meaning.
type meaning struct {
	words
	isConnect bool // reports an accepted CONNECT
	isEnd     bool // has the action close or disconnect, and is not certainly a refusal
	// isRefusal means that the event is certainly a refusal, whatever the other events say. Some
	// sources report a refusal as a connect event with an action info other than "accepted".
	isRefusal    bool
	endsAccepted bool // certainly reports an end; see broker.IsEnd
	isMute       bool // see broker.IsMute
	detailRank   int8 // grows with how much an end event says about the cause
	kind         Kind // the kind of end, if the event reports an end
	traits       broker.Traits
}

func interpret(w words) *meaning {
	e := event.Event{
		Action: w.Action, ActionInfo: w.ActionInfo, NativeEvent: w.NativeEvent, NativeReason: w.NativeReason, Source: w.source,
	}
	isAccepted := w.ActionInfo == event.Accepted || w.ActionInfo == ""
	isRefusal := broker.IsRefusal(&e) || w.Action == event.Connect && !isAccepted
	isMute := broker.IsMute(&e)
	return &meaning{
		words:        w,
		isConnect:    w.Action == event.Connect && isAccepted,
		isEnd:        (w.Action == event.Close || w.Action == event.Disconnect) && !isRefusal,
		isRefusal:    isRefusal,
		endsAccepted: broker.IsEnd(&e),
		isMute:       isMute,
		detailRank:   detailRank(&e, isMute),
		kind:         kindOf(&e, isMute),
		traits:       broker.TraitsOf(w.source),
	}
}

// concernsConnections reports whether an event with this meaning can have an effect on connections.
// A refusal can have an effect only if its source also sends an end event for the refusal, because
// that end event must not be mistaken for the end of a connection.
func (m *meaning) concernsConnections() bool {
	return m.isConnect || m.isEnd || m.isRefusal && m.traits.RefusalsEnd
}

// startIn returns the start of a connection that an event with this meaning reports, if any.
func (m *meaning) startIn(e *event.Event) Instant {
	switch {
	case m.isConnect:
		return At(e.Time)
	case m.isEnd:
		return At(e.ConnectedAt)
	default:
		return 0
	}
}

// detailRank ranks the events that report the end of one connection. The higher the rank, the more
// the event says about the cause. isMute is the result of broker.IsMute for e.
func detailRank(e *event.Event, isMute bool) int8 {
	switch {
	case isMute:
		return 0
	case e.Action == event.Disconnect:
		return 3
	case e.ActionInfo == event.ClosedByClient, e.ActionInfo == event.SocketIOException:
		return 1
	default:
		return 2
	}
}

// kindOf returns the kind of end that e reports. isMute is the result of broker.IsMute for e. If it
// is true, the action info says nothing about the cause, so kindOf ignores it.
func kindOf(e *event.Event, isMute bool) Kind {
	kind, ok := kinds[e.ActionInfo]
	switch {
	case e.Action == event.Disconnect:
		return Disconnected
	case ok && !isMute:
		return kind
	default:
		return Unexplained
	}
}

// mayBeRefusal reports whether to treat r as a refused CONNECT. r must be an end event that belongs
// to no recorded connection. r is not a refusal if it certainly reports the end of an accepted
// connection, for example because it has a connect time. Otherwise, the action info decides:
//
//   - "not authorized" nearly always means a refusal.
//   - Some reasons are ambiguous: the broker may have refused the client, or it may have ended a
//     connection that began before the first known event. They mean a refusal only if the client is
//     known to have been offline.
//   - No other reason means a refusal.
func (r *row) mayBeRefusal(offline bool) bool {
	if r.endsAccepted || !r.connectedAt.IsZero() {
		return false
	}
	switch r.ActionInfo {
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
