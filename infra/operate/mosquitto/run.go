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
	"devicetrace/infra/operate/mosquitto/topic"
)

// run forwards until ctx ends.
func run(ctx context.Context, s settings) error {
	unlock, err := lock(s.state)
	if err != nil {
		return err
	}
	defer unlock()
	if s.broker != "" {
		err = runTopic(ctx, s)
	} else {
		err = runLog(ctx, s, s.log, nil)
	}
	slog.Info("stopped")
	return err
}

// runLog forwards what a file holds. idle is called when all of it was delivered.
func runLog(ctx context.Context, s settings, path string, idle func(behind func() int64)) error {
	follower, err := follow.Open(follow.Config{Path: path, Place: s.inState("place.json")})
	if err != nil {
		return err
	}
	defer follower.Close()
	config := forward.Config{URL: s.url, Token: s.token, Gzip: s.gzip, MaxAge: s.age}
	if idle != nil {
		config.Idle = func() { idle(follower.Behind) }
	}
	slog.Info("following", "log", path, "url", s.url)
	forward.New(follower, config).Run(ctx)
	return nil
}

// maxSpool is how large a spool may be that was delivered and is not begun anew, in
// bytes.
const maxSpool = 1 << 20

// runTopic receives the log into a spool, and forwards that.
func runTopic(ctx context.Context, s settings) error {
	path := s.inState("spool.log")
	spool, err := topic.OpenSpool(path)
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	received := make(chan error, 1)
	go func() {
		defer cancel() // nothing to forward without it
		received <- topic.Receive(ctx, topic.Config{
			Broker: s.broker, User: s.user, Password: s.password, ClientID: s.clientID, Seen: s.inState("seen"),
		}, spool)
	}()
	err = runLog(ctx, s, path, func(behind func() int64) {
		if err := spool.Empty(maxSpool, behind); err != nil {
			slog.Error("cannot empty the spool", "error", err.Error())
		}
	})
	cancel()
	return errors.Join(err, <-received, spool.Close())
}

func (s settings) inState(name string) string { return filepath.Join(s.state, name) }

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
