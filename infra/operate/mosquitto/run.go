package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"devicetrace/infra/operate/mosquitto/follow"
	"devicetrace/infra/operate/mosquitto/forward"
)

// run forwards until ctx ends.
func run(ctx context.Context, s settings) error {
	unlock, err := lock(s.state)
	if err != nil {
		return err
	}
	defer unlock()
	follower, err := follow.Open(follow.Config{Path: s.log, Place: filepath.Join(s.state, "place.json")})
	if err != nil {
		return err
	}
	defer follower.Close()
	slog.Info("following", "log", s.log, "url", s.url)
	forward.New(follower, forward.Config{URL: s.url, Token: s.token, Gzip: s.gzip, MaxAge: s.age}).Run(ctx)
	slog.Info("stopped")
	return nil
}

// lock makes the state folder this process's alone, until unlock or its end,
// whatever that is.
func lock(folder string) (unlock func(), err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make state folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock state folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock state folder %q: in use by another forwarder; give each its own -state: %w", folder, err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}
