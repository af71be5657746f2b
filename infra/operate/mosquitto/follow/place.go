package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// place is how far a log was delivered.
type place struct {
	ID     string `json:"log"`
	Offset int64  `json:"offset"`
	// Inode helps to tell logs apart that have the same first line; zero where the
	// system has none.
	Inode uint64 `json:"inode,omitempty"`
}

// placeFile is what is on disk: the logs that were not delivered to their end.
type placeFile struct {
	Logs []place `json:"logs"`
}

var errDamaged = errors.New("damaged")

// readPlaces reads what writePlaces wrote, and when; nothing is no place. What cannot
// be read as such is renamed.
func readPlaces(path string) (logs []place, saved time.Time, err error) {
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
	if logs, err = parsePlaces(data); err != nil {
		aside := path + ".damaged"
		return nil, time.Time{}, errors.Join(fmt.Errorf("read place, now in %q: %w: %w", aside, errDamaged, err), os.Rename(path, aside))
	}
	return logs, info.ModTime(), nil
}

func parsePlaces(data []byte) ([]place, error) {
	var file placeFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	for _, p := range file.Logs {
		if p.ID == "" || p.Offset < 0 {
			return nil, errors.New("a log has no name or no offset")
		}
	}
	return file.Logs, nil
}

// writePlaces replaces the file whole: a crash leaves the old one or the new one.
func writePlaces(path string, logs []place) error {
	data, err := json.Marshal(placeFile{Logs: logs})
	if err != nil {
		return err
	}
	return replace(path, append(data, '\n'))
}

// newSuffix ends the name of a file that is not whole yet.
const newSuffix = ".new"

// replace puts a file on disk in place of the one of that name, if there is one: as
// a whole, and for good when it returns.
func replace(path string, data []byte) error {
	file, err := os.Create(path + newSuffix)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+newSuffix, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
