package fc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"devicetrace/infra/local/syaml"
)

// pool is the processes of one function. Each is in idle, or belongs to whoever
// holds a slot; so there are never more processes than slots.
type pool struct {
	function syaml.Function
	config   Config
	spawner  *spawner
	output   *lockedWriter
	slots    chan struct{}
	closed   chan struct{}

	mu   sync.Mutex
	idle []*process // the one used last at the end
	all  map[*process]bool
	dead bool // killAll was called
}

func newPool(function syaml.Function, config Config, spawner *spawner, output *lockedWriter) *pool {
	most := config.MaxProcesses
	if reserved := function.Concurrency.Reserved; reserved > 0 {
		most = min(most, reserved)
	}
	return &pool{
		function: function, config: config, spawner: spawner, output: output,
		slots: make(chan struct{}, most), closed: make(chan struct{}), all: map[*process]bool{},
	}
}

func (p *pool) newCall(payload []byte) *call { return newCall(invoke, payload, p.function.Timeout()) }

// invoke runs a call on a process of the pool. One that turns out to have ended
// before it took the call is replaced without the caller's noticing.
func (p *pool) invoke(ctx context.Context, c *call) ([]byte, error) {
	for {
		process, err := p.acquire(ctx)
		if err != nil {
			return nil, withRequestID(err, c)
		}
		payload, err := process.do(ctx, c)
		p.release(process)
		if !errors.Is(err, errNotTaken) {
			return payload, err
		}
	}
}

func withRequestID(err error, c *call) error {
	var platform *Error
	if errors.As(err, &platform) {
		platform.RequestID = c.id
	}
	return err
}

// acquire gives a process that is ready for a call, a new one if none is idle.
func (p *pool) acquire(ctx context.Context) (*process, error) {
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	if process := p.popIdle(); process != nil {
		return process, nil
	}
	process, err := p.start()
	if err != nil {
		<-p.slots
		return nil, err
	}
	return process, nil
}

// enter takes a slot, and waits for it if it must.
func (p *pool) enter(ctx context.Context) error {
	select {
	case <-p.closed:
		return errStopped()
	default:
	}
	select {
	case p.slots <- struct{}{}: // one that is free is not lost to a timer that ends meanwhile
		return nil
	default:
	}
	limit := time.NewTimer(p.config.QueueWait)
	defer limit.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-p.closed:
		return errStopped()
	case <-ctx.Done():
		return &Error{Status: statusCanceled, Code: "InvocationCanceled", Message: "invocation canceled by client"}
	case <-limit.C:
		return errBusy(p.function.Resource)
	}
}

func (p *pool) popIdle() *process {
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

// release gives a process back, and its slot. One that is to end has ended before
// the slot is free.
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

// start starts a process and makes it ready. That belongs to no caller: one that
// goes away meanwhile leaves a process for the next.
func (p *pool) start() (*process, error) {
	process, err := p.spawn()
	if err != nil {
		return nil, &Error{Status: 500, Code: "FunctionNotStarted", Message: err.Error()}
	}
	p.add(process)
	if err := p.initialize(process); err != nil {
		p.bury(process)
		return nil, err
	}
	return process, nil
}

func (p *pool) spawn() (*process, error) {
	folder, err := filepath.Abs(p.folder())
	if err != nil {
		return nil, err
	}
	api, err := listen(func(header http.Header, c *call) { c.describe(header, p.function, p.config.Credentials()) })
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(folder, p.function.Handler))
	cmd.Dir, cmd.Env = folder, p.environ(folder)
	process, err := startProcess(cmd, api, p.output.lines(p.function.Resource), p.spawner)
	if err != nil {
		return nil, err
	}
	process.freeze = p.config.Freeze
	return process, nil
}

func (p *pool) folder() string {
	if filepath.IsAbs(p.function.Code) {
		return p.function.Code
	}
	return filepath.Join(p.config.Dir, p.function.Code)
}

// warm has a process ready, and its initializer called.
func (p *pool) warm(ctx context.Context) error {
	process, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer p.release(process)
	if p.function.Lifecycle.Initializer != nil {
		return nil // called already
	}
	return p.callInitializer(process, p.function.Timeout())
}

// initialize makes a process ready for calls.
func (p *pool) initialize(process *process) error {
	if hook := p.function.Lifecycle.Initializer; hook != nil {
		return p.callInitializer(process, hook.Timeout())
	}
	return p.awaitPoll(process)
}

func (p *pool) callInitializer(process *process, limit time.Duration) error {
	c := newCall(initialize, nil, limit)
	_, err := process.do(context.Background(), c)
	if errors.Is(err, errNotTaken) {
		err = errExited(c, process.describeEnd())
	}
	if err != nil {
		return errInit(c, err)
	}
	return nil
}

// awaitPoll waits until a process without an initializer asks for work: one that ends
// before would be started again and again.
func (p *pool) awaitPoll(process *process) error {
	c := p.newCall(nil)
	limit := time.NewTimer(c.timeout)
	defer limit.Stop()
	select {
	case <-process.api.polled:
		return nil
	case <-process.exited:
		return errExited(c, process.describeEnd())
	case <-limit.C:
		return errTimeout(c)
	}
}

// stop lets running calls finish and ends all processes in order, or without it when
// ctx ends.
func (p *pool) stop(ctx context.Context) error {
	close(p.closed)
	inTime := context.AfterFunc(ctx, p.killAll)
	defer inTime()
	for range cap(p.slots) {
		p.slots <- struct{}{} // a call that runs gives its slot back when it ends, also when killed
	}
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	faults := make([]error, len(idle))
	var running sync.WaitGroup
	for i, process := range idle {
		running.Go(func() { faults[i] = p.retire(ctx, process) })
	}
	running.Wait()
	return errors.Join(faults...)
}

// retire gives a process its preStop call and ends it.
func (p *pool) retire(ctx context.Context, process *process) error {
	defer p.bury(process)
	hook := p.function.Lifecycle.PreStop
	if hook == nil || !process.alive() {
		return nil
	}
	_, err := process.do(ctx, newCall(preStop, nil, hook.Timeout()))
	if err != nil && !errors.Is(err, errNotTaken) {
		return fmt.Errorf("stop function %q: %w", p.function.Resource, err)
	}
	return nil
}

func (p *pool) add(process *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[process] = true
	if p.dead {
		process.kill()
	}
}

// bury ends a process that is in nobody's hands any more.
func (p *pool) bury(process *process) {
	process.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, process)
}

func (p *pool) killAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	for process := range p.all {
		process.kill()
	}
}

func (p *pool) pids() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for process := range p.all {
		if process.alive() {
			pids = append(pids, process.cmd.Process.Pid)
		}
	}
	return pids
}
