package broker

import (
	"slices"

	"devicetrace/pkg/event"
)

// vocabulary groups a source's native words by what they reveal beyond the action and action info
// of an event. A bridge may send any broker's native words, because it can forward the broker's
// events through the source named "events". A word therefore means the same whichever source sends
// it, unless the comment on a field says otherwise.
type vocabulary struct {
	// refusals are native events that only a refused CONNECT causes.
	refusals []string
	// ends are native events that occur only when an accepted connection ends, for whatever
	// reason.
	ends []string
	// muteEnds are native events that report the end of a connection but never say why it ended.
	muteEnds []string
	// muteDrops are like muteEnds, but never stand for a DISCONNECT, because the source reports a
	// DISCONNECT as a separate native event.
	muteDrops []string
	// ownMuteEnds are like muteEnds, but apply only to this source. Another source sends the same
	// native event with a meaningful reason.
	ownMuteEnds []string
	// ownMuteReasons are native reasons that do not reveal why a connection ended, because this
	// source sends each of them in very different cases. They apply only to this source: a reason
	// with the same name may be meaningful if another source sends it.
	ownMuteReasons []string
	// notRestarts are native reasons that do not suggest a broker restart, even though the broker
	// closed the connection. Such a reason either applies to one client (an operator's kick, a
	// maximum connection age) or says only that the broker had a problem.
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

// IsRefusal reports whether the native event shows that e is a refused CONNECT.
func IsRefusal(e *event.Event) bool { return e.Action == event.Close && refusals[e.NativeEvent] }

// IsEnd reports whether e must be the end of an accepted connection and cannot be a refused
// CONNECT.
func IsEnd(e *event.Event) bool {
	return e.Action == event.Disconnect || ends[e.NativeEvent] && !TraitsOf(e.Source).RefusalsLookLikeEnds
}

// IsMute reports whether e ends a connection without a meaningful reason. The action info of such
// an event says nothing about the cause.
func IsMute(e *event.Event) bool {
	return HidesTakeover(e) || e.Action == event.Close && slices.Contains(vocabularyOf(e.Source).ownMuteReasons, e.NativeReason)
}

// HidesTakeover reports whether e is an end event for which the source never gives a reason, not
// even after a session takeover. The connection that ended may therefore have been taken over.
// NanoMQ and VerneMQ report the end of the old connection either before the connect event of the
// new connection or just after it. Both orders are equally common.
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

// ExcludesDisconnect reports whether an end event with the given native event cannot be a
// DISCONNECT by the client. This is the case if the source reports a DISCONNECT as a separate
// native event. The end event needs no reason to show this.
func ExcludesDisconnect(nativeEvent string) bool { return muteDrops[nativeEvent] }

// ExcludesRestart reports whether a native reason is no sign of a broker restart, even though the
// broker closed the connection. Such a reason either applies to one client or says only that the
// broker had a problem.
func ExcludesRestart(nativeReason string) bool { return notRestarts[reasonName(nativeReason)] }
