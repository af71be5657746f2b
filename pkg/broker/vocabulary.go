package broker

import (
	"slices"

	"devicetrace/pkg/event"
)

// vocabulary lists a source's native words that say more than the action and action info. A bridge
// can forward any broker's events through the source named "events". Therefore a native word means
// the same whichever source sends it. Exceptions are the fields whose names begin with "own": their
// words apply only to this source.
type vocabulary struct {
	// refusals are native events that report a refused CONNECT if their action is close.
	refusals []string
	// ends are native events that report the end of a connection, for whatever reason. An
	// exception: a source with the trait RefusalsEnd or RefusalsLookLikeEnds also sends such a
	// native event for a refused CONNECT.
	ends []string
	// muteEnds are native events that report the end of a connection but never say why it ended.
	muteEnds []string
	// muteDrops are like muteEnds, but never stand for a DISCONNECT. Their source reports a
	// DISCONNECT as a separate native event.
	muteDrops []string
	// ownMuteEnds are like muteEnds, but apply only to this source. Another source sends the same
	// native event with a meaningful reason.
	ownMuteEnds []string
	// ownMuteReasons are native reasons that do not reveal why a connection ended. This source
	// sends each of them in very different cases. They apply only to this source. Another source
	// may send a reason of the same name with a clear meaning.
	ownMuteReasons []string
	// notRestarts are native reasons that do not suggest a broker restart, although the broker
	// closed the connection. Some of these reasons apply to one client, for example an operator's
	// kick or a maximum connection age. Others say only that the broker had a problem.
	notRestarts []string
}

// Each of these sets combines one field of the vocabularies of all sources, and has the name of
// that field. The set muteEnds also includes the words in muteDrops.
var (
	refusals    = wordsOf(func(v vocabulary) []string { return v.refusals })
	ends        = wordsOf(func(v vocabulary) []string { return v.ends })
	muteEnds    = wordsOf(func(v vocabulary) []string { return slices.Concat(v.muteEnds, v.muteDrops) })
	muteDrops   = wordsOf(func(v vocabulary) []string { return v.muteDrops })
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

// IsEnd reports whether e certainly reports the end of a connection rather than a refused CONNECT.
// An exception: if the source has the trait RefusalsEnd, e possibly reports the end of a connection
// whose CONNECT was refused.
func IsEnd(e *event.Event) bool {
	return e.Action == event.Disconnect || ends[e.NativeEvent] && !TraitsOf(e.Source).RefusalsLookLikeEnds
}

// IsMute reports whether e is an end event without a meaningful reason. The action info of such an
// event says nothing about the cause.
func IsMute(e *event.Event) bool {
	return HidesTakeover(e) || e.Action == event.Close && slices.Contains(vocabularyOf(e.Source).ownMuteReasons, e.NativeReason)
}

// HidesTakeover reports whether e is an end event for which the source never gives a reason. Such
// an event possibly reports a session takeover. NanoMQ and VerneMQ send it either just before the
// connect event of the new connection or just after it. Both orders are equally common.
func HidesTakeover(e *event.Event) bool {
	return e.Action == event.Close && (muteEnds[e.NativeEvent] || slices.Contains(vocabularyOf(e.Source).ownMuteEnds, e.NativeEvent))
}

// vocabularyOf returns the vocabulary of a source, or an empty vocabulary if the source is unknown.
func vocabularyOf(source string) *vocabulary {
	if s, ok := sourcesByName[source]; ok {
		return &s.vocabulary
	}
	return &vocabulary{}
}

// ExcludesDisconnect reports whether a native event never stands for a DISCONNECT by the client.
// Its source reports a DISCONNECT as a separate native event. So if a connection's only end event
// has this native event, the client sent no DISCONNECT.
func ExcludesDisconnect(nativeEvent string) bool { return muteDrops[nativeEvent] }

// ExcludesRestart reports whether a native reason does not suggest a broker restart. Such a reason
// applies to one client, or says only that the broker had a problem.
func ExcludesRestart(nativeReason string) bool { return notRestarts[reasonName(nativeReason)] }
