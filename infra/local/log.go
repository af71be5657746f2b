package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// functionLog writes the functions' output to a file. It also writes their errors to
// stderr.
type functionLog struct{ *os.File }

// openFunctionLog starts a new file. It keeps the previous file with ".1" appended to its name.
func openFunctionLog(path string) (*functionLog, error) {
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep previous log of the functions: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("open log of the functions: %w", err)
	}
	return &functionLog{file}, nil
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
	return l.File.Write(line)
}
