package fc

import (
	"context"
	"time"
)

// invokeAsync calls a function in the background and retries a failed call as often as
// s.yaml says. The response is discarded. Stop abandons calls that are waiting for a retry.
func (h *Host) invokeAsync(p *pool, payload []byte) {
	h.retryAsync(p, func(c *call) *Error {
		c.payload = payload
		_, fault := p.invoke(context.Background(), c)
		return fault
	})
}

// retryAsync calls a function in the background. It retries failed calls as often as s.yaml says.
func (h *Host) retryAsync(p *pool, invoke func(*call) *Error) {
	h.background(func() {
		wait := h.config.RetryWait
		for try := 0; ; try++ {
			c := p.newCall(nil)
			c.retry = try
			fault := invoke(c)
			if fault == nil {
				return
			}
			p.output.line(p.function.Resource, "asynchronous invocation failed: "+fault.Error())
			if try == p.function.Retries() {
				return
			}
			select {
			case <-time.After(wait):
				wait *= 2
			case <-h.stopping.Done():
				return
			}
		}
	})
}

// background runs work in a new goroutine. Stop waits for that goroutine. Once Stop has been
// called, background does nothing.
func (h *Host) background(work func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping.Err() == nil {
		h.running.Go(work)
	}
}
