package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"devicetrace/infra/local/running"
)

// errInUse means that another process is using the data folder.
var errInUse = errors.New("it is in use by another `make run`, `make compact` or `make check`; stop that, or set DATA_DIR to another folder")

// lockExisting is like lockData, but returns an error if the data folder has no bucket.
func lockExisting(ctx context.Context, s settings) (release func(), err error) {
	if _, err := os.Stat(s.data("oss")); errors.Is(err, fs.ErrNotExist) {
		return nil, noData(ctx, s)
	}
	return lockData(s)
}

// noData returns the error for a data folder without a bucket. If a system runs on the port, the
// error names that system's data folder.
func noData(ctx context.Context, s settings) error {
	if other, err := running.Ask(ctx, reachable(s.host, s.port)); err == nil && other.DataDir != "" {
		return fmt.Errorf("%q has no data; the `make run` on port %s uses another folder: set DATA_DIR=%s", s.dataDir, s.port, quoted(other.DataDir))
	}
	return fmt.Errorf("%q has no data: start `make run` first, or set DATA_DIR to the folder that `make run` used", s.dataDir)
}

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
