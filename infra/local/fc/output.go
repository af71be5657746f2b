package fc

import (
	"bytes"
	"io"
	"sync"
)

// sharedOutput lets several processes write to one writer, a line at a time.
type sharedOutput struct {
	mu sync.Mutex
	to io.Writer
}

func (o *sharedOutput) line(function, line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	io.WriteString(o.to, function+" | "+line+"\n")
}

// lines returns a writer for the output of one process of the given function.
func (o *sharedOutput) lines(function string) *lineWriter {
	return &lineWriter{to: o, function: function}
}

// maxLine is the maximum length of a line, in bytes. A longer line is split.
const maxLine = 32 << 10

// lineWriter passes whole lines on to a sharedOutput, and remembers the last line.
type lineWriter struct {
	to       *sharedOutput
	function string

	mu   sync.Mutex
	rest []byte
	last string
}

// Write never fails, because a function must not notice that its log cannot be written.
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

// flush passes on the incomplete last line of a process that has exited.
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
	w.to.line(w.function, line)
}

// note writes a line from the host itself among the lines of the process.
func (w *lineWriter) note(line string) { w.to.line(w.function, line) }

func (w *lineWriter) lastLine() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
