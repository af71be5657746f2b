package history

import (
	"strings"
	"unsafe"

	"devicetrace/pkg/event"
)

// interned holds one copy of each distinct string, meaning and details value, because many events
// share them.
type interned struct {
	texts    map[string]string
	meanings map[words]*meaning
	details  map[details]*details
	bytes    int64
}

// mapEntryBytes is the approximate size of an entry in a map with small keys and values.
const mapEntryBytes = 40

// words holds the fields of an event that say what happened. interpret derives a meaning from them.
type words struct {
	Action       event.Action     `json:"action"`
	ActionInfo   event.ActionInfo `json:"action_info"`
	NativeEvent  string           `json:"native_event"`
	NativeReason string           `json:"native_reason"`
	ReasonCode   Optional[int32]  `json:"reason_code"`
	source       string
}

// details holds facts about a connection that seldom differ between the connections of one client.
type details struct {
	Protocol        string         `json:"protocol"`
	ProtocolVersion int32          `json:"protocol_version"`
	KeepAlive       KeepAlive      `json:"keep_alive"`
	CleanStart      Optional[bool] `json:"clean_start"`
	Source          string         `json:"source"`
}

// noMeaning and noDetails stand for unknown values. Unlike nil, they can be dereferenced.
var (
	noMeaning = &meaning{}
	noDetails = &details{}
)

// text returns a copy of s that stays valid after the caller reuses the memory of s.
func (in *interned) text(s string) string {
	if known, ok := in.texts[s]; ok {
		return known
	}
	if in.texts == nil {
		in.texts = map[string]string{}
	}
	s = strings.Clone(s)
	in.texts[s] = s
	in.bytes += int64(2*unsafe.Sizeof(s)) + mapEntryBytes + int64(len(s))
	return s
}

func (in *interned) meaningOf(e *event.Event) *meaning {
	w := wordsOf(e)
	if known, ok := in.meanings[w]; ok {
		return known
	}
	if in.meanings == nil {
		in.meanings = map[words]*meaning{}
	}
	w.Action, w.ActionInfo = event.Action(in.text(string(w.Action))), event.ActionInfo(in.text(string(w.ActionInfo)))
	w.NativeEvent, w.NativeReason, w.source = in.text(w.NativeEvent), in.text(w.NativeReason), in.text(w.source)
	in.meanings[w] = interpret(w)
	in.bytes += int64(unsafe.Sizeof(w)+unsafe.Sizeof(meaning{})) + mapEntryBytes
	return in.meanings[w]
}

func wordsOf(e *event.Event) words {
	return words{e.Action, e.ActionInfo, e.NativeEvent, e.NativeReason, Optional[int32](e.ReasonCode), e.Source}
}

func (in *interned) detailsOf(e *event.Event) *details {
	d := details{e.Protocol, e.ProtocolVersion, KeepAlive(e.KeepAlive), Optional[bool](e.CleanStart), e.Source}
	if known, ok := in.details[d]; ok {
		return known
	}
	d.Protocol, d.Source = in.text(d.Protocol), in.text(d.Source)
	return in.keep(d)
}

// keep returns the interned copy of d. The copy shares the strings of d, so their memory must not
// be reused.
func (in *interned) keep(d details) *details {
	if known, ok := in.details[d]; ok {
		return known
	}
	if in.details == nil {
		in.details = map[details]*details{}
	}
	in.details[d] = &d
	in.bytes += int64(2*unsafe.Sizeof(d)) + mapEntryBytes
	return &d
}

// or returns d, with the unknown fields taken from other.
func (d details) or(other *details) details {
	fill(&d.Protocol, other.Protocol)
	fill(&d.ProtocolVersion, other.ProtocolVersion)
	fill(&d.KeepAlive, other.KeepAlive)
	fill(&d.CleanStart, other.CleanStart)
	fill(&d.Source, other.Source)
	return d
}

func fill[T comparable](to *T, from T) {
	var unknown T
	if *to == unknown {
		*to = from
	}
}
