package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errInUse means that another process is using the data folder.
var errInUse = errors.New("it is in use by another `make run`, `make compact` or `make check`; stop that, or set DATA_DIR to another folder")

// lockData locks the data folder for this process until release is called or the process
// ends for any reason.
func lockData(s settings) (release func(), err error) {
	if err := os.MkdirAll(s.dataDir, 0o755); err != nil {
		return nil, fmt.Errorf("make data folder (DATA_DIR): %w", err)
	}
	file, err := os.OpenFile(s.data("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock data folder (DATA_DIR): %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock data folder %q: %w", s.dataDir, err), file.Close())
	}
	return func() { file.Close() }, nil
}
