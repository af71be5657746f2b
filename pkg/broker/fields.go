package broker

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// maxPort is the highest TCP port.
const maxPort = 65_535

// reader converts the values of one item to Go types. It is tolerant: it accepts a string in place
// of a number, and it treats null, "" and "undefined" as missing values. It remembers only the
// first field that it refuses, because the whole item is then rejected. The values that it returns
// after a refusal do not matter.
type reader struct {
	meta     *Meta
	interned *interner
	field    string
	fault    string
}

// refuse rejects the item because of the given field. fault says what is wrong with the field and
// what to send instead. fault must continue a sentence that starts with the field's name. If refuse
// is called several times for the same item, only the first call counts.
func (r *reader) refuse(field, fault string) {
	if r.fault == "" {
		r.field, r.fault = field, fault
	}
}

func (r *reader) refused() bool { return r.fault != "" }

// missing reports whether the value is absent, null, "" or "undefined".
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

// text reads a string. It returns "" if the value is missing.
func (r *reader) text(field string, v value) string {
	if v.missing() {
		return ""
	}
	return r.anyText(field, v)
}

// id reads an identifier. Unlike text, it does not treat "undefined" as a missing value. It accepts
// a number and returns its digits as sent, because some senders put an identifier into JSON without
// quotes.
func (r *reader) id(field string, v value) string {
	switch v.kind {
	case absent, null:
		return ""
	case number:
		return r.interned.text(v.raw)
	default:
		return r.anyText(field, v)
	}
}

// name reads a user name, or another text that some senders send as a number. Like id, it accepts a
// number.
func (r *reader) name(field string, v value) string {
	if v.missing() {
		return ""
	}
	return r.id(field, v)
}

// clientID reads the client identifier. It refuses a missing or empty identifier.
func (r *reader) clientID(field string, v value) event.ClientID {
	id := event.ClientID(r.id(field, v))
	if id == "" {
		r.refuse(field, "is missing; every event needs its client identifier")
	}
	return id
}

// anyText reads a string of any length.
func (r *reader) anyText(field string, v value) string {
	if v.kind != text {
		r.refuse(field, "must be a string")
		return ""
	}
	raw, ok := v.unescaped()
	if !ok || !utf8.Valid(raw) {
		r.refuse(field, "must be valid UTF-8")
		return ""
	}
	return r.interned.text(raw)
}

// integer reads a whole number from 0 to limit. The result is unknown if the value is
// missing.
func (r *reader) integer(field string, v value, limit int32) event.Optional[int32] {
	if v.missing() {
		return event.Optional[int32]{}
	}
	n, ok := v.integer()
	if !ok || n < 0 || n > int64(limit) {
		r.refuse(field, fmt.Sprintf("must be a whole number from 0 to %d", limit))
		return event.Optional[int32]{}
	}
	return event.Some(int32(n))
}

// numeral reads a whole number, such as a sequence number, and returns its digits. It
// returns "" if the value is missing.
func (r *reader) numeral(field string, v value) string {
	if v.missing() {
		return ""
	}
	n, ok := v.integer()
	if !ok || n < 0 {
		r.refuse(field, "must be a whole number, 0 or more")
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// seconds reads a whole number of seconds. The result is unknown if the value is missing. It is also
// unknown if the number exceeds 31 bits, because in some protocols a client may choose such a number
// to say that there is no limit.
func (r *reader) seconds(field string, v value) event.Optional[time.Duration] {
	if n, isWhole := v.integer(); isWhole && n > math.MaxInt32 {
		return event.Optional[time.Duration]{}
	}
	n := r.integer(field, v, math.MaxInt32)
	return event.Optional[time.Duration]{Value: time.Duration(n.Value) * time.Second, Known: n.Known}
}

// integer returns the value of a whole number, or of a string that spells a whole number. It
// returns false for any other value.
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

// spellsNumber reports whether v is a string that spells a JSON number.
func (v value) spellsNumber() bool {
	s := scanner{body: v.raw}
	return v.kind == text && s.number() == nil && s.at == len(v.raw)
}

// flag reads a boolean, or a string that spells a boolean. The result is unknown if the
// value is missing.
func (r *reader) flag(field string, v value) event.Optional[bool] {
	if v.missing() {
		return event.Optional[bool]{}
	}
	switch string(v.raw) {
	case "true":
		return event.Some(true)
	case "false":
		return event.Some(false)
	}
	r.refuse(field, "must be true or false")
	return event.Optional[bool]{}
}

// open reads the members of an object, which may be missing. It refuses a value that is not an
// object.
func (r *reader) open(field string, v value, slot func(key []byte) *value) {
	if !v.missing() {
		r.members(field, v, slot, "must be an object")
	}
}

// members stores the value of each member of an object in the variable that slot returns for its
// key. It refuses any other value with the given fault. It also refuses an object in which a key
// that slot knows occurs more than once.
func (r *reader) members(field string, v value, slot func(key []byte) *value, fault string) {
	s := scanner{body: v.raw}
	if v.kind != object || s.object(slot) != nil {
		r.refuse(field, fault)
	}
	if s.repeated != "" {
		r.refuse(field+"."+s.repeated, isRepeated)
	}
}

// isRepeated is the error text for a key that occurs more than once in an object. If a sender puts
// texts into JSON without escaping them, a client can add such keys, so no value can be trusted.
const isRepeated = "occurs more than once; send each key once, and escape quotation marks in the values"

// unknownKind rejects an item whose event kind is missing or unknown. kinds lists the supported
// kinds for the message.
func (r *reader) unknownKind(field, native string, kinds ...string) {
	if native == "" {
		r.refuse(field, "is missing; use one of "+strings.Join(kinds, ", "))
		return
	}
	r.refuse(field, fmt.Sprintf("%.64q is not known; use one of %s", native, strings.Join(kinds, ", ")))
}

// splitPeer cuts "address:port" at the last colon, because the address may be an IPv6 address
// without brackets, which contains colons. If there is no port, the whole string is the address.
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

// splitAddress splits a client's address, with or without a port, into address and port. It first
// checks whether the whole string is an IP address. Otherwise, the end of an IPv6 address could be
// taken for a port. It also removes a slash that Java puts before an address.
func splitAddress(peer string) (address string, port int32) {
	peer = strings.TrimPrefix(peer, "/")
	if bare := strings.Trim(peer, "[]"); isIPAddress(bare) {
		return bare, 0
	}
	return splitPeer(peer)
}

func isIPAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
