package serve

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// lifecycle starts and stops a function. It calls Start again after each failure, but never after
// a success, and never while another call to Start is running. It calls Stop at most once.
type lifecycle struct {
	function Function

	mu      sync.Mutex
	started bool
	attempt *attempt // the running call to Start; nil if there is none
	stopped bool
}

// attempt is one call to Start, whose result all waiting callers share.
type attempt struct {
	ended chan struct{}
	// The following fields must not be read before ended is closed.
	err      error
	canceled bool // whether the caller that made the attempt has disconnected
}

// start calls the function's Start, unless an earlier call to Start succeeded. It is meant to be
// called before each invocation. If a call to Start is running, start waits for its result. So
// while the store is unavailable, concurrent invocations share one attempt instead of making their
// own one after another. If the caller that made the attempt disconnects, one of the waiting
// callers makes another attempt.
func (l *lifecycle) start(ctx context.Context) error {
	for {
		current, isFirst := l.join()
		switch {
		case current == nil:
			return nil
		case isFirst:
			return l.try(ctx, current)
		}
		select {
		case <-current.ended:
			if !current.canceled {
				return current.err
			}
		case <-ctx.Done():
			return fmt.Errorf("wait for the start of the function: %w", ctx.Err())
		}
	}
}

// join returns the running attempt. If there is none, join returns a new attempt, which the caller
// must then run; see try. If the function has started, join returns nil.
func (l *lifecycle) join() (current *attempt, isFirst bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started {
		return nil, false
	}
	if l.attempt == nil {
		l.attempt, isFirst = &attempt{ended: make(chan struct{})}, true
	}
	return l.attempt, isFirst
}

// try calls the function's Start, and passes the result to all callers that wait for it.
func (l *lifecycle) try(ctx context.Context, a *attempt) error {
	a.err = errors.New("start the function: it panicked") // unless the call below returns
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.started, l.attempt = a.err == nil, nil
		a.canceled = a.err != nil && errors.Is(ctx.Err(), context.Canceled)
		close(a.ended)
	}()
	a.err = l.callStart(ctx)
	return a.err
}

func (l *lifecycle) callStart(ctx context.Context) error {
	if l.function.Start == nil {
		return nil
	}
	if err := l.function.Start(ctx); err != nil {
		return fmt.Errorf("start the function: %w", err)
	}
	return nil
}

// event starts the function, if necessary, and passes an event to it.
func (l *lifecycle) event(ctx context.Context, payload []byte) error {
	if err := l.start(ctx); err != nil {
		return err
	}
	if l.function.Event == nil {
		return errors.New("this function accepts only HTTP requests")
	}
	return l.function.Event(ctx, payload)
}

func (l *lifecycle) stop(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil
	}
	l.stopped = true
	if l.function.Stop == nil {
		return nil
	}
	if err := l.function.Stop(ctx); err != nil {
		return fmt.Errorf("stop the function: %w", err)
	}
	return nil
}

func (l *lifecycle) credentials(id, secret, token string) {
	if id != "" && l.function.Credentials != nil {
		l.function.Credentials(id, secret, token)
	}
}
