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
	"slices"
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
	// Default DefaultMaxBytes.
	MaxBytes int
	// MaxLines is the maximum number of lines in a Chunk. Default DefaultMaxLines.
	MaxLines int
}

const (
	// DefaultMaxBytes is the default of Config.MaxBytes, 512 KiB.
	DefaultMaxBytes = 512 << 10
	// DefaultMaxLines is the default of Config.MaxLines. It is well below the recorder's limit of
	// 100,000 lines or events per request.
	DefaultMaxLines = 10_000
)

// State is what the reader of a log remembers from the lines that it has read.
type State interface {
	// Restore replaces the state with an earlier snapshot. It returns an error that wraps ErrOtherState
	// if the snapshot belongs to another reader. After any other error, the state is unchanged, and
	// the snapshot counts as damaged.
	Restore(snapshot json.RawMessage) error
	// Snapshot returns the current state, or nil if there is nothing to remember.
	Snapshot() (json.RawMessage, error)
}

// ErrOtherState is the error about a snapshot that belongs to another reader.
var ErrOtherState = errors.New("the state belongs to another reader")

const (
	// smallState is the size in bytes up to which a state is saved after each chunk.
	smallState = 64 << 10
	// saveInterval is the minimum time between two saves of a larger state. After a crash, the
	// lines since the last save are delivered again.
	saveInterval = 10 * time.Second
	// maxFinished is the maximum number of finished logs whose names are remembered.
	maxFinished = 100
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
	// Growing is true if the log has grown within the last moments. The broker may then not have
	// written all lines of its last message yet.
	Growing bool
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
	// finished holds the names of the latest logs that were delivered to their end, so that a copy of
	// one is not taken for another log.
	finished []string
	readsAll bool // true if the follower starts with the rotated logs that it finds
	hasNew   bool // true if a log was found after the last save

	isUnsaved bool      // true if a chunk was delivered after the last save
	savedAt   time.Time // when the state file was last written; zero if it was not written yet
	stateSize int       // the size of the state in the state file, in bytes

	warnedMissing bool // true once the warning about a missing log has been logged
}

// Open returns a Follower that continues at the position on disk, and restores the reader's state.
// If the state file is damaged, Open renames it, and the Follower reads all existing logs from the
// start.
func Open(config Config) (*Follower, error) {
	config.MaxBytes = cmp.Or(config.MaxBytes, DefaultMaxBytes)
	config.MaxLines = cmp.Or(config.MaxLines, DefaultMaxLines)
	f := &Follower{config: config}
	content, at, err := readSaved(config.StateFile)
	if err == nil {
		err = f.restore(content.State)
	}
	switch {
	case errors.Is(err, errDamaged):
		slog.Error("the saved position is damaged: sending all existing logs again; the recorder drops what it already has", "kept_as", config.StateFile+damagedSuffix, "error", err.Error())
		f.readsAll = true
		return f, setAside(config.StateFile)
	case err != nil:
		return nil, err
	}
	f.finished = content.Finished
	for _, p := range content.Logs {
		if p.Modified.IsZero() {
			p.Modified = at
		}
		f.logs = append(f.logs, &logFile{position: p, seenSize: neverSeen})
	}
	return f, nil
}

// restore hands the saved state, if any, to the reader. If the reader cannot read it, the error wraps
// errDamaged.
func (f *Follower) restore(state json.RawMessage) error {
	if f.config.State == nil || state == nil || string(state) == "null" {
		return nil
	}
	f.stateSize = len(state)
	switch err := f.config.State.Restore(state); {
	case err == nil:
		return nil
	case errors.Is(err, ErrOtherState):
		return fmt.Errorf("restore the state in %q: %w", f.config.StateFile, err)
	default:
		return fmt.Errorf("restore the state in %q: %w: %w", f.config.StateFile, errDamaged, err)
	}
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
	if err := f.Look(); err != nil {
		return Chunk{}, err
	}
	if f.hasNew {
		// Save the position of a new log at once. If a crash follows, the next Follower can then find
		// the log even if it was renamed in the meantime.
		if err := f.save(); err != nil {
			return Chunk{}, err
		}
	}
	for len(f.logs) > 0 {
		// Once a later log has content, the broker writes no more lines to this log. Check this
		// before reading. If the check came after the read, lines written in between would be lost.
		isOver := slices.ContainsFunc(f.logs[1:], func(l *logFile) bool { return l.size() > 0 })
		chunk, err := f.logs[0].read(f.config.MaxBytes, f.config.MaxLines)
		if err != nil || !chunk.Empty() || !isOver {
			return chunk, err
		}
		f.finish()
		if err := f.save(); err != nil {
			return Chunk{}, err
		}
	}
	return Chunk{}, nil
}

// finish gives up the first log, which has nothing more to deliver.
func (f *Follower) finish() {
	if name := f.logs[0].position.Log; name != "" {
		f.finished = append(f.finished, name)
		f.finished = f.finished[max(0, len(f.finished)-maxFinished):]
	}
	f.logs[0].retire()
	f.logs = f.logs[1:]
}

// Done records that a chunk was delivered, and saves the position and the reader's state. The state
// must cover exactly the lines up to the end of the chunk. Done saves a large state at most once in
// saveInterval. If it does not save, a later call of Save does.
func (f *Follower) Done(c Chunk) error {
	if i := slices.IndexFunc(f.logs, func(l *logFile) bool { return l.position.Log == c.Log }); i >= 0 {
		f.logs[i].position.Offset = c.Offset + int64(len(c.Lines))
	}
	f.isUnsaved = true
	return f.Save()
}

// Save saves the position and the state if Done has not saved them yet, unless a large state was
// saved less than saveInterval ago. The reader must not have read any lines after the last Done.
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
	content := saved{Finished: f.finished}
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
	f.hasNew = false
	f.isUnsaved, f.savedAt, f.stateSize = false, time.Now(), len(content.State)
	return nil
}
