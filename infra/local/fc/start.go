package fc

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"time"
)

// start returns a new process that has polled for its first call. start takes no context, because
// if the caller goes away, the process is not wasted: it can run the next call.
func (p *pool) start() (*process, *Error) {
	process, err := p.spawn()
	if err != nil {
		return nil, newError(http.StatusInternalServerError, "FunctionNotStarted", "%s", err)
	}
	p.add(process)
	if fault := p.awaitPoll(process); fault != nil {
		p.bury(process)
		return nil, fault
	}
	return process, nil
}

func (p *pool) spawn() (*process, error) {
	folder, err := p.folder()
	if err != nil {
		return nil, err
	}
	api, err := listen(func(header http.Header, c *call) { c.describe(header, p.function, p.config.Credentials()) })
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(folder, p.function.Handler))
	cmd.Dir, cmd.Env = folder, p.environ(folder)
	process := &process{
		api: api, cmd: cmd, output: p.output.lines(p.function.Resource), exited: make(chan struct{}),
		memory: memory{limit: int64(p.function.MemoryMB) << 20, poll: p.config.memoryPoll},
	}
	return process, process.start(p.spawner, p.config.proc)
}

// folder returns the function's code folder as an absolute path.
func (p *pool) folder() (string, error) {
	if filepath.IsAbs(p.function.Code) {
		return p.function.Code, nil
	}
	return filepath.Abs(filepath.Join(p.config.Dir, p.function.Code))
}

func (p *pool) add(process *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[process] = true
	if p.killed {
		process.kill()
	}
}

// awaitPoll waits until a process first asks for work, so that a process that exits at
// startup is not restarted in a loop.
func (p *pool) awaitPoll(process *process) *Error {
	select {
	case <-process.api.polled:
		return nil
	case <-process.exited:
		return errExited(process.describeEnd())
	case <-time.After(p.function.Timeout()):
		return errTimeout(p.function.Timeout())
	}
}
