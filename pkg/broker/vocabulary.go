package broker

import (
	"slices"

	"devicetrace/pkg/event"
)

// vocabulary lists those native words of a source that say more than the action and action info. A
// native word is recognized whichever source sends it, because a bridge can forward any broker's
// events through the source named "events". Only the words in the fields whose names begin with
// "own" apply to a single source.
type vocabulary struct {
	// refusals are native events that report a refused CONNECT if their action is close.
	refusals []string
	// ends are native events that report the end of a connection, for whatever reason. A source
	// with the trait RefusalsEnd or RefusalsLookLikeEnds also sends them for a refused CONNECT.
	ends []string
	// drops are native events that report the end of a connection, but never a DISCONNECT, because
	// their source reports DISCONNECTs with a separate native event.
	drops []string
	// snapshots are native events of a source that compares the states of clients about once a
	// minute and reports only the differences.
	snapshots []string
	// sureEnds are native events that report the end of an accepted connection, even if their
	// source has the trait RefusalsLookLikeEnds.
	sureEnds []string
	// ownRefusalReasons are native reasons with which this source may report a refused CONNECT by a
	// native event in ends. Such an event reports a refusal if its connection has no connect event.
	ownRefusalReasons []string
	// ownMuteReasons are native reasons that do not reveal why a connection ended, because this
	// source sends each of them in very different cases. They apply only to this source, because
	// another source may send a reason of the same name with a clear meaning.
	ownMuteReasons []string
	// notRestarts are native reasons that name the broker as the cause of the end, but do not
	// suggest that the broker restarted. Some of them, such as an operator's kick or a maximum
	// connection age, concern only one client. The others say only that the broker had a problem.
	notRestarts []string
}

// Each of these sets is the union, over all sources, of the vocabulary field of the same name.
var (
	refusals    = wordsOf(func(v vocabulary) []string { return v.refusals })
	ends        = wordsOf(func(v vocabulary) []string { return v.ends })
	sureEnds    = wordsOf(func(v vocabulary) []string { return v.sureEnds })
	drops       = wordsOf(func(v vocabulary) []string { return v.drops })
	snapshots   = wordsOf(func(v vocabulary) []string { return v.snapshots })
	notRestarts = wordsOf(func(v vocabulary) []string { return reasonNamesOf(v.notRestarts) })
)

func wordsOf(pick func(vocabulary) []string) map[string]bool {
	words := map[string]bool{}
	for _, s := range sources {
		for _, word := range pick(s.vocabulary) {
			words[word] = true
		}
	}
	return words
}

func reasonNamesOf(native []string) []string {
	names := make([]string, len(native))
	for i, reason := range native {
		names[i] = reasonName(reason)
	}
	return names
}

// IsRefusal reports whether the native event shows that e reports a refused CONNECT.
func IsRefusal(e *event.Event) bool { return e.Action == event.Close && refusals[e.NativeEvent] }

// IsEnd reports whether e is certainly about the end of a connection. If the source has the trait
// RefusalsEnd, the connection may be one whose CONNECT was refused.
func IsEnd(e *event.Event) bool {
	mayRefuse := TraitsOf(e.Source).RefusalsLookLikeEnds || slices.Contains(vocabularyOf(e.Source).ownRefusalReasons, e.NativeReason)
	return e.Action == event.Disconnect || sureEnds[e.NativeEvent] || ends[e.NativeEvent] && !mayRefuse
}

// IsMute reports whether e is an end event without a meaningful reason. If it is, the action info
// of e says nothing about the cause either. The event may therefore report a session takeover.
// NanoMQ and VerneMQ send such an event equally often just before and just after the connect event
// of the new connection.
//
// A decoder that knows from elsewhere that the reason names the broker as the cause sets the action
// info ServerShutdown. Such an event is not mute.
func IsMute(e *event.Event) bool {
	switch {
	case e.Action != event.Close || e.ActionInfo == event.ServerShutdown:
		return false
	default:
		return e.ActionInfo == event.Unexplained || slices.Contains(vocabularyOf(e.Source).ownMuteReasons, e.NativeReason)
	}
}

// vocabularyOf returns the vocabulary of a source, or an empty vocabulary if the source is unknown.
func vocabularyOf(source string) *vocabulary {
	if s, ok := sourcesByName[source]; ok {
		return &s.vocabulary
	}
	return &vocabulary{}
}

// ExcludesDisconnect reports whether a native event never reports a DISCONNECT, because its source
// reports DISCONNECTs with a separate native event. So if this native event is a connection's only
// end event, the client sent no DISCONNECT.
func ExcludesDisconnect(nativeEvent string) bool { return drops[nativeEvent] }

// IsSnapshot reports whether the source of a native event compares the states of clients only about
// once a minute. If it does, times and lengths are uncertain by a minute, and connections that
// began and ended within a minute are missing.
func IsSnapshot(nativeEvent string) bool { return snapshots[nativeEvent] }

// ExcludesRestart reports whether a native reason does not suggest that the broker restarted,
// because the reason concerns only one client or says only that the broker had a problem.
func ExcludesRestart(nativeReason string) bool { return notRestarts[reasonName(nativeReason)] }
