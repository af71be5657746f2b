// Package fc hosts functions on this machine as Function Compute does. It runs the same binaries.
// It serves functions in the runtime go1 the runtime API that the vendor's Go SDK uses, and sends
// HTTP requests to functions in a custom runtime.
//
// Terms: a call is one invocation of a function or of its preStop hook. A pool holds the processes
// of one function.
//
// Invariants:
//   - In the runtime go1, a process handles one call at a time. In a custom runtime, it is an HTTP
//     server that handles up to instanceConcurrency calls at a time. Another process starts only
//     when all running processes are full, up to a limit. Calls beyond the limit wait briefly and
//     then fail with 429.
//   - A process gets its first call only after it has asked the runtime API for one or has started
//     to listen on its port.
//   - A process whose call exceeds the time limit gets no more calls, and is killed as soon as its
//     other calls have ended. In the runtime go1, the same happens if a caller cancels its call. In
//     a custom runtime, the process sees that the request was canceled, and gets further calls. A
//     process that was killed or has crashed gets no more calls. A process that returns an error or
//     recovers from a panic does.
//   - A process that uses more memory than memorySize during a call, even for a moment, is killed
//     at once. All its calls fail, even if the function has responded. On a system without /proc,
//     memory is not measured.
//   - A process that is stopped gracefully first finishes its calls, and then runs its preStop hook.
//   - A process is killed before its runtime API closes. Otherwise, the SDK would poll the closed
//     API without pause.
//   - No process outlives its host.
package fc

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"devicetrace/infra/local/syaml"
	"devicetrace/pkg/parallel"
)

// Credentials are temporary keys of the role that a function runs as.
type Credentials struct {
	AccessKeyID, AccessKeySecret, SecurityToken string
}

// Config says which functions to host, and how.
type Config struct {
	Functions []syaml.Function
	// Dir is the folder to which relative paths of code folders refer. Default: the working
	// directory.
	Dir string
	// Environment overrides environment variables of the functions. It affects only
	// variables that s.yaml sets.
	Environment map[string]string
	// Credentials is called before each call and before each process starts, and returns the keys
	// to use. Default: no keys.
	Credentials func() Credentials
	// QueueWait is how long a call waits for a process before it fails with 429.
	// Default: 5 s.
	QueueWait time.Duration
	// RetryWait is the pause before the first retry of an asynchronous call; each
	// further pause is twice as long. Default: 500 ms.
	RetryWait time.Duration
	// Output receives the output of the functions. Each call to Write passes one line, prefixed
	// with the function's name. Different goroutines call Write, but never concurrently. After each
	// call of a function, the host adds a line that states how much memory the call used. Default:
	// the output is discarded.
	Output io.Writer

	// Only tests set these fields. proc is where the proc file system is mounted. Default: /proc.
	// memoryPoll is the interval at which the host reads a process's memory use during a call.
	// Default: 50 ms. A read takes 10 to 100 µs.
	proc       string
	memoryPoll time.Duration
}

// accountID is a made-up identifier of the account in which functions run.
const accountID = "1000000000000000"

func (c Config) withDefaults() Config {
	c.QueueWait = cmp.Or(c.QueueWait, 5*time.Second)
	c.RetryWait = cmp.Or(c.RetryWait, 500*time.Millisecond)
	if c.Credentials == nil {
		c.Credentials = func() Credentials { return Credentials{} }
	}
	c.Output = cmp.Or(c.Output, io.Discard)
	c.proc = cmp.Or(c.proc, "/proc")
	c.memoryPoll = cmp.Or(c.memoryPoll, 50*time.Millisecond)
	return c
}

// Host runs functions. It is safe for concurrent use.
type Host struct {
	config  Config
	pools   []*pool
	routes  []route
	spawner *spawner

	// stopping is a context that Stop cancels in order to end the timers and the pauses between
	// retries.
	stopping context.Context
	stop     context.CancelFunc
	// mu is held while background work is started and while stop is called, so that no work
	// starts after Stop has begun.
	mu       sync.Mutex
	running  sync.WaitGroup
	stopOnce sync.Once
	stopErr  error
}

// New returns a host. The processes of a function start with its first call. The caller
// must call Stop when it no longer needs the host.
func New(config Config) (*Host, error) {
	for _, function := range config.Functions {
		if function.Runtime != "go1" && function.Server == nil {
			return nil, fmt.Errorf("host function %q: runtime is %q without customRuntimeConfig", function.Resource, function.Runtime)
		}
	}
	config = config.withDefaults()
	h := &Host{config: config, spawner: newSpawner()}
	h.stopping, h.stop = context.WithCancel(context.Background())
	output := &sharedOutput{to: config.Output}
	if !canMeasure(config.proc) {
		output.line("host", "memorySize is not enforced, because this system has no "+config.proc+"/PID/clear_refs")
	}
	for _, function := range config.Functions {
		h.pools = append(h.pools, newPool(function, config, h.spawner, output))
	}
	h.routes = routesOf(h.pools)
	return h, nil
}

// Invoke calls the function with the given resource name in s.yaml, such as "compactor", and
// returns its response. Any failure is an *Error. The end of ctx cancels the call.
func (h *Host) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	p, fault := h.pool(function)
	if fault != nil {
		return nil, fault
	}
	r, fault := p.invoke(ctx, p.newCall(payload))
	if fault != nil {
		return nil, fault
	}
	return r.payload, nil
}

// Head sends the HTTP request HEAD / to the function with the given resource name, even if the
// function has no HTTP trigger, and returns the status of the response. Any failure is an *Error.
func (h *Host) Head(ctx context.Context, function string) (status int, err error) {
	p, fault := h.pool(function)
	if fault != nil {
		return 0, fault
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://localhost/", nil)
	if err != nil {
		return 0, err
	}
	response, fault := p.request(request, nil, "", p.newCall(nil))
	if fault != nil {
		return 0, fault
	}
	return response.status, nil
}

func (h *Host) pool(function string) (*pool, *Error) {
	for _, p := range h.pools {
		if p.function.Resource == function {
			return p, nil
		}
	}
	return nil, newError(http.StatusNotFound, "FunctionNotFound", "there is no function %q", function)
}

// Stop ends the timers and stops all processes gracefully. It waits for running calls, gives each
// process its preStop call, and then kills the process. When ctx ends, Stop kills the remaining
// processes at once. Once Stop has begun, Invoke fails with 503. If Stop is called again, it waits
// until the first call has finished, and returns the same error.
func (h *Host) Stop(ctx context.Context) error {
	h.stopOnce.Do(func() {
		h.mu.Lock()
		h.stop()
		h.mu.Unlock()
		h.stopErr = parallel.Do(len(h.pools), len(h.pools), func(i int) error { return h.pools[i].stop(ctx) })
		h.running.Wait()
		h.spawner.close()
	})
	return h.stopErr
}
