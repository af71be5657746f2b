package broker

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// maxLine is the maximum length of a log line in bytes.
const maxLine = 4 << 10

// lineReader splits a body into the lines of a log and collects their events.
type lineReader struct {
	collector
	log    string               // the name of the log; empty if the position is unknown
	offset int64                // the offset of the body in the log
	before map[lineIdentity]int // how often each identity has occurred so far in this body
}

// wantsLines is the error text for a body that was sent to the wrong route.
const wantsLines = "the body must be lines of the broker's log; send JSON events to the route " + Events

// openLog returns a lineReader for the body. If the position is invalid, openLog rejects the body
// and returns false.
func openLog(body []byte, meta Meta) (lineReader, bool) {
	b := lineReader{collector: collector{meta: meta, size: len(body)}, before: map[lineIdentity]int{}}
	if meta.Position != "" && !b.parsePosition(meta.Position) {
		b.reject(body, "", `the position must be the log's name, a colon and the byte offset of the body, such as "name:1024"`)
		return b, false
	}
	return b, true
}

// each calls read for each line of the body that is not blank, with the line's byte offset. It
// rejects a body without such a line.
func (b *lineReader) each(body []byte, read func(raw []byte, at int)) {
	isBlank := true
	for at := 0; at < len(body); {
		line, _, _ := bytes.Cut(body[at:], []byte("\n"))
		if len(bytes.TrimSpace(line)) > 0 {
			if b.full() {
				return
			}
			isBlank = false
			read(line, at)
		}
		at += len(line) + 1
	}
	if isBlank {
		b.reject(body, "", "the body is empty; send at least one line")
	}
}

// isJSON reports whether a text is a JSON object or array.
func isJSON(line []byte) bool {
	return len(line) > 0 && (line[0] == '{' || line[0] == '[') && wellFormed(line)
}

const (
	// maxLogName is the maximum length of a log's name, in bytes.
	maxLogName = 128
	// maxOffset is the largest offset that a position may contain. It has 15 digits because
	// LineID pads offsets to 15 digits.
	maxOffset = 999_999_999_999_999
)

// parsePosition parses the body's position in the log and reports whether the position is valid.
func (b *lineReader) parsePosition(position string) bool {
	colon := strings.LastIndexByte(position, ':')
	if colon < 1 || colon > maxLogName || !utf8.ValidString(position) {
		return false
	}
	offset, err := strconv.ParseUint(position[colon+1:], 10, 64)
	b.log, b.offset = position[:colon], int64(offset)
	return err == nil && offset <= maxOffset-uint64(b.size)
}

// lineFault returns what is wrong with a line, or "".
func lineFault(line []byte) string {
	switch {
	case len(line) > maxLine:
		return fmt.Sprintf("the line must not be longer than %d bytes", maxLine)
	case !utf8.Valid(line):
		return "the line must be valid UTF-8"
	default:
		return ""
	}
}

// placedLine is a line of a log, with its place in the body.
type placedLine struct {
	item
	body *lineReader
	at   int // the line's byte offset in the body
}

func (l placedLine) row(r *reader, e *event.Event) bool {
	isRow := l.item.row(r, e)
	if isRow {
		l.body.identifyByPosition(e, l.at)
	}
	return isRow
}

// identifyByPosition sets an event's identifier to the position of its line in the log. A line has
// the same position in every body. A line that is sent again therefore results in the same event,
// if it has a time. A stamp without a date or a year is an exception: it is completed with the time
// of receipt, which may result in another time. Identifiers sort in the order of the lines, so
// events in the same second stay in order.
//
// If the position is unknown, only an event that looks the same as an earlier event of the body gets
// an identifier. The identifier contains the number of such earlier events, so that each of them
// counts as a separate event.
func (b *lineReader) identifyByPosition(e *event.Event, at int) {
	switch {
	case b.log != "":
		e.SourceEventID = LineID(b.log, b.offset+int64(at))
	case e.TimeOrigin == event.FromBroker:
		key := identityOf(e)
		if n := b.before[key]; n > 0 {
			e.SourceEventID = fmt.Sprintf("repeat-%05d", n)
		}
		b.before[key]++
	}
}

// LineID returns the identifier of the event from the line at the given position: the log's name and
// the byte offset at which the line starts. A sender that makes events from lines uses it too, so that
// an event has the same identifier whether its line or the event is sent.
func LineID(log string, offset int64) string { return fmt.Sprintf("%s:%015d", log, offset) }

// lineIdentity holds the identity columns of an event from a log line; see event.Column. The other
// identity columns are equal in all such events of a body: the instance, and those for values that a
// log line does not have.
type lineIdentity struct {
	client                  event.ClientID
	at                      int64 // Unix time in milliseconds
	native, reason, address string
}

func identityOf(e *event.Event) lineIdentity {
	return lineIdentity{e.ClientID, e.Time.UnixMilli(), e.NativeEvent, e.NativeReason, e.PeerAddress}
}
