package broker

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

const (
	// maxText bounds every text but client identifiers, in bytes.
	maxText = 64 << 10
	// maxPort is the highest TCP port.
	maxPort = 65_535
)

// reader gives the values of one item their types, tolerantly: a number may come
// as text, a missing value in any of its forms. It remembers the first field that
// cannot be understood; what it returns from then on does not matter.
type reader struct {
	now       time.Time
	retention time.Duration
	hook      string // Meta.Hook
	words     *words
	field     string
	fault     string
}

func (r *reader) refuse(field, fault string) {
	if r.fault == "" {
		r.field, r.fault = field, fault
	}
}

func (r *reader) refused() bool { return r.fault != "" }

// missing reports whether the source did not tell.
func (v value) missing() bool {
	switch v.kind {
	case absent, null:
		return true
	case text:
		return len(v.raw) == 0 || string(v.raw) == "undefined"
	default:
		return false
	}
}

// isEmptyText reports whether the source sent "".
func (v value) isEmptyText() bool { return v.kind == text && len(v.raw) == 0 }

// text reads a text, "" where it is missing.
func (r *reader) text(field string, v value) string {
	if v.missing() {
		return ""
	}
	return r.anyText(field, v, maxText)
}

// id reads a text for which "undefined" is a value like any other.
func (r *reader) id(field string, v value) string {
	if v.kind == absent || v.kind == null {
		return ""
	}
	return r.anyText(field, v, event.MaxClientID)
}

// clientID reads a client identifier that a row cannot do without.
func (r *reader) clientID(field string, v value) event.ClientID {
	id := event.ClientID(r.id(field, v))
	if id == "" {
		r.refuse(field, "a client identifier is needed")
	}
	return id
}

func (r *reader) anyText(field string, v value, limit int) string {
	if v.kind != text {
		r.refuse(field, "must be a text")
		return ""
	}
	raw, ok := v.unescaped()
	if !ok || !utf8.Valid(raw) {
		r.refuse(field, "is not valid UTF-8")
		return ""
	}
	if len(raw) > limit {
		r.refuse(field, fmt.Sprintf("is longer than %d bytes", limit))
		return ""
	}
	return r.words.of(raw)
}

// integer reads a whole number from 0 to limit, unknown where it is missing.
func (r *reader) integer(field string, v value, limit int32) event.Optional[int32] {
	if v.missing() {
		return event.Optional[int32]{}
	}
	n, ok := v.integer()
	if !ok {
		r.refuse(field, "must be a whole number")
		return event.Optional[int32]{}
	}
	if n < 0 || n > int64(limit) {
		r.refuse(field, fmt.Sprintf("must be from 0 to %d", limit))
		return event.Optional[int32]{}
	}
	return event.Some(int32(n))
}

// numeral reads a whole number that counts events or connections, as its digits; ""
// where it is missing.
func (r *reader) numeral(field string, v value) string {
	if v.missing() {
		return ""
	}
	n, ok := v.integer()
	if !ok || n < 0 {
		r.refuse(field, "must be a whole number, not below zero")
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// seconds reads a whole number of seconds, unknown if it is missing.
func (r *reader) seconds(field string, v value) event.Optional[time.Duration] {
	n := r.integer(field, v, math.MaxInt32)
	return event.Optional[time.Duration]{Value: time.Duration(n.Value) * time.Second, Known: n.Known}
}

// integer is the value of a whole number, or of a text that spells one.
func (v value) integer() (int64, bool) {
	if len(v.raw) > 32 || v.kind != number && !v.spellsNumber() {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(v.raw), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(v.raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// spellsNumber reports whether a text holds a number as JSON writes it.
func (v value) spellsNumber() bool {
	s := scanner{body: v.raw}
	return v.kind == text && s.number() == nil && s.at == len(v.raw)
}

// flag reads true or false, as such or as text.
func (r *reader) flag(field string, v value) event.Optional[bool] {
	if v.missing() {
		return event.Optional[bool]{}
	}
	if v.kind == boolean || v.kind == text {
		switch string(v.raw) {
		case "true":
			return event.Some(true)
		case "false":
			return event.Some(false)
		}
	}
	r.refuse(field, "must be true or false")
	return event.Optional[bool]{}
}

// unknownKind refuses a kind of event that the format does not have.
func (r *reader) unknownKind(field, native string) {
	if native == "" {
		r.refuse(field, "the kind of event is needed")
		return
	}
	r.refuse(field, "is not a kind of event that is known here")
}

// splitPeer cuts "address:port" at the last colon, since IPv6 addresses may come
// without brackets. What has no port is all address.
func splitPeer(peer string) (address string, port int32) {
	colon := strings.LastIndexByte(peer, ':')
	if colon < 0 {
		return peer, 0
	}
	n, err := strconv.ParseUint(peer[colon+1:], 10, 16)
	if err != nil {
		return peer, 0
	}
	address = strings.TrimSuffix(strings.TrimPrefix(peer[:colon], "["), "]")
	return address, int32(n)
}
