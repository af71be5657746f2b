// Package follow reads a log as it grows, through rotation, truncation and restarts. It records on
// disk how much of the log was delivered.
//
// Invariants:
//   - Follower hands out only whole lines, in the order of the log.
//   - The position on disk moves past a line only after Done was called for the line. Otherwise
//     the line could be lost in a crash. Only a line longer than maxLine is skipped without being
//     handed out.
//   - A line has the same position after a crash, a restart or a rotation, even if the position on
//     disk was lost. A receiver can therefore recognize repeated lines.
//
// A log is identified by its first line, not by the current name of its file. The package therefore
// still finds a log after the log was renamed. It reads the renamed log to its end before it reads
// the new log at the configured path.
package follow

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
)

// Config configures a Follower.
type Config struct {
	// Path is the path of the broker's log. The file may be created later.
	Path string
	// PositionFile is the path of the file that records how much was delivered. Its folder must
	// exist.
	PositionFile string
	// MaxBytes is the maximum size of a Chunk. A longer line gets a larger Chunk of its own.
	// Default 512 KiB.
	MaxBytes int
	// MaxLines is the maximum number of lines in a Chunk. Default 10,000, well below the
	// recorder's limit of 100,000 lines per request.
	MaxLines int
}

// Chunk holds consecutive whole lines from one log.
type Chunk struct {
	// Log is the name of the log, which is derived from its first line.
	Log string
	// Offset is the byte offset in the log at which the chunk's first line starts.
	Offset int64
	// Lines holds the lines, each of which ends with a line feed.
	Lines []byte
	// Full is true if the chunk was cut off by a limit. The log then probably has more lines.
	Full bool
}

// Empty reports whether the chunk has no lines.
func (c Chunk) Empty() bool { return len(c.Lines) == 0 }

// Position returns the position of the chunk's first line, in the form "log:offset".
func (c Chunk) Position() string { return fmt.Sprintf("%s:%d", c.Log, c.Offset) }

// Follower hands out the lines of the log at one path. It is not safe for concurrent use.
type Follower struct {
	config Config
	// logs holds the logs that may still have lines to deliver, oldest first. The last one is the
	// log at the configured path.
	logs []*logFile

	warnedMissing bool // true once the warning about a missing log has been logged
}

// Open returns a Follower that continues at the position on disk. If the position file is
// damaged, Open renames it, and the Follower reads all existing logs from the start.
func Open(config Config) (*Follower, error) {
	config.MaxBytes = cmp.Or(config.MaxBytes, 512<<10)
	config.MaxLines = cmp.Or(config.MaxLines, 10_000)
	f := &Follower{config: config}
	positions, saved, err := readPositions(config.PositionFile)
	switch {
	case errors.Is(err, errDamaged):
		slog.Error("the saved position is damaged: sending all existing logs again; the recorder drops what it already has", "error", err.Error())
	case err != nil:
		return nil, err
	case len(positions) == 0:
		return f, nil
	}
	for _, p := range positions {
		f.logs = append(f.logs, &logFile{position: p, seenSize: neverSeen})
	}
	f.reopen()
	missed, err := rotatedSince(saved, config.Path, f.logs)
	f.logs = append(f.logs, missed...)
	return f, err
}

// Close closes the log files. The next Follower hands out all lines that were not delivered.
func (f *Follower) Close() {
	for _, l := range f.logs {
		l.close()
	}
}

// Next returns the next lines, or an empty Chunk if there are no new lines yet. limit is the
// maximum size of the chunk in bytes. A limit of zero or above MaxBytes means MaxBytes. Next keeps
// returning lines from the same position until Done is called for a chunk. But if the log's file is
// gone, Next continues with the next log.
func (f *Follower) Next(limit int) (Chunk, error) {
	if limit <= 0 || limit > f.config.MaxBytes {
		limit = f.config.MaxBytes
	}
	if err := f.look(); err != nil {
		return Chunk{}, err
	}
	for len(f.logs) > 0 {
		// Once the next log has content, the broker writes no more lines to this log. Check this
		// before reading. If the check came after the read, lines written in between would be lost.
		isOver := len(f.logs) > 1 && f.logs[1].size() > 0
		chunk, err := f.logs[0].read(limit, f.config.MaxLines)
		if err != nil || !chunk.Empty() || !isOver {
			return chunk, err
		}
		f.logs[0].retire()
		f.logs = f.logs[1:]
		if err := f.save(); err != nil {
			return Chunk{}, err
		}
	}
	return Chunk{}, nil
}

// Done records on disk that a chunk was delivered.
func (f *Follower) Done(c Chunk) error {
	if len(f.logs) > 0 && f.logs[0].position.Log == c.Log {
		f.logs[0].position.Offset = c.Offset + int64(len(c.Lines))
	}
	return f.save()
}

// Behind returns the number of bytes not yet delivered, including an unfinished last line.
func (f *Follower) Behind() (bytes int64) {
	for _, l := range f.logs {
		bytes += max(0, l.size()-l.position.Offset)
	}
	return bytes
}

func (f *Follower) save() error {
	var positions []position
	for _, l := range f.logs {
		if l.position.Log != "" {
			positions = append(positions, l.position)
		}
	}
	return writePositions(f.config.PositionFile, positions)
}
