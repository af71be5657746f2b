package fc

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"devicetrace/infra/local/syaml"
)

// pool holds the processes of one function. Each process is either idle or in use by a call. Before
// a call uses a process, the call must take one of the pool's slots. A new process starts only if
// no process is idle, so there are never more processes than slots.
type pool struct {
	function syaml.Function
	config   Config
	spawner  *spawner
	output   *sharedOutput
	slots    chan struct{}
	closed   chan struct{}

	mu     sync.Mutex
	idle   []*process // in the order in which they became idle
	all    map[*process]bool
	killed bool // set by killAll
}

// maxProcesses is the maximum number of processes of one function. The function's
// reservedConcurrency can lower this limit.
const maxProcesses = 4

func newPool(function syaml.Function, config Config, spawner *spawner, output *sharedOutput) *pool {
	limit := min(cmp.Or(function.Concurrency.Reserved, maxProcesses), maxProcesses)
	return &pool{
		function: function, config: config, spawner: spawner, output: output,
		slots: make(chan struct{}, limit), closed: make(chan struct{}), all: map[*process]bool{},
	}
}

func (p *pool) newCall(payload []byte) *call {
	return newCall(invocation, payload, p.function.Timeout())
}

// invoke runs a call on a process in the pool. If that process exits before it takes the call,
// another process gets the call.
func (p *pool) invoke(ctx context.Context, c *call) ([]byte, *Error) {
	for {
		response, fault := p.try(ctx, c)
		if fault == errNotTaken {
			continue
		}
		if fault != nil {
			fault.RequestID = c.id
		}
		return response, fault
	}
}

func (p *pool) try(ctx context.Context, c *call) ([]byte, *Error) {
	process, fault := p.acquire(ctx)
	if fault != nil {
		return nil, fault
	}
	defer p.release(process)
	return process.do(ctx, c)
}

// acquire returns a process that is ready for a call: an idle process or, if there is none, a new
// process.
func (p *pool) acquire(ctx context.Context) (*process, *Error) {
	if fault := p.takeSlot(ctx); fault != nil {
		return nil, fault
	}
	if process := p.takeIdle(); process != nil {
		return process, nil
	}
	process, fault := p.start()
	if fault != nil {
		<-p.slots
	}
	return process, fault
}

// takeSlot waits at most QueueWait for a free slot.
func (p *pool) takeSlot(ctx context.Context) *Error {
	select {
	case <-p.closed:
		return errStopped()
	default:
	}
	select {
	// If a slot is free, take it at once, even if ctx has already ended or QueueWait is very short.
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.closed:
		return errStopped()
	case <-ctx.Done():
		return errCanceled()
	case <-time.After(p.config.QueueWait):
		return newError(http.StatusTooManyRequests, "ResourceExhausted",
			"all processes of function %q are busy", p.function.Resource)
	}
}

func (p *pool) takeIdle() *process {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if last.alive() {
			return last
		}
		delete(p.all, last)
	}
	return nil
}

// release returns a process to the pool and frees its slot. If the process was killed, release
// first waits for it to exit.
func (p *pool) release(process *process) {
	if process.alive() {
		p.mu.Lock()
		p.idle = append(p.idle, process)
		p.mu.Unlock()
	} else {
		p.bury(process)
	}
	<-p.slots
}

// bury kills a process that will get no more calls, and removes it from the pool.
func (p *pool) bury(process *process) {
	process.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, process)
}
