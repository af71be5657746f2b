package follow

import (
	"errors"
	"os"
	"path/filepath"
)

// newSuffix marks a file that is still being written.
const newSuffix = ".new"

// replace creates a file or replaces it as a whole. The change is durable when replace
// returns.
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
