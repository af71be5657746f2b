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
	// maxFirstLine is the maximum number of bytes of a log's first line that identify the log. The
	// rest of a longer line is ignored.
	maxFirstLine = 4 << 10
	// maxStamp is the maximum length, in bytes, of the time at the start of a line.
	maxStamp = 32
)

// nameOf derives the name of a log from the first line of the log's file. The name is the time at
// the start of the line, followed by a digest of the line. The time comes first so that names sort
// chronologically. If the line does not start with a time, the name is only the digest. If the line
// is incomplete or cannot be read, nameOf returns "".
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

// stamp returns the time at the start of a line, followed by a hyphen. If the line does not start
// with a time, stamp returns "".
func stamp(line []byte) string {
	head := string(line[:min(len(line), maxStamp)])
	time := head[:len(head)-len(strings.TrimLeft(head, "0123456789-+:TZ., "))]
	time = strings.TrimRight(time, "-:., ")
	if time == "" || time[0] < '0' || time[0] > '9' {
		return ""
	}
	return strings.ReplaceAll(time, " ", "T") + "-"
}
