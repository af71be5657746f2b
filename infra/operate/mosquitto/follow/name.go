package follow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
)

const (
	// maxFirstLine limits how much of a first line is used to identify the log, in bytes.
	maxFirstLine = 4 << 10
	// maxStamp is the maximum length of the time in a first line, in bytes.
	maxStamp = 32
)

// nameOf returns the name of the log in a file, or "" while the first line is incomplete.
// The name consists of the first line's time, so that names sort in the order of the
// logs, and of the line's digest.
func nameOf(file *os.File) string {
	head := make([]byte, maxFirstLine)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	line, _, isWhole := bytes.Cut(head[:n], []byte("\n"))
	if !isWhole && n < maxFirstLine {
		return ""
	}
	digest := sha256.Sum256(line)
	return stamp(line) + hex.EncodeToString(digest[:8])
}

// stamp returns the time at the start of a line, followed by a hyphen, or "" if the line
// does not start with a time.
func stamp(line []byte) string {
	head := string(line[:min(len(line), maxStamp)])
	time := head[:len(head)-len(strings.TrimLeft(head, "0123456789-+:TZ"))]
	time = strings.TrimRight(time, ":")
	if time == "" || time[0] < '0' || time[0] > '9' {
		return ""
	}
	return time + "-"
}
