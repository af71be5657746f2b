package broker

import (
	"bytes"
	"strconv"
	"time"
)

// wrapping is a JSON object that contains a line of a log. Container runtimes, journald and log
// shippers write such objects.
type wrapping struct {
	log, message, journal                          value // the line
	realtime, date, time, timestamp, elasticSearch value // when the line was written or read
}

func (w *wrapping) slot(key []byte) *value {
	switch string(key) {
	case "log":
		return &w.log
	case "message":
		return &w.message
	case "MESSAGE":
		return &w.journal
	case "__REALTIME_TIMESTAMP":
		return &w.realtime
	case "date":
		return &w.date
	case "time":
		return &w.time
	case "timestamp":
		return &w.timestamp
	case "@timestamp":
		return &w.elasticSearch
	default:
		return nil
	}
}

// hasLine reports whether the object has a key for a line.
func (w *wrapping) hasLine() bool {
	return w.log.kind != absent || w.message.kind != absent || w.journal.kind != absent
}

// wrappedLine is a line of a log without the JSON object around it.
type wrappedLine struct {
	text  []byte
	at    time.Time // the time in the object; zero if there is none
	fault string    // why the object was not understood, or ""
}

// line returns the line in the object.
func (w *wrapping) line() wrappedLine {
	text, ok := w.text()
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case !w.hasLine():
		return wrappedLine{fault: "the object must contain a line of the broker's log under the key log, message or MESSAGE"}
	case !ok:
		return wrappedLine{fault: "the line in the object must be a string or, under the key MESSAGE, an array of bytes"}
	case bytes.IndexByte(text, '\n') >= 0:
		return wrappedLine{fault: "the object must contain one line; send each line in an object of its own"}
	default:
		return wrappedLine{text: text, at: w.when()}
	}
}

func (w *wrapping) text() ([]byte, bool) {
	for _, v := range []value{w.log, w.message, w.journal} {
		if v.kind == text {
			return v.unescaped()
		}
	}
	return w.journal.bytes()
}

// when returns the time in the object, or zero.
func (w *wrapping) when() time.Time {
	if µs, ok := w.realtime.integer(); ok && µs > 0 {
		return time.UnixMicro(µs)
	}
	for _, v := range []value{w.time, w.timestamp, w.elasticSearch, w.date} {
		if t := v.moment(); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// moment reads a time in RFC 3339, or a Unix time in seconds, which may have a fraction, or in
// milliseconds, microseconds or nanoseconds. It returns zero if v is not such a time.
func (v value) moment() time.Time {
	if v.kind == text && !v.escaped {
		if t, err := time.Parse(time.RFC3339Nano, string(v.raw)); err == nil {
			return t
		}
	}
	if v.kind != number && !v.spellsNumber() {
		return time.Time{}
	}
	n, err := strconv.ParseFloat(string(v.raw), 64)
	if err != nil || n <= 0 || n >= 1<<62 {
		return time.Time{}
	}
	for n >= float64(minMilliseconds) { // seconds are smaller than the smallest accepted milliseconds
		n /= 1000
	}
	return time.UnixMilli(int64(n * 1000))
}

// bytes returns the bytes in an array of numbers from 0 to 255. It returns false for any other
// value.
func (v value) bytes() ([]byte, bool) {
	content := bytes.TrimSpace(v.raw)
	if v.kind != array || len(content) < 2 {
		return nil, false
	}
	var all []byte
	for number := range bytes.SplitSeq(content[1:len(content)-1], []byte(",")) {
		n, err := strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 8)
		if err != nil || len(all) > maxLine {
			return nil, false
		}
		all = append(all, byte(n))
	}
	return all, true
}

// unwrap returns the line of a log that raw contains: raw itself, unless raw is a JSON object.
func unwrap(raw []byte) wrappedLine {
	s := scanner{body: raw}
	if s.space() != '{' {
		return wrappedLine{text: bytes.TrimSuffix(raw, []byte("\r"))}
	}
	var w wrapping
	if s.object(w.slot) != nil || !s.ended() {
		return wrappedLine{fault: errSyntax.Error()}
	}
	return w.line()
}

// firstObject reads the JSON object at the beginning of a body, or of the array that is the body.
func firstObject(body []byte) (first wrapping, ok bool) {
	s := scanner{body: body}
	if s.space() == '[' {
		s.at++
	}
	ok = s.space() == '{' && s.object(first.slot) == nil
	return first, ok
}

// isObjectArray reports whether a body begins like an array of objects.
func isObjectArray(body []byte) bool {
	s := scanner{body: body}
	if s.space() != '[' {
		return false
	}
	s.at++
	return s.space() == '{'
}

// isObjectStream reports whether a body begins with a JSON object that extends over several lines.
func isObjectStream(body []byte) bool {
	s := scanner{body: body}
	if s.space() != '{' {
		return false
	}
	from := s.at
	return s.object(ignore) == nil && bytes.IndexByte(body[from:s.at], '\n') >= 0
}

// isWrongRoute reports whether the body is JSON, but its first object contains no line of a log.
func isWrongRoute(body []byte) bool {
	first, isObject := firstObject(body)
	return isObject && !first.hasLine() || !isObject && isJSON(bytes.TrimSpace(body))
}
