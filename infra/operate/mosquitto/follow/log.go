package follow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
)

// log is one log, open or not found yet.
type log struct {
	place place
	file  *os.File // nil: not found
	seen  int64    // the size it had when last looked at
}

// unknown is the size of a log that nobody has looked at since the start.
const unknown = -1

const (
	// maxLong is the longest line that is handed out, in bytes.
	maxLong = 4 << 20
	// maxFirstLine is how much of a first line names its log, in bytes.
	maxFirstLine = 4 << 10
	// maxStamp is how much of the time before a first line stands in the name.
	maxStamp = 32
)

// nameOf names a log by its first line: the time that the line begins with, so that
// the names of logs are in the order of the logs, and a digest. It is empty while
// there is no first line.
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
	sum := sha256.Sum256(line)
	return stamp(line) + hex.EncodeToString(sum[:8])
}

// stamp is the digits of a time, and what stands between them.
func stamp(line []byte) string {
	head := string(line[:min(len(line), maxStamp)])
	time := head[:len(head)-len(strings.TrimLeft(head, "0123456789-+:TZ"))]
	time = strings.TrimRight(time, ":")
	if time == "" || time[0] < '0' || time[0] > '9' {
		return ""
	}
	return time + "-"
}

// identify names the log once it has a first line, and reports whether it did.
func (l *log) identify() bool {
	if l.file == nil || l.place.ID != "" {
		return false
	}
	l.place = place{ID: nameOf(l.file), Inode: inode(l.file)}
	return l.place.ID != ""
}

// isIn reports whether the log is in that very file.
func (l *log) isIn(file *os.File) bool {
	if l.file == nil {
		return false
	}
	mine, err1 := l.file.Stat()
	other, err2 := file.Stat()
	return err1 == nil && err2 == nil && os.SameFile(mine, other)
}

// wasReplaced reports whether another log is in the file by now: it was emptied, and
// perhaps has grown again since.
func (l *log) wasReplaced() bool {
	return l.place.ID != "" && (l.size() < l.place.Offset || nameOf(l.file) != l.place.ID)
}

func (l *log) size() int64 {
	if l.file == nil {
		return 0
	}
	info, err := l.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// read is the whole lines that come next.
func (l *log) read(limit, maxLines int) (Chunk, error) {
	if l.file == nil || l.place.ID == "" {
		return Chunk{}, nil
	}
	l.seen = l.size()
	buffer := make([]byte, min(int64(limit), max(0, l.seen-l.place.Offset)))
	n, err := l.file.ReadAt(buffer, l.place.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return Chunk{}, err
	}
	lines := buffer[:bytes.LastIndexByte(buffer[:n], '\n')+1]
	if len(lines) == 0 && n == limit {
		return l.readLong()
	}
	first := firstLines(lines, maxLines)
	return Chunk{Log: l.place.ID, Offset: l.place.Offset, Lines: first, Full: n == limit || len(first) < len(lines)}, nil
}

// readLong is the one line that comes next, which is longer than the limit.
func (l *log) readLong() (Chunk, error) {
	from := io.NewSectionReader(l.file, l.place.Offset, l.seen-l.place.Offset)
	length, err := lengthOf(from)
	if err != nil || length == 0 {
		return Chunk{}, err
	}
	if length > maxLong {
		slog.Warn("a line is too long to be one of Mosquitto's, and is left out", "log", l.place.ID, "offset", l.place.Offset, "bytes", length)
		l.place.Offset += length
		return Chunk{}, nil
	}
	line := make([]byte, length)
	_, err = from.ReadAt(line, 0)
	return Chunk{Log: l.place.ID, Offset: l.place.Offset, Lines: line, Full: true}, err
}

// lengthOf is the length of a line with its line feed, 0 if there is none yet.
func lengthOf(from io.Reader) (length int64, err error) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if end := bytes.IndexByte(buffer[:n], '\n'); end >= 0 {
			return length + int64(end) + 1, nil
		}
		length += int64(n)
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// firstLines is at most so many lines.
func firstLines(text []byte, maxLines int) []byte {
	end := 0
	for range maxLines {
		length := bytes.IndexByte(text[end:], '\n') + 1
		if length == 0 {
			return text
		}
		end += length
	}
	return text[:end]
}

// retire ends with a log that was delivered to its end, or that is gone.
func (l *log) retire() {
	switch {
	case l.file == nil && l.seen != l.place.Offset:
		slog.Warn("a log is not there any more: what was not delivered of it, if anything, is lost", "log", l.place.ID, "delivered", l.place.Offset)
	case l.size() > l.place.Offset:
		slog.Warn("a log ends in the middle of a line, which is left out", "log", l.place.ID, "bytes", l.size()-l.place.Offset)
	}
	l.close()
}

func (l *log) close() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
