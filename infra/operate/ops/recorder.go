package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// recorder calls a recorder's administrative routes.
type recorder struct{ caller }

func newRecorder(t terminal) (recorder, error) {
	c, err := newCaller(t, "ADMIN_TOKEN")
	return recorder{c}, err
}

// call sends a request and decodes a response that has one of the given statuses. For any other
// response, and if the recorder stays busy, it returns an error that wraps a refusal.
func (r recorder) call(ctx context.Context, method, path string, into any, statuses ...int) error {
	got, err := r.caller.call(ctx, method, path)
	switch {
	case err != nil:
		return err
	case slices.Contains(statuses, got.status):
		return decode(got.body, into)
	default:
		return got.late(refusal{got.status, got.problem()})
	}
}

func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode response: %w", err)
	}
	return nil
}
