package fc

import (
	"context"
	"fmt"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// errNotTaken means that the process exited before it took the call, so another process may run the
// call.
var errNotTaken = &Error{Code: "ProcessExited", Message: "the process ended before the call"}

// process is one running binary. It runs one call at a time, so calls to process.do must not be
// concurrent.
type process struct {
	api    *runtimeAPI
	cmd    *exec.Cmd
	output *lineWriter
	memory memory

	doomed atomic.Bool
	exited chan struct{} // closed after the process has exited
	err    error         // the result of Wait; may be read once exited is closed
}

// outputDelay is how long a dead process's children may keep its output open.
const outputDelay = time.Second

// start starts the process.
func (p *process) start(spawner *spawner, proc string) error {
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p.output, p.output, outputDelay
	p.cmd.Env = append(p.cmd.Env, "FC_RUNTIME_API="+p.api.address())
	if err := spawner.start(p.cmd); err != nil {
		p.api.close()
		return err
	}
	// openMeter fails if the process has exited already, or if canMeasure reports false.
	p.memory.meter, _ = openMeter(proc, p.cmd.Process.Pid)
	go p.reap()
	return nil
}

// reap waits for the process to exit, and only then closes the runtime API of the process.
func (p *process) reap() {
	p.err = p.cmd.Wait()
	p.output.flush()
	p.memory.meter.close()
	close(p.exited)
	p.api.close()
}

// do hands a call to the process, waits for the result, and logs how much memory the call used.
func (p *process) do(ctx context.Context, c *call) ([]byte, *Error) {
	began := time.Now()
	p.memory.begin()
	response, fault := p.run(ctx, c)
	if fault == errNotTaken {
		return nil, fault
	}
	if p.alive() && p.memory.exceeded() { // the limit was exceeded after the last poll
		response, fault = nil, p.killForMemory()
	}
	p.report(c, time.Since(began))
	return response, fault
}

// run hands a call to the process and waits for the result. If the call times out, the process is
// killed, because there is no way to make it abandon a call. If ctx is canceled, the process is
// killed only if it has already taken the call.
func (p *process) run(ctx context.Context, c *call) ([]byte, *Error) {
	limit := time.After(c.timeout)
	c.deadline = time.Now().Add(c.timeout)
	select {
	case p.api.work <- c:
		return p.await(ctx, c, limit)
	case <-p.exited:
		return nil, errNotTaken
	case <-ctx.Done():
		return nil, errCanceled()
	case <-limit:
		p.kill()
		return nil, errTimeout(c.timeout)
	}
}

func (p *process) await(ctx context.Context, c *call, limit <-chan time.Time) ([]byte, *Error) {
	poll := time.NewTicker(p.memory.poll)
	defer poll.Stop()
	for {
		select {
		case r := <-c.done:
			return r.response()
		case <-p.exited:
			return p.lastResponse(c)
		case <-ctx.Done():
			p.kill()
			return nil, errCanceled()
		case <-limit:
			p.kill()
			return nil, errTimeout(c.timeout)
		case <-poll.C:
			if p.memory.exceeded() {
				return nil, p.killForMemory()
			}
		}
	}
}

// lastResponse returns the response that the process posted before it exited, or an error if it
// posted none.
func (p *process) lastResponse(c *call) ([]byte, *Error) {
	select {
	case r := <-c.done:
		return r.response()
	default:
		return nil, errExited(p.describeEnd())
	}
}

// describeEnd returns the exit status and the last line that the process printed.
func (p *process) describeEnd() string {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	if line := p.output.lastLine(); line != "" {
		how += fmt.Sprintf("; its last line was %q", line)
	}
	return how
}

// alive reports whether the process can take a call.
func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return !p.doomed.Load()
	}
}

// kill kills the process and its children by killing the process group. It does not wait for them
// to exit.
func (p *process) kill() {
	p.doomed.Store(true)
	select {
	case <-p.exited:
	default:
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// end kills the process and waits for it to exit.
func (p *process) end() {
	p.kill()
	<-p.exited
}
