package summary

import (
	"strings"

	"devicetrace/pkg/event"
	"devicetrace/pkg/segment"
)

// maxWords is the maximum number of words that a fold distinguishes. The vocabulary has fewer. The
// events of any further words are counted without their action info.
const maxWords = 200

// maxKnown is the maximum number of entries in words.known. Without this limit, the native events
// of hostile rows could fill the memory.
const maxKnown = 4096

// word is the part of a key that does not depend on the node.
type word struct {
	Key
	kind   Kind
	number uint16 // index in words.list
}

// words assigns numbers to words.
type words struct {
	known map[wording]*word
	byKey map[Key]*word
	list  []*word
}

// wording holds the columns of a row that determine the row's word.
type wording struct {
	action, actionInfo, nativeEvent, timeOrigin string
	hasStart                                    bool // whether connected_at is known
}

func newWords() words { return words{known: map[wording]*word{}, byKey: map[Key]*word{}} }

// of returns the word of a row.
func (w *words) of(r *segment.Row) *word {
	wording := wording{r.Action, r.ActionInfo, r.NativeEvent, r.TimeOrigin, r.ConnectedAt != 0}
	if known, ok := w.known[wording]; ok {
		return known
	}
	kind := KindOf(r)
	key := Key{
		Action:     r.Action,
		ActionInfo: r.ActionInfo,
		Received:   r.TimeOrigin == string(event.FromReceiver),
		Refused:    kind == Refusal,
	}
	found := w.byKey[key]
	if found == nil {
		found = w.insert(key, kind)
	}
	if len(w.known) < maxKnown && len(r.NativeEvent) <= event.MaxText && found.Action == r.Action && found.ActionInfo == r.ActionInfo {
		wording.action, wording.actionInfo = found.Action, found.ActionInfo
		wording.nativeEvent, wording.timeOrigin = strings.Clone(r.NativeEvent), strings.Clone(r.TimeOrigin)
		w.known[wording] = found
	}
	return found
}

// insert returns the word with a new key. If there are too many words, or if the texts are not from
// the vocabulary and too long, it returns the plain word instead.
func (w *words) insert(key Key, kind Kind) *word {
	if len(w.list) >= maxWords || len(key.Action)+len(key.ActionInfo) > event.MaxText {
		return w.plain(key, kind)
	}
	key.Action, key.ActionInfo = strings.Clone(key.Action), strings.Clone(key.ActionInfo)
	return w.add(key, kind)
}

// plain returns the word of the same kind without an action info. There are only a few such words.
func (w *words) plain(key Key, kind Kind) *word {
	key.ActionInfo = ""
	switch kind {
	case Connect, Refusal:
		key.Action = string(event.Connect)
	case Drop:
		key.Action = string(event.Close)
	case Disconnect:
		key.Action = string(event.Disconnect)
	}
	if found := w.byKey[key]; found != nil {
		return found
	}
	return w.add(key, kind)
}

func (w *words) add(key Key, kind Kind) *word {
	added := &word{Key: key, kind: kind, number: uint16(len(w.list))}
	w.list = append(w.list, added)
	w.byKey[key] = added
	return added
}
