package broker

import (
	"slices"

	"devicetrace/pkg/event"
)

// vocabulary lists a source's native words by what they reveal in addition to action and action
// info. A bridge may forward another broker's words through the source named "events", so a
// word has the same meaning whichever source sends it, unless a field's comment says otherwise.
type vocabulary struct {
	// refusals are native events that only a refused CONNECT causes.
	refusals []string
	// ends are native events that occur only when an accepted connection ends, for whatever
	// reason.
	ends []string
	// muteEnds are native events that report the end of a connection, but for which the source
	// never gives a reason.
	muteEnds []string
	// muteDrops are like muteEnds, except that they never report a DISCONNECT, because the
	// source has a separate native event for a DISCONNECT.
	muteDrops []string
	// ownMuteEnds are like muteEnds, but apply only to this source, because another source does
	// give a reason with the same native event.
	ownMuteEnds []string
	// ownMuteReasons are native reasons that do not reveal why a connection ended, because the
	// source gives the same reason in quite different cases. From another source, the same
	// reason may be meaningful.
	ownMuteReasons []string
	// notRestarts are native reasons that do not suggest that the broker restarted, although
	// the broker closed the connection. Such a reason either concerns one client (an operator's
	// kick, a limit on the age of connections) or says only that the broker had a problem.
	notRestarts []string
}

// The native words of all sources together, by field of vocabulary.
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

// IsRefusal reports whether e can only be a refused CONNECT, judging by its native event.
func IsRefusal(e *event.Event) bool { return e.Action == event.Close && refusals[e.NativeEvent] }

// IsEnd reports whether e can only be the end of an accepted connection.
func IsEnd(e *event.Event) bool {
	return e.Action == event.Disconnect || ends[e.NativeEvent] && !TraitsOf(e.Source).RefusalsLookLikeEnds
}

// IsMute reports whether e is the end of a connection and gives no meaningful reason. The
// action info of such an event shows nothing about the cause.
func IsMute(e *event.Event) bool {
	return HidesTakeover(e) || e.Action == event.Close && slices.Contains(vocabularyOf(e.Source).ownMuteReasons, e.NativeReason)
}

// HidesTakeover reports whether e is an end event of a kind for which the source never gives a
// reason, not even after a session takeover. NanoMQ and VerneMQ report the end of the old
// connection either before or just after the new connect; both orders are equally common.
func HidesTakeover(e *event.Event) bool {
	return e.Action == event.Close && (muteEnds[e.NativeEvent] || slices.Contains(vocabularyOf(e.Source).ownMuteEnds, e.NativeEvent))
}

// vocabularyOf returns the vocabulary of a source. It is empty for an unknown source.
func vocabularyOf(source string) *vocabulary {
	if s, ok := sourcesByName[source]; ok {
		return &s.vocabulary
	}
	return &vocabulary{}
}

// ExcludesDisconnect reports whether an end event with this native event and without a reason
// cannot stand for a DISCONNECT, because the source has a separate native event for a
// DISCONNECT.
func ExcludesDisconnect(nativeEvent string) bool { return muteDrops[nativeEvent] }

// ExcludesRestart reports whether a native reason does not suggest that the broker restarted,
// although the broker closed the connection. Such a reason either concerns one client or says
// only that the broker had a problem.
func ExcludesRestart(nativeReason string) bool { return notRestarts[reasonName(nativeReason)] }
