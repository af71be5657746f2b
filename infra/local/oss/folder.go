package oss

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// making is locked while a folder is created and synced.
var making sync.Mutex

// makeFolder creates a folder and its missing parents, and syncs them so that they survive a crash.
// Calls run one at a time. A folder that already exists has therefore been synced too, because the
// call that created it has returned.
func makeFolder(path string) error {
	making.Lock()
	defer making.Unlock()
	return makeSynced(path)
}

func makeSynced(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if err := makeSynced(parent); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// syncFolder syncs a folder, so that the names in it survive a crash.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
