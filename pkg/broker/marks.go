package broker

import "bytes"

// Marker counts the marks in a body that arrives in parts. The number of marks limits the number of
// events: a body with n marks has at most n+1 events.
//
// Each item of a JSON body contains a brace. Each line of a log, except perhaps the last one, ends
// with a line feed, is contained in a JSON object, or is a string in an array. A line counts as two
// marks, because a line that opens a connection can result in two events: the connect event and, if
// the broker stops later in the body, an end event. The line about the stop needs no mark.
type Marker struct {
	// Source is the source of the body.
	Source Source
	// Count is the number of marks in the parts so far.
	Count int64

	opening []byte // the first two bytes of the body that are not white space
}

// Add counts the marks in the next part of the body.
func (m *Marker) Add(part []byte) {
	marks := bytes.Count(part, []byte("{"))
	if m.Source.isLog {
		m.open(part)
		marks = 2 * (marks + bytes.Count(part, []byte("\n")))
		if string(m.opening) == `["` {
			marks += bytes.Count(part, []byte(`"`))
		}
	}
	m.Count += int64(marks)
}

// open adds bytes from the next part of the body to opening until opening is complete.
func (m *Marker) open(part []byte) {
	for i := 0; i < len(part) && len(m.opening) < 2; i++ {
		if bytes.IndexByte([]byte(" \t\r\n"), part[i]) < 0 {
			m.opening = append(m.opening, part[i])
		}
	}
}
