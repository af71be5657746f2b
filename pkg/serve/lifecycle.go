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
	err   error // may be read once ended is closed
}

// start calls the function's Start, unless an earlier call to Start succeeded. It is meant to be
// called before each invocation. If a call to Start is running, start waits for its result. So while
// the store is unavailable, concurrent invocations wait for the same attempt, not one after another.
func (l *lifecycle) start(ctx context.Context) error {
	l.mu.Lock()
	if l.started {
		l.mu.Unlock()
		return nil
	}
	current, isFirst := l.attempt, l.attempt == nil
	if isFirst {
		current = &attempt{ended: make(chan struct{})}
		l.attempt = current
	}
	l.mu.Unlock()
	if isFirst {
		return l.try(ctx, current)
	}
	select {
	case <-current.ended:
		return current.err
	case <-ctx.Done():
		return fmt.Errorf("wait for the start of the function: %w", ctx.Err())
	}
}

// try calls the function's Start, and passes the result to all callers that wait for it.
func (l *lifecycle) try(ctx context.Context, a *attempt) error {
	a.err = errors.New("start the function: it panicked") // unless the call below returns
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.started, l.attempt = a.err == nil, nil
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
