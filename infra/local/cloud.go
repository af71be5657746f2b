package main

import (
	"context"
	"errors"
	"time"

	"devicetrace/infra/local/fc"
	"devicetrace/infra/local/syaml"
)

// cloud is the store and the functions, without the ways in.
type cloud struct {
	functions []syaml.Function
	store     *store
	host      *fc.Host
	log       *functionLog
}

// openCloud opens the store and the host. The host starts processes when they are needed.
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
		return nil, errors.Join(err, log.close())
	}
	store.startExpiry()
	host, err := fc.New(fc.Config{
		Functions:   functions,
		Credentials: keys.credentials,
		Environment: map[string]string{"OSS_ENDPOINT": store.endpoint},
		Output:      log,
	})
	if err != nil {
		store.close()
		return nil, errors.Join(err, log.close())
	}
	return &cloud{functions, store, host, log}, nil
}

// invokeTimed calls a function with the event of its timer.
func (c *cloud) invokeTimed(ctx context.Context, name string) error {
	payload := []byte("{}")
	for _, function := range c.functions {
		if timer := function.Trigger("timer"); function.Resource == name && timer != nil {
			payload = fc.TimerPayload(*timer, time.Now())
		}
	}
	_, err := c.host.Invoke(ctx, name, payload)
	return err
}

// close ends the functions in order, then the store they write to. When ctx ends,
// it kills them.
func (c *cloud) close(ctx context.Context) error {
	err := c.host.Stop(ctx)
	c.store.close()
	return errors.Join(err, c.log.close())
}
