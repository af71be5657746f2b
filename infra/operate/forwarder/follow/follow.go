// Package follow reads a log as it grows, through rotation, truncation and restarts. It records on
// disk how much of the log was delivered, together with what the lines' reader must remember.
//
// Invariants:
//   - Follower hands out only whole lines, in the order of the log.
//   - The position on disk moves past a line only after Done was called for the line. Otherwise
//     the line could be lost in a crash. Only a line longer than maxLine is skipped without being
//     handed out.
//   - The state on disk is the state that the reader had at the position on disk. After a crash,
//     the reader therefore reads the same lines in the same state again.
//   - A line has the same position after a crash, a restart or a rotation, even if the position on
//     disk was lost. A receiver can therefore recognize repeated lines.
//
// A log is identified by its first line, not by the current name of its file. The package therefore
// still finds a log after the log was renamed. It reads the renamed log to its end before it reads
// the new log at the configured path.
package follow

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config configures a Follower.
type Config struct {
	// Path is the path of the broker's log. The file may be created later.
	Path string
	// StateFile is the path of the file that records how much was delivered. Its folder must exist.
	StateFile string
	// State is the state of the lines' reader. It is saved together with the position. Nil means
	// that the reader remembers nothing.
	State State
	// MaxBytes is the maximum size of a Chunk. A longer line gets a larger Chunk of its own.
	// Default 512 KiB.
	MaxBytes int
	// MaxLines is the maximum number of lines in a Chunk. Default 10,000, well below the
	// recorder's limit of 100,000 lines per request.
	MaxLines int
}

// State is what the reader of a log remembers from the lines that it has read.
type State interface {
	// Restore replaces the state with an earlier snapshot.
	Restore(snapshot json.RawMessage) error
	// Snapshot returns the current state, or nil if there is nothing to remember.
	Snapshot() (json.RawMessage, error)
}

const (
	// smallState is the size in bytes up to which a state is saved after each chunk.
	smallState = 64 << 10
	// saveInterval is the minimum time between two saves of a larger state. After a crash, the
	// lines since the last save are delivered again.
	saveInterval = 10 * time.Second
)

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

	isUnsaved bool      // true if a chunk was delivered after the last save
	savedAt   time.Time // when the state file was last written; zero if it was not written yet
	stateSize int       // the size of the state in the state file, in bytes

	warnedMissing bool // true once the warning about a missing log has been logged
}

// Open returns a Follower that continues at the position on disk, and restores the reader's state.
// If the state file is damaged, Open renames it, and the Follower reads all existing logs from the
// start.
func Open(config Config) (*Follower, error) {
	config.MaxBytes = cmp.Or(config.MaxBytes, 512<<10)
	config.MaxLines = cmp.Or(config.MaxLines, 10_000)
	f := &Follower{config: config}
	content, at, err := readSaved(config.StateFile)
	isDamaged := errors.Is(err, errDamaged)
	switch {
	case isDamaged:
		slog.Error("the saved position is damaged: sending all existing logs again; the recorder drops what it already has", "error", err.Error())
	case err != nil:
		return nil, err
	}
	if err := f.restore(content.State); err != nil {
		return nil, err
	}
	if len(content.Logs) == 0 && !isDamaged {
		return f, nil
	}
	for _, p := range content.Logs {
		f.logs = append(f.logs, &logFile{position: p, seenSize: neverSeen})
	}
	f.reopen()
	missed, err := rotatedSince(at, config.Path, f.logs)
	f.logs = append(f.logs, missed...)
	return f, err
}

// restore hands the saved state, if any, to the reader.
func (f *Follower) restore(state json.RawMessage) error {
	f.stateSize = len(state)
	if f.config.State == nil || state == nil {
		return nil
	}
	if err := f.config.State.Restore(state); err != nil {
		return fmt.Errorf("restore the state in %q: %w", f.config.StateFile, err)
	}
	return nil
}

// Close closes the log files. The next Follower hands out all lines that were not delivered.
func (f *Follower) Close() {
	for _, l := range f.logs {
		l.close()
	}
}

// Next returns the next lines, or an empty Chunk if there are no new lines yet. It keeps returning
// lines from the same position until Done is called for a chunk. However, if the log's file is
// gone, Next continues with the next log. Next may save the state, as Save does.
func (f *Follower) Next() (Chunk, error) {
	if err := f.look(); err != nil {
		return Chunk{}, err
	}
	for len(f.logs) > 0 {
		// Once the next log has content, the broker writes no more lines to this log. Check this
		// before reading. If the check came after the read, lines written in between would be lost.
		isOver := len(f.logs) > 1 && f.logs[1].size() > 0
		chunk, err := f.logs[0].read(f.config.MaxBytes, f.config.MaxLines)
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

// Done records that a chunk was delivered, and saves the position and the reader's state. The state
// must cover exactly the lines up to the end of the chunk. Done saves a large state at most once in
// saveInterval. If it does not save, a later call of Save does.
func (f *Follower) Done(c Chunk) error {
	if len(f.logs) > 0 && f.logs[0].position.Log == c.Log {
		f.logs[0].position.Offset = c.Offset + int64(len(c.Lines))
	}
	f.isUnsaved = true
	return f.Save()
}

// Save saves what Done has not saved yet, unless a large state was saved less than saveInterval
// ago. The reader must not have read any lines after the last Done.
func (f *Follower) Save() error {
	if f.stateSize > smallState && time.Since(f.savedAt) < saveInterval {
		return nil
	}
	return f.Flush()
}

// Flush is like Save, but does not wait for saveInterval.
func (f *Follower) Flush() error {
	if !f.isUnsaved {
		return nil
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

// save writes the state file.
func (f *Follower) save() error {
	var content saved
	for _, l := range f.logs {
		if l.position.Log != "" {
			content.Logs = append(content.Logs, l.position)
		}
	}
	if f.config.State != nil {
		var err error
		if content.State, err = f.config.State.Snapshot(); err != nil {
			return err
		}
	}
	if err := content.write(f.config.StateFile); err != nil {
		return err
	}
	f.isUnsaved, f.savedAt, f.stateSize = false, time.Now(), len(content.State)
	return nil
}
