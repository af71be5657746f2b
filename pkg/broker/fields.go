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

// when sets the event's time to the first of the fields that is there, else to
// the time it was received.
func (r *reader) when(e *event.Event, fields ...timeField) {
	for _, f := range fields {
		t := r.time(f.name, f.value)
		if t.IsZero() {
			continue
		}
		if r.retention > 0 && t.Before(r.now.Add(-r.retention)) {
			r.refuse(f.name, fmt.Sprintf("%s is older than rows are kept (%s)", show(t), r.retention))
		}
		e.Time, e.TimeOrigin = t, event.FromBroker
		return
	}
	e.Time, e.TimeOrigin = millisecond(r.now), event.FromReceiver
}

// timeField is a field that may hold an event's time.
type timeField struct {
	name  string
	value value
}

// time reads Unix milliseconds or an RFC 3339 text, zero where it is missing.
// A time that cannot be true, such as seconds for milliseconds, is refused.
func (r *reader) time(field string, v value) time.Time {
	if v.missing() {
		return time.Time{}
	}
	t, fault := v.time()
	if fault == "" && t.After(r.now.Add(event.MaxAhead)) {
		fault = fmt.Sprintf("%s is more than %s in the future", show(t), event.MaxAhead)
	}
	if fault != "" {
		r.refuse(field, fault)
		return time.Time{}
	}
	return t
}

const (
	// earliest is in 1973: a smaller number of milliseconds is one of seconds.
	earliest = int64(1e11)
	// latest is in the year 5138: a larger number is one of microseconds.
	latest = int64(1e14)
)

// time returns the time, or a sentence that says why there is none.
func (v value) time() (t time.Time, fault string) {
	ms, isNumber := v.integer()
	if v.kind == text && !isNumber {
		raw, _ := v.unescaped() // some senders escape the + of a zone
		t, err := time.Parse(time.RFC3339Nano, string(raw))
		if err != nil {
			return time.Time{}, "must be an RFC 3339 time or Unix milliseconds"
		}
		ms = t.UnixMilli()
	} else if !isNumber {
		return time.Time{}, "must be a time: Unix milliseconds or RFC 3339"
	}
	switch {
	case ms <= 0:
		return time.Time{}, "must be after 1970"
	case ms < earliest:
		return time.Time{}, "is too long ago: Unix times are in milliseconds, not in seconds"
	case ms > latest:
		return time.Time{}, "is too far ahead: Unix times are in milliseconds, not finer"
	}
	return time.UnixMilli(ms).UTC(), ""
}

// millisecond cuts a time to the precision of rows.
func millisecond(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

func show(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }

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
