package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"devicetrace/infra/local/fc"
	"devicetrace/infra/local/syaml"
	"devicetrace/pkg/parallel"
)

// cloud holds the store and the function host. See system for the entry points.
type cloud struct {
	functions []syaml.Function
	store     *store
	host      *fc.Host
	log       *functionLog
}

// openCloud opens the store and the function host, which starts processes on demand.
func openCloud(s settings) (*cloud, error) {
	functions, err := s.functions()
	if err != nil {
		return nil, err
	}
	log, err := openFunctionLog(s.data("functions.log"))
	if err != nil {
		return nil, err
	}
	keys := newRole(time.Now)
	store, err := openStore(s, functions[0], keys)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	store.startExpiry()
	host, err := fc.New(fc.Config{
		Functions:   functions,
		Dir:         filepath.Dir(s.file),
		Credentials: keys.credentials,
		Environment: map[string]string{"OSS_ENDPOINT": store.endpoint},
		Output:      log,
	})
	if err != nil {
		store.close()
		return nil, errors.Join(err, log.Close())
	}
	return &cloud{functions, store, host, log}, nil
}

// warm sends a request to every function. The request starts the function's process and shows
// whether the function is configured correctly. A wrongly configured function responds with 503 and
// logs the reason.
func (c *cloud) warm(ctx context.Context) error {
	return parallel.Do(len(c.functions), len(c.functions), func(i int) error {
		name := c.functions[i].Resource
		status, err := c.host.Head(ctx, name)
		if status == http.StatusServiceUnavailable {
			err = c.startError(ctx, name)
		}
		if err != nil {
			return fmt.Errorf("start function %q: %w", name, err)
		}
		return nil
	})
}

// startFailed is the message of the record that a function logs if it cannot start.
const startFailed = "start failed"

// startError returns the reason why a function responds with 503.
func (c *cloud) startError(ctx context.Context, function string) error {
	if r, found := c.log.await(ctx, function, startFailed, 0); found && r.Error != "" {
		return errors.New(strings.TrimPrefix(r.Error, "start the function: "))
	}
	return fmt.Errorf("it responds with 503; the errors in %s say why", c.log.Name())
}

// fire calls a function with the event of its timer, or with {} if the function has no timer.
func (c *cloud) fire(ctx context.Context, name string) error {
	payload := []byte("{}")
	for _, function := range c.functions {
		if timer := function.Trigger("timer"); function.Resource == name && timer != nil {
			payload = fc.TimerPayload(*timer, time.Now())
		}
	}
	_, err := c.host.Invoke(ctx, name, payload)
	return err
}

// close stops the functions and then the store that they write to. When ctx is done, close kills
// the functions that are still running.
func (c *cloud) close(ctx context.Context) error {
	err := c.host.Stop(ctx)
	c.store.close()
	return errors.Join(err, c.log.Close())
}
