package fc

import (
	"context"
	"time"
)

// InvokeAsync calls a function some time later, and again as often as s.yaml says if
// that fails. Nobody learns the result. Stop gives up what waits for another try.
func (h *Host) InvokeAsync(function string, payload []byte) error {
	p, err := h.pool(function)
	if err != nil {
		return err
	}
	h.later(p, payload)
	return nil
}

func (h *Host) later(p *pool, payload []byte) {
	h.background(func() {
		wait := h.config.RetryWait
		for try := 0; ; try++ {
			c := p.newCall(payload)
			c.retry = try
			_, err := p.invoke(context.Background(), c)
			if err == nil {
				return
			}
			p.output.line(p.function.Resource, "asynchronous invocation failed: "+err.Error())
			if try == p.function.Retries() || !h.pause(wait) {
				return
			}
			wait *= 2
		}
	})
}

// background runs work that Stop waits for; after Stop it runs nothing.
func (h *Host) background(work func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping.Err() == nil {
		h.async.Go(work)
	}
}

// pause waits, and tells whether it was to the end.
func (h *Host) pause(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.stopping.Done():
		return false
	}
}
