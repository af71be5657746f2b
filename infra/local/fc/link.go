package fc

import (
	"context"
	"time"
)

// link passes calls to one process. There are two kinds: a runtimeAPI for the runtime go1, and a
// server for a custom runtime.
type link interface {
	// environ returns environment variables. From these, the process learns its own address, or the
	// address of the runtime API.
	environ() []string
	// ready returns a channel that is closed once the process can take calls. It must not be called
	// before the process has started.
	ready() <-chan struct{}
	// late returns the error for a process that was not ready within the given time.
	late(limit time.Duration) *Error
	// pass hands a call to the process, and reports whether the process has taken it. If it has, the
	// result arrives on c.done. pass gives up if ctx ends or if the process exits.
	pass(ctx context.Context, c *call, exited <-chan struct{}) bool
	// canAbandon reports whether the process can take further calls after the caller of an
	// unfinished call has disconnected.
	canAbandon() bool
	// close releases the link. It must not be called before the process has exited.
	close()
}

// newLink returns the link for a new process.
func (p *pool) newLink() (link, error) {
	describe := func(c *call) map[string]string { return c.describe(p.function, p.config.Credentials()) }
	if p.function.Server != nil {
		return newServer(describe)
	}
	return listen(describe)
}
