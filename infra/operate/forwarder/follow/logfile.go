package follow

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"
)

// logFile represents a log and the file that currently holds the log.
type logFile struct {
	position position
	file     *os.File  // nil if the file was not found
	seenSize int64     // the size of the file at the last read
	grewAt   time.Time // when a read first found the file at seenSize
}

// neverSeen is the value of seenSize for a log that has not been read since Open.
const neverSeen = -1

// maxLine is the maximum length, in bytes, of a line that a Chunk may contain. Longer lines are
// skipped.
const maxLine = 4 << 20

// settleTime is the time without growth after which a log no longer counts as growing. The broker has
// then probably written all lines of its last message.
const settleTime = 100 * time.Millisecond

// identify gives the log a name if the log has none and its first line is complete. It reports
// whether it has named the log.
func (l *logFile) identify() bool {
	if l.file == nil || l.position.Log != "" {
		return false
	}
	l.position = position{Log: nameOf(l.file), Inode: inode(l.file), Modified: modified(l.file)}
	return l.position.Log != ""
}

// isIn reports whether the given file is the one that currently holds the log.
func (l *logFile) isIn(file *os.File) bool {
	if l.file == nil {
		return false
	}
	mine, err1 := l.file.Stat()
	other, err2 := file.Stat()
	return err1 == nil && err2 == nil && os.SameFile(mine, other)
}

// wasReplaced reports whether the open file was truncated and no longer holds the log. One sign is
// that the file is shorter than the part already delivered. The other sign is a different first
// line. It remains visible after the file has grown again.
func (l *logFile) wasReplaced() bool {
	return l.position.Log != "" && (l.size() < l.position.Offset || nameOf(l.file) != l.position.Log)
}

func (l *logFile) size() int64 {
	if l.file == nil {
		return 0
	}
	info, err := l.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// read returns the next whole lines: at most maxLines lines and at most limit bytes. A line that
// is longer than limit is returned alone.
func (l *logFile) read(limit, maxLines int) (Chunk, error) {
	if l.file == nil || l.position.Log == "" {
		return Chunk{}, nil
	}
	if size := l.size(); size != l.seenSize || l.grewAt.IsZero() {
		l.seenSize, l.grewAt = size, time.Now()
	}
	buffer := make([]byte, min(int64(limit), max(0, l.seenSize-l.position.Offset)))
	n, err := l.file.ReadAt(buffer, l.position.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return Chunk{}, err
	}
	lines := buffer[:bytes.LastIndexByte(buffer[:n], '\n')+1]
	if len(lines) == 0 && n == limit {
		return l.readLong()
	}
	first := firstLines(lines, maxLines)
	return l.chunk(first, n == limit || len(first) < len(lines)), nil
}

// readLong returns a chunk that contains only the next line. The read method calls readLong if the
// next line is longer than the method's limit. The chunk is empty if the line is still incomplete
// or is longer than maxLine. In the latter case, readLong skips the line.
func (l *logFile) readLong() (Chunk, error) {
	rest := io.NewSectionReader(l.file, l.position.Offset, l.seenSize-l.position.Offset)
	length, err := lineLength(rest)
	if err != nil || length == 0 {
		return Chunk{}, err
	}
	if length > maxLine {
		slog.Warn("skipped a line that is too long to be one of the broker's", "log", l.position.Log, "offset", l.position.Offset, "bytes", length)
		l.position.Offset += length
		return Chunk{}, nil
	}
	line := make([]byte, length)
	_, err = rest.ReadAt(line, 0)
	return l.chunk(line, true), err
}

func (l *logFile) chunk(lines []byte, isFull bool) Chunk {
	return Chunk{Log: l.position.Log, Offset: l.position.Offset, Lines: lines, Full: isFull, Growing: time.Since(l.grewAt) < settleTime}
}

// lineLength returns the length of the first line in r, including the line feed. If r contains no
// line feed, lineLength returns 0.
func lineLength(r io.Reader) (length int64, err error) {
	reader := bufio.NewReader(r)
	for {
		part, err := reader.ReadSlice('\n')
		length += int64(len(part))
		switch {
		case err == nil:
			return length, nil
		case errors.Is(err, io.EOF):
			return 0, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return 0, err
		}
	}
}

// firstLines returns the first n lines, or the whole text if it has fewer lines.
func firstLines(text []byte, n int) []byte {
	end := 0
	for range n {
		length := bytes.IndexByte(text[end:], '\n') + 1
		if length == 0 {
			return text
		}
		end += length
	}
	return text[:end]
}

// retire closes a log that has nothing more to deliver. It logs a warning if the log ends with an
// incomplete line, or if the file is gone and lines may have been lost.
func (l *logFile) retire() {
	switch {
	case l.file == nil && l.seenSize != l.position.Offset:
		slog.Warn("a log is gone: lines after the delivered ones, if there were any, are lost", "log", l.position.Log, "delivered", l.position.Offset)
	case l.size() > l.position.Offset:
		slog.Warn("a log ends with an incomplete line, which is skipped", "log", l.position.Log, "bytes", l.size()-l.position.Offset)
	}
	l.close()
}

func (l *logFile) close() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}
