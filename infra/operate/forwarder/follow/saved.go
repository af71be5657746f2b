package follow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// position identifies a log and the point up to which the log has been delivered.
type position struct {
	Log    string `json:"log"`
	Offset int64  `json:"offset"`
	// Inode distinguishes logs with the same first line. It is zero if the system has no inodes.
	Inode uint64 `json:"inode,omitempty"`
	// Modified is the modification time that the log's file had when the follower last looked. All
	// newer logs were modified at that time or later.
	Modified time.Time `json:"modified,omitzero"`
}

// saved is the content of the state file. The two fields belong together: State is what the reader
// knew after reading each log up to that log's position.
type saved struct {
	// Logs holds the position in each log that may still contain undelivered lines.
	Logs []position `json:"logs"`
	// Finished holds the names of the latest logs that were delivered to their end.
	Finished []string `json:"finished,omitempty"`
	// State is the reader's state, or nil if the reader has none; see Config.State.
	State json.RawMessage `json:"state,omitempty"`
}

// damagedSuffix is the suffix of a damaged state file that is kept.
const damagedSuffix = ".damaged"

var errDamaged = errors.New("damaged")

// readSaved reads the state file at path, and returns its content and the time at which it was
// written. If the file does not exist, readSaved returns no positions. If the file cannot be
// parsed, readSaved returns an error that wraps errDamaged.
func readSaved(path string) (content saved, at time.Time, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return saved{}, time.Time{}, nil
	}
	if err != nil {
		return saved{}, time.Time{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return saved{}, time.Time{}, err
	}
	if content, err = parseSaved(data); err != nil {
		return saved{}, time.Time{}, fmt.Errorf("read position: %w: %w", errDamaged, err)
	}
	return content, info.ModTime(), nil
}

// setAside renames a damaged state file, so that it is kept.
func setAside(path string) error { return os.Rename(path, path+damagedSuffix) }

func parseSaved(data []byte) (saved, error) {
	var content saved
	if err := json.Unmarshal(data, &content); err != nil {
		return saved{}, err
	}
	for _, p := range content.Logs {
		if p.Log == "" || p.Offset < 0 {
			return saved{}, errors.New("a log has no name or a negative offset")
		}
	}
	return content, nil
}

// write replaces the state file atomically: a crash leaves either the old file or the new one. It does
// not copy State, which may be large.
func (s saved) write(path string) error {
	state := s.State
	s.State = nil
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if state == nil {
		return replace(path, data, []byte("\n"))
	}
	return replace(path, bytes.TrimSuffix(data, []byte("}")), []byte(`,"state":`), state, []byte("}\n"))
}
