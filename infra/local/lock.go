package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errInUse says that another process works on the same data.
var errInUse = errors.New("in use")

// lockData makes the data folder this process's alone, until release or its end,
// whatever that is.
func lockData(s settings) (release func(), err error) {
	if err := os.MkdirAll(s.dataDir, 0o755); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	file, err := os.OpenFile(s.data("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock data folder %q: %w by another `make run` or `make compact`; stop it, or set DATA_DIR", s.dataDir, errInUse)
		}
		return nil, fmt.Errorf("lock data folder %q: %w", s.dataDir, err)
	}
	return func() { file.Close() }, nil
}
