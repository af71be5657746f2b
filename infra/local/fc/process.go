package fc

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// errNotTaken says that a process ended before it took a call: another may have it.
var errNotTaken = errors.New("the process ended before the call")

// process is one running binary. Whoever has it from the pool is the only one to
// call do.
type process struct {
	api    *runtimeAPI
	cmd    *exec.Cmd
	output *lineWriter
	freeze bool

	doomed atomic.Bool
	exited chan struct{} // closed when it is gone
	how    error         // why; to be read when exited is closed
}

// outputDelay is how long a process's heirs may hold on to its output.
const outputDelay = time.Second

func startProcess(cmd *exec.Cmd, api *runtimeAPI, output *lineWriter, spawner *spawner) (*process, error) {
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = output, output, outputDelay
	cmd.Env = append(cmd.Env, "FC_RUNTIME_API="+api.address())
	if err := spawner.start(cmd); err != nil {
		api.close()
		return nil, err
	}
	p := &process{api: api, cmd: cmd, output: output, exited: make(chan struct{})}
	go p.reap()
	return p, nil
}

// reap waits for the end, and only then takes the runtime API away.
func (p *process) reap() {
	p.how = p.cmd.Wait()
	p.output.flush()
	close(p.exited)
	p.api.close()
}

// do hands a call over and waits for its end. A process that is late, or whose
// caller goes away in the middle, is killed, since it cannot be told to stop.
func (p *process) do(ctx context.Context, c *call) ([]byte, error) {
	limit := time.NewTimer(c.timeout)
	defer limit.Stop()
	p.thaw()
	defer p.pause()
	c.deadline = time.Now().Add(c.timeout)
	select {
	case p.api.work <- c:
		return p.await(ctx, c, limit.C)
	case <-p.exited:
		return nil, errNotTaken
	case <-ctx.Done():
		return nil, errCanceled(c)
	case <-limit.C:
		p.kill()
		return nil, errTimeout(c)
	}
}

func (p *process) await(ctx context.Context, c *call, limit <-chan time.Time) ([]byte, error) {
	select {
	case r := <-c.done:
		return r.result(c)
	case <-p.exited:
		return p.lastWords(c)
	case <-ctx.Done():
		p.kill()
		return nil, errCanceled(c)
	case <-limit:
		p.kill()
		return nil, errTimeout(c)
	}
}

// lastWords is the reply of a process that has ended, if it posted one.
func (p *process) lastWords(c *call) ([]byte, error) {
	select {
	case r := <-c.done:
		return r.result(c)
	default:
		return nil, errExited(c, p.describeEnd())
	}
}

func (p *process) describeEnd() string {
	how := "exit status 0"
	if p.how != nil {
		how = p.how.Error()
	}
	if line := p.output.lastLine(); line != "" {
		how += fmt.Sprintf("; its last line was %q", line)
	}
	return how
}

func (r reply) result(c *call) ([]byte, error) {
	if r.failed {
		return nil, errUnhandled(c, r.payload)
	}
	if r.tooLarge {
		return nil, errReply(c, "the function's answer is longer than 6 MB")
	}
	return r.payload, nil
}

func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return !p.doomed.Load()
	}
}

// kill ends the process and what it may have started. It does not wait.
func (p *process) kill() {
	p.doomed.Store(true)
	p.signal(syscall.SIGKILL)
}

// end kills the process and waits until it is gone.
func (p *process) end() {
	p.kill()
	<-p.exited
}

// pause stops the process between calls, if it is to be, until thaw.
func (p *process) pause() {
	if p.freeze && p.alive() {
		p.signal(syscall.SIGSTOP)
	}
}

func (p *process) thaw() {
	if p.freeze {
		p.signal(syscall.SIGCONT)
	}
}

// signal goes to the process's group, which has its id.
func (p *process) signal(signal syscall.Signal) {
	select {
	case <-p.exited:
	default:
		syscall.Kill(-p.cmd.Process.Pid, signal)
	}
}
