package serve

import (
	"context"
	"fmt"
	"sync"
)

// lifecycle starts and stops a function. It calls Start again after each failure, but never after
// a success. It calls Stop at most once.
type lifecycle struct {
	function Function

	mu      sync.Mutex
	started bool
	stopped bool
}

// start calls the function's Start, unless an earlier call to Start succeeded. It is meant to be
// called before each invocation.
func (l *lifecycle) start(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started {
		return nil
	}
	if l.function.Start != nil {
		if err := l.function.Start(ctx); err != nil {
			return fmt.Errorf("start the function: %w", err)
		}
	}
	l.started = true
	return nil
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
