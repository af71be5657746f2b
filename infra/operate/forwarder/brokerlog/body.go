package brokerlog

import (
	"bytes"
	"encoding/json"

	"devicetrace/infra/operate/forwarder/follow"
)

// Body is the body of one request. It consists of whole lines, so it can be split.
type Body struct {
	// IsEvents is true if each line is an event in the project's own form. Otherwise, the lines
	// are consecutive lines of the log.
	IsEvents bool
	// Log and Offset are the position of the body's first line. If IsEvents is true, they are the
	// position of the log line that the first event comes from.
	Log    string
	Offset int64
	// Lines holds the lines, each of which ends with a line feed.
	Lines []byte
}

const (
	// maxBody is the size in bytes at which a body of events is full. The last event may take the
	// body past this size.
	maxBody = follow.DefaultMaxBytes
	// maxEvents is the maximum number of events in a body.
	maxEvents = follow.DefaultMaxLines
)

func linesOf(c follow.Chunk) Body {
	return Body{Log: c.Log, Offset: c.Offset, Lines: c.Lines}
}

// Position returns the position of the body's first line, in the form "log:offset".
func (b Body) Position() string { return follow.Chunk{Log: b.Log, Offset: b.Offset}.Position() }

// Count returns the number of lines.
func (b Body) Count() int { return bytes.Count(b.Lines, []byte("\n")) }

// Split splits the body into two parts of whole lines. The first part has at most limit bytes,
// unless its first line is longer; it then has only this line. The second part is empty if the
// first is the whole body.
func (b Body) Split(limit int) (first, rest Body) {
	end := len(b.Lines)
	if end > limit {
		end = bytes.LastIndexByte(b.Lines[:max(limit, 0)], '\n') + 1
	}
	if end == 0 {
		end = bytes.IndexByte(b.Lines, '\n') + 1
	}
	return b.splitAt(end)
}

// splitAt splits the body at a byte offset at which a line starts.
func (b Body) splitAt(end int) (first, rest Body) {
	first, rest = b, b
	first.Lines, rest.Lines = b.Lines[:end], b.Lines[end:]
	if !b.IsEvents {
		rest.Offset += int64(end)
	}
	return first, rest
}

// bodies collects events into bodies of limited size.
type bodies struct {
	list   []Body
	events int // the number of events in the last body
}

// add adds an event that comes from the log line at the given position.
func (b *bodies) add(e any, log string, offset int64) {
	if n := len(b.list); n == 0 || b.events == maxEvents || len(b.list[n-1].Lines) >= maxBody {
		b.list, b.events = append(b.list, Body{IsEvents: true, Log: log, Offset: offset}), 0
	}
	last := &b.list[len(b.list)-1]
	last.Lines = append(append(last.Lines, encode(e)...), '\n')
	b.events++
}

func encode(e any) []byte {
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // the events of this package consist of texts and numbers
	}
	return line
}
