package fc

import (
	"bytes"
	"io"
	"sync"
)

// lockedWriter lets the functions share a writer, a line at a time.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) line(prefix, line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	io.WriteString(w.to, prefix+" | "+line+"\n")
}

// lines is a writer of whole lines for one process of a function.
func (w *lockedWriter) lines(function string) *lineWriter {
	return &lineWriter{to: w, prefix: function}
}

// maxLine is where a line is cut, in bytes.
const maxLine = 32 << 10

// lineWriter passes whole lines on and remembers the last one.
type lineWriter struct {
	to     *lockedWriter
	prefix string

	mu   sync.Mutex
	rest []byte
	last string
}

// Write never fails: a function is not to notice that its log is full.
func (w *lineWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, data...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found && len(w.rest) <= maxLine {
			return len(data), nil
		}
		if len(line) > maxLine {
			line, rest = w.rest[:maxLine], w.rest[maxLine:]
		}
		w.emit(string(line))
		w.rest = bytes.Clone(rest)
	}
}

// flush passes on what is left of an ended process.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.emit(string(w.rest))
		w.rest = nil
	}
}

func (w *lineWriter) emit(line string) {
	w.last = line
	w.to.line(w.prefix, line)
}

func (w *lineWriter) lastLine() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
