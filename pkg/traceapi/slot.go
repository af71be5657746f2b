package traceapi

import (
	"context"
	"errors"
	"fmt"
)

// slots limits how many requests may use a lot of memory at the same time. Each such request holds
// one element of the channel.
type slots chan struct{}

// slot is the element of a slots channel that one request may hold. The request takes it only when
// needed, so a new slot is not held.
type slot struct {
	of   slots
	held bool
}

// take takes the slot if the channel has space, and reports whether the request now holds the slot.
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

// errBusy means that a request was canceled or timed out before it got a slot.
var errBusy = errors.New("other large requests are in progress")

// await waits until the request holds the slot. If ctx ends first, await returns errBusy, because
// the store is not the cause.
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

// release gives the slot back if the request holds it.
func (s *slot) release() {
	if s.held {
		<-s.of
		s.held = false
	}
}
