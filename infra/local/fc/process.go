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

// process is one running binary.
type process struct {
	link   link
	cmd    *exec.Cmd
	output *lineWriter
	memory memory

	calls  int           // the number of running calls; guarded by pool.mu
	doomed atomic.Bool   // whether the process gets no more calls
	exited chan struct{} // closed after the process has exited
	err    error         // the result of Wait; may be read once exited is closed
}

// outputDelay is how long a dead process's children may keep its output open.
const outputDelay = time.Second

// start starts the process.
func (p *process) start(spawner *spawner, proc string) error {
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p.output, p.output, outputDelay
	p.cmd.Env = append(p.cmd.Env, p.link.environ()...)
	if err := spawner.start(p.cmd); err != nil {
		p.link.close()
		return err
	}
	// openMeter fails if the process has exited already, or if canMeasure reports false.
	p.memory.meter, _ = openMeter(proc, p.cmd.Process.Pid)
	go p.reap()
	return nil
}

// reap waits for the process to exit, and only then closes the link to the process.
func (p *process) reap() {
	p.err = p.cmd.Wait()
	p.output.flush()
	p.memory.meter.close()
	close(p.exited)
	p.link.close()
}

// do hands a call to the process, waits for the result, and logs how much memory the call used.
func (p *process) do(ctx context.Context, c *call) (result, *Error) {
	began := time.Now()
	p.memory.begin()
	r, fault := p.run(ctx, c)
	exceeded := p.memory.end()
	if fault == errNotTaken {
		return result{}, fault
	}
	if p.alive() && exceeded { // the limit was exceeded after the last poll
		fault = p.killForMemory()
	}
	p.report(c, time.Since(began))
	return r, fault
}

// run hands a call to the process and waits until the result arrives or the call times out.
func (p *process) run(caller context.Context, c *call) (result, *Error) {
	ctx, cancel := context.WithTimeout(caller, c.timeout)
	defer cancel()
	c.deadline = time.Now().Add(c.timeout)
	switch {
	case p.link.pass(ctx, c, p.exited):
		return p.await(ctx, caller, c)
	case ctx.Err() == nil:
		return result{}, errNotTaken
	case caller.Err() != nil:
		return result{}, errCanceled()
	}
	return result{}, p.timeOut(c)
}

func (p *process) await(ctx, caller context.Context, c *call) (result, *Error) {
	poll := time.NewTicker(p.memory.poll)
	defer poll.Stop()
	for {
		select {
		case r := <-c.done:
			return r, r.fault
		case <-p.exited:
			return p.lastResult(c)
		case <-ctx.Done():
			if caller.Err() == nil {
				return result{}, p.timeOut(c)
			}
			if !p.link.canAbandon() {
				p.doomed.Store(true)
			}
			return result{}, errCanceled()
		case <-poll.C:
			if p.memory.exceeded() {
				return result{}, p.killForMemory()
			}
		}
	}
}

// timeOut returns the error for a call that took too long. It also marks the process, which then
// gets no more calls and is killed after its other calls.
func (p *process) timeOut(c *call) *Error {
	p.doomed.Store(true)
	return errTimeout(c.timeout)
}

// lastResult returns the result that the process delivered before it exited, or an error if it
// delivered none.
func (p *process) lastResult(c *call) (result, *Error) {
	select {
	case r := <-c.done:
		return r, r.fault
	default:
		return result{}, errExited(p.describeEnd())
	}
}

// describeEnd returns the exit status and the last line that the process printed.
func (p *process) describeEnd() string {
	if p.memory.isFatal.Load() {
		return fmt.Sprintf("it used more memory than its memorySize, %d MB", p.memory.limit>>20)
	}
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
