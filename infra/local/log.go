package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// functionLog writes the functions' output to a file. It also writes their errors to stderr, and
// remembers the latest record of each function and message. It is safe for concurrent use.
type functionLog struct {
	file *os.File

	mu      sync.Mutex
	records map[recordKey]record
}

// recordKey identifies the records of a function that have the same message.
type recordKey struct{ function, message string }

// record is the part of a function's log record that this program uses.
type record struct {
	Message string          `json:"msg"`
	Error   string          `json:"error"`
	Report  json.RawMessage `json:"report"`
	number  int             // counts the records of the same recordKey from 1
}

// openFunctionLog starts a new file. It keeps the previous file with ".1" appended to its name.
func openFunctionLog(path string) (*functionLog, error) {
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep previous log of the functions: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("open log of the functions: %w", err)
	}
	return &functionLog{file: file, records: map[recordKey]record{}}, nil
}

// errorMarks are substrings of the log lines that users should see immediately.
var errorMarks = [][]byte{
	[]byte(`"level":"ERROR"`),
	[]byte("panic:"),
	[]byte("asynchronous invocation failed"),
	[]byte("(memorySize): its process was killed"),
	[]byte("memorySize is not enforced"),
}

// Write writes a line. The caller must pass exactly one line.
func (l *functionLog) Write(line []byte) (int, error) {
	for _, mark := range errorMarks {
		if bytes.Contains(line, mark) {
			os.Stderr.Write(line)
			break
		}
	}
	l.remember(line)
	return l.file.Write(line)
}

// remember stores the record that a line of output contains. The line begins with the function's
// name. Lines without a record are ignored.
func (l *functionLog) remember(line []byte) {
	function, text, _ := bytes.Cut(line, []byte(" | "))
	var r record
	if json.Unmarshal(text, &r) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := recordKey{string(function), r.Message}
	r.number = l.records[key].number + 1
	l.records[key] = r
}

// latest returns the latest record of a function with the given message. If there is none, the
// number of the record is 0.
func (l *functionLog) latest(function, message string) record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.records[recordKey{function, message}]
}

// logDelay is the maximum time that await waits. A function's last lines of output can arrive
// shortly after its response.
const logDelay = 2 * time.Second

// await waits for a record of a function that has the given message and a number greater than the
// given one. It returns the latest such record, or false if there is none within logDelay.
func (l *functionLog) await(ctx context.Context, function, message string, number int) (record, bool) {
	ctx, cancel := context.WithTimeout(ctx, logDelay)
	defer cancel()
	for {
		if r := l.latest(function, message); r.number > number {
			return r, true
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return record{}, false
		}
	}
}

// Name returns the path of the file.
func (l *functionLog) Name() string { return l.file.Name() }

// Close closes the file.
func (l *functionLog) Close() error { return l.file.Close() }
