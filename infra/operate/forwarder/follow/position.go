package follow

import (
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
}

// positions is the content of the position file. It holds the position in each log that may still
// contain undelivered lines.
type positions struct {
	Logs []position `json:"logs"`
}

var errDamaged = errors.New("damaged")

// readPositions reads the position file at path, and returns the saved positions and the time at
// which they were saved. If the file does not exist, readPositions returns no positions. If the
// file cannot be parsed, readPositions renames it and returns an error that wraps errDamaged.
func readPositions(path string) (logs []position, saved time.Time, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	if logs, err = parsePositions(data); err != nil {
		aside := path + ".damaged"
		return nil, time.Time{}, errors.Join(fmt.Errorf("read position (kept as %q): %w: %w", aside, errDamaged, err), os.Rename(path, aside))
	}
	return logs, info.ModTime(), nil
}

func parsePositions(data []byte) ([]position, error) {
	var file positions
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	for _, p := range file.Logs {
		if p.Log == "" || p.Offset < 0 {
			return nil, errors.New("a log has no name or a negative offset")
		}
	}
	return file.Logs, nil
}

// writePositions replaces the position file atomically: a crash leaves either the old file or the
// new one.
func writePositions(path string, logs []position) error {
	data, err := json.Marshal(positions{Logs: logs})
	if err != nil {
		return err
	}
	return replace(path, append(data, '\n'))
}
