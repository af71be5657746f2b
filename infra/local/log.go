package main

import (
	"bytes"
	"fmt"
	"os"
)

// functionLog keeps what the functions print in a file, and shows errors.
type functionLog struct{ file *os.File }

// openFunctionLog begins a new file.
func openFunctionLog(path string) (*functionLog, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("open log of the functions: %w", err)
	}
	return &functionLog{file}, nil
}

// marks of lines that are worth seeing at once.
var marks = [][]byte{[]byte(`"level":"ERROR"`), []byte("panic:"), []byte("asynchronous invocation failed")}

// Write gets one line at a time.
func (l *functionLog) Write(line []byte) (int, error) {
	for _, mark := range marks {
		if bytes.Contains(line, mark) {
			os.Stderr.Write(line)
			break
		}
	}
	return l.file.Write(line)
}

func (l *functionLog) close() error { return l.file.Close() }
