package broker

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"devicetrace/pkg/event"
)

// maxLine is the longest line of a log that is looked at, in bytes.
const maxLine = 4 << 10

// lineReader cuts a body into the lines of a log and collects what they make.
type lineReader struct {
	collector
	log    string         // its name; empty where nobody tells the position
	offset int64          // of the body in it
	before map[string]int // how often each line came in this body
}

// decodeLines is the Decoder of a log whose lines are L. Blank lines are no items;
// the last line needs no line feed.
func decodeLines[L interface {
	~[]byte
	item
}](body []byte, meta Meta) Batch {
	b := lineReader{collector: collector{meta: meta, size: len(body)}, before: map[string]int{}}
	if meta.Position != "" && !b.place(meta.Position) {
		b.reject(body, "", `the position must be a name, a colon and the byte where the body begins: "name:1024"`)
		return b.batch
	}
	if first, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n")); isJSON(first) {
		b.reject(body, "", "this route takes the lines of a log, not JSON")
		return b.batch
	}
	for at := 0; at < len(body); {
		line, _, _ := bytes.Cut(body[at:], []byte("\n"))
		isBlank := len(bytes.TrimSpace(line)) == 0
		if b.full() && !isBlank {
			b.reject(body[at:], "", errTooMany.Error())
			break
		}
		if !isBlank {
			b.line(line, at, L(bytes.TrimSuffix(line, []byte("\r"))))
		}
		at += len(line) + 1
	}
	if b.items == 0 {
		b.reject(body, "", "the body is empty")
	}
	return b.batch
}

// isJSON reports whether a line is a JSON object or array: somebody sends to the wrong
// route, and would not notice if it were taken for a line that tells nothing.
func isJSON(line []byte) bool {
	return len(line) > 0 && (line[0] == '{' || line[0] == '[') && wellFormed(line)
}

const (
	// maxLogName is the longest name of a log in a position, in bytes.
	maxLogName = 128
	// maxOffset is the last byte that a position can tell: one of 15 digits.
	maxOffset = 999_999_999_999_999
)

// place reads where the body begins.
func (b *lineReader) place(position string) bool {
	colon := strings.LastIndexByte(position, ':')
	if colon < 1 || colon > maxLogName || !utf8.ValidString(position) {
		return false
	}
	offset, err := strconv.ParseUint(position[colon+1:], 10, 64)
	b.log, b.offset = position[:colon], int64(offset)
	return err == nil && offset <= maxOffset-uint64(b.size)
}

// line adds what a line makes. at is where it begins in the body.
func (b *lineReader) line(raw []byte, at int, read item) {
	switch {
	case len(raw) > maxLine:
		b.reject(raw, "", fmt.Sprintf("the line is longer than %d bytes", maxLine))
		return
	case !utf8.Valid(raw):
		b.reject(raw, "", "the line is not valid UTF-8")
		return
	}
	rows := len(b.batch.Events)
	b.add(raw, read)
	if len(b.batch.Events) > rows {
		b.identify(&b.batch.Events[rows], raw, at)
	}
}

// identify gives a row the place of its line in the log for an id: the same
// whatever body the line comes in, and as text in the order of the lines, which is
// the order of rows of one second. Without a position only lines that are the same
// are told apart, by how many of them came before in this body.
func (b *lineReader) identify(e *event.Event, raw []byte, at int) {
	if b.log != "" {
		e.SourceEventID = fmt.Sprintf("%s:%015d", b.log, b.offset+int64(at))
		return
	}
	if n := b.before[string(raw)]; n > 0 && e.SourceEventID == "" {
		e.SourceEventID = fmt.Sprintf("repeat-%05d", n)
	}
	b.before[string(raw)]++
}
