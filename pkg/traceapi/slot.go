package traceapi

import (
	"context"
	"errors"
	"fmt"
)

// slots limits the number of requests that may use much memory at the same time. It contains an
// element for each of them.
type slots chan struct{}

// slot represents one request at slots. At first, the request has no slot.
type slot struct {
	of   slots
	held bool
}

// take takes a slot if one is free. It reports whether the request has a slot.
func (s *slot) take() bool {
	if s.held {
		return true
	}
	select {
	case s.of <- struct{}{}:
		s.held = true
	default:
	}
	return s.held
}

// errBusy means that a request's time was up before it got a slot.
var errBusy = errors.New("other large requests are in progress")

// await waits for a slot. If ctx ends first, await returns errBusy, because the store is not the
// cause.
func (s *slot) await(ctx context.Context) error {
	if s.take() {
		return nil
	}
	select {
	case s.of <- struct{}{}:
		s.held = true
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errBusy, ctx.Err())
	}
}

// release gives the slot back, if the request has one.
func (s *slot) release() {
	if s.held {
		<-s.of
		s.held = false
	}
}
