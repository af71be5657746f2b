// Package fc hosts functions on this machine as Function Compute hosts them: the
// very binaries, over the runtime API of the vendor's Go SDK.
//
// What always holds:
//   - A process has one call at a time (the go1 runtime); calls at the same time get
//     processes of their own, up to a limit, then wait shortly, then 429.
//   - A process gets its first call once it asked for one, and after its initializer, if
//     the function has one. One that was late, crashed or whose caller went away is killed
//     and never used again; a returned error or a recovered panic leaves it in use.
//   - A process that ends in order gets its preStop call and finishes it first.
//   - A process is killed before its runtime API goes away, since the SDK polls a
//     vanished one without pause, and no process outlives its host.
//
// Words: a call is one invocation, of a handler or of a lifecycle hook; a pool is
// the processes of one function.
package fc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"devicetrace/infra/local/syaml"
)

// Credentials are temporary keys of the role that a function runs as.
type Credentials struct {
	AccessKeyID, AccessKeySecret, SecurityToken string
}

// Config says what to host.
type Config struct {
	Functions []syaml.Function
	// Dir is what the functions' code folders are relative to; the working directory
	// if empty.
	Dir string
	// Environment overrides variables of all functions that have them in s.yaml.
	Environment map[string]string
	// Credentials are asked for before every call and every start; nil: none.
	Credentials func() Credentials
	// MaxProcesses is the most processes of one function; 4 if zero. A function's
	// own reservedConcurrency may lower it.
	MaxProcesses int
	// QueueWait is how long a call waits for a process before 429; 5 s if zero.
	QueueWait time.Duration
	// RetryWait is the first wait before an asynchronous call is tried again, doubled
	// every time; 500 ms if zero.
	RetryWait time.Duration
	// Output gets what the functions print, a line at a time, each with its function's
	// name before it; nil: nobody. It is used by several goroutines, one at a time.
	Output io.Writer
	// Freeze stops a process between calls, as the platform does.
	Freeze bool
}

const (
	defaultMaxProcesses = 4
	defaultQueueWait    = 5 * time.Second
	defaultRetryWait    = 500 * time.Millisecond
	accountID           = "1000000000000000"
)

func (c Config) withDefaults() Config {
	if c.MaxProcesses == 0 {
		c.MaxProcesses = defaultMaxProcesses
	}
	if c.QueueWait == 0 {
		c.QueueWait = defaultQueueWait
	}
	if c.RetryWait == 0 {
		c.RetryWait = defaultRetryWait
	}
	if c.Credentials == nil {
		c.Credentials = func() Credentials { return Credentials{} }
	}
	if c.Output == nil {
		c.Output = io.Discard
	}
	return c
}

// Host runs functions. It is safe for concurrent use.
type Host struct {
	config  Config
	pools   []*pool
	routes  []route
	spawner *spawner

	// stopping ends timers and the waits of asynchronous calls.
	stopping context.Context
	stop     context.CancelFunc
	mu       sync.Mutex // of starting work in async, and of stop
	async    sync.WaitGroup
	stopOnce sync.Once
	stopErr  error
}

// New makes a host. It starts no process: the first call of a function does, or Warm.
// Stop must be called in the end.
func New(config Config) (*Host, error) {
	for _, function := range config.Functions {
		if function.Runtime != "go1" {
			return nil, fmt.Errorf("host function %q: runtime is %q, want go1", function.Resource, function.Runtime)
		}
	}
	config = config.withDefaults()
	h := &Host{config: config, spawner: newSpawner()}
	h.stopping, h.stop = context.WithCancel(context.Background())
	output := &lockedWriter{to: config.Output}
	for _, function := range config.Functions {
		h.pools = append(h.pools, newPool(function, config, h.spawner, output))
	}
	h.routes = routesOf(h.pools)
	return h, nil
}

// Invoke calls a function by its name in s.yaml, "compactor", and gives what it
// answered. A failure is an *Error. If ctx ends first, the process is killed.
func (h *Host) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	p, err := h.pool(function)
	if err != nil {
		return nil, err
	}
	return p.invoke(ctx, p.newCall(payload))
}

// Warm starts a process of every function, and tells which cannot start: its initializer
// is called also where the platform would not.
func (h *Host) Warm(ctx context.Context) error {
	return h.each(func(p *pool) error {
		if err := p.warm(ctx); err != nil {
			return fmt.Errorf("start function %q: %w", p.function.Resource, err)
		}
		return nil
	})
}

// Processes are the ids of a function's living processes; none if there is no such
// function.
func (h *Host) Processes(function string) []int {
	p, err := h.pool(function)
	if err != nil {
		return nil
	}
	return p.pids()
}

// Stop ends timers, lets running calls finish, gives every process its preStop call,
// and kills it. When ctx ends, it kills what is left. New calls are refused with 503
// from its beginning. Further calls of Stop do nothing but wait for the first.
func (h *Host) Stop(ctx context.Context) error {
	h.stopOnce.Do(func() {
		h.mu.Lock()
		h.stop()
		h.mu.Unlock()
		h.stopErr = h.each(func(p *pool) error { return p.stop(ctx) })
		h.async.Wait()
		h.spawner.close()
	})
	return h.stopErr
}

func (h *Host) pool(function string) (*pool, error) {
	for _, p := range h.pools {
		if p.function.Resource == function {
			return p, nil
		}
	}
	return nil, &Error{Status: 404, Code: "FunctionNotFound", Message: fmt.Sprintf("there is no function %q", function)}
}

// each runs do for every pool at the same time.
func (h *Host) each(do func(*pool) error) error {
	faults := make([]error, len(h.pools))
	var running sync.WaitGroup
	for i, p := range h.pools {
		running.Go(func() { faults[i] = do(p) })
	}
	running.Wait()
	return errors.Join(faults...)
}
