package fc

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"devicetrace/infra/local/syaml"
)

// pool holds the processes of one function. A process handles up to perProcess calls at the same
// time. The pool has perProcess slots for each process that may run, and a call must take a slot
// before it uses a process. Because a new process starts only when all others are full, the slots
// also limit the number of processes. This limit ignores processes that get no more calls but are
// still finishing some, so their replacements can run beside them.
type pool struct {
	function syaml.Function
	config   Config
	spawner  *spawner
	output   *sharedOutput
	slots    chan struct{}
	closed   chan struct{}

	mu        sync.Mutex
	processes []*process // in the order in which they started
	killed    bool       // set by killAll
}

// maxProcesses is the maximum number of processes of one function. The function's
// reservedConcurrency can lower this limit.
const maxProcesses = 4

func newPool(function syaml.Function, config Config, spawner *spawner, output *sharedOutput) *pool {
	p := &pool{function: function, config: config, spawner: spawner, output: output, closed: make(chan struct{})}
	limit := min(cmp.Or(function.Concurrency.Reserved, maxProcesses), maxProcesses)
	p.slots = make(chan struct{}, limit*p.perProcess())
	return p
}

// perProcess returns the maximum number of calls that a process handles at the same time.
func (p *pool) perProcess() int { return max(1, p.function.PerInstance) }

func (p *pool) newCall(payload []byte) *call {
	return newCall(invocation, payload, p.function.Timeout())
}

// invoke runs a call on a process in the pool. If that process exits before it takes the call,
// another process gets the call.
func (p *pool) invoke(ctx context.Context, c *call) (result, *Error) {
	for {
		r, fault := p.try(ctx, c)
		if fault == errNotTaken {
			continue
		}
		if fault != nil {
			fault.RequestID = c.id
		}
		return r, fault
	}
}

func (p *pool) try(ctx context.Context, c *call) (result, *Error) {
	if fault := p.takeSlot(ctx); fault != nil {
		return result{}, fault
	}
	defer func() { <-p.slots }()
	process, fault := p.acquire()
	if fault != nil {
		return result{}, fault
	}
	defer p.release(process)
	if fault := p.awaitReady(process); fault != nil {
		return result{}, fault
	}
	return process.do(ctx, c)
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

// acquire returns the oldest process that can take another call. The process may not be ready yet.
// If there is none, acquire starts one.
func (p *pool) acquire() (*process, *Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.processes = slices.DeleteFunc(p.processes, func(process *process) bool { return !process.alive() && process.calls == 0 })
	for _, process := range p.processes {
		if process.alive() && process.calls < p.perProcess() {
			process.calls++
			return process, nil
		}
	}
	process, err := p.start()
	if err != nil {
		return nil, newError(http.StatusInternalServerError, "FunctionNotStarted", "%s", err)
	}
	process.calls++
	p.processes = append(p.processes, process)
	return process, nil
}

// release records that a call has ended. If it was the last call of a process that gets no more
// calls, release kills the process and waits for it to exit.
func (p *pool) release(process *process) {
	p.mu.Lock()
	process.calls--
	isLast := process.calls == 0
	p.mu.Unlock()
	if isLast && !process.alive() {
		process.end()
	}
}
