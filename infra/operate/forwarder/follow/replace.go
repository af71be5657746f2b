package follow

import (
	"errors"
	"os"
	"path/filepath"
)

// newSuffix is the suffix of a file that is still being written.
const newSuffix = ".new"

// replace creates the file at the given path or replaces it atomically. Its new content consists of the
// given parts. The change is durable once replace returns nil.
func replace(path string, parts ...[]byte) error {
	file, err := os.Create(path + newSuffix)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err == nil {
			_, err = file.Write(part)
		}
	}
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

// syncFolder makes changes to the file names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
