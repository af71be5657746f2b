package fc

import (
	"os/exec"
	"path/filepath"
	"time"
)

// start starts a process, which cannot take calls until awaitReady returns nil. The caller must
// hold p.mu.
func (p *pool) start() (*process, error) {
	folder, err := p.folder()
	if err != nil {
		return nil, err
	}
	link, err := p.newLink()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(folder, p.function.Executable()))
	cmd.Dir, cmd.Env = folder, p.environ(folder)
	process := &process{
		link: link, cmd: cmd, output: p.output.lines(p.function.Resource), exited: make(chan struct{}),
		memory: memory{limit: int64(p.function.MemoryMB) << 20, poll: p.config.memoryPoll},
	}
	if err := process.start(p.spawner, p.config.proc); err != nil {
		return nil, err
	}
	if p.killed {
		process.kill()
	}
	return process, nil
}

// folder returns the function's code folder as an absolute path.
func (p *pool) folder() (string, error) {
	if filepath.IsAbs(p.function.Code) {
		return p.function.Code, nil
	}
	return filepath.Abs(filepath.Join(p.config.Dir, p.function.Code))
}

// awaitReady waits until a process can take calls. A process that exits or is not ready in time
// gets no call, so that a function that exits at startup is not restarted in a loop. awaitReady
// takes no context because a process stays useful if the caller goes away: it can run the next
// call.
func (p *pool) awaitReady(process *process) *Error {
	select {
	case <-process.link.ready():
		return nil
	case <-process.exited:
		return errExited(process.describeEnd())
	case <-time.After(p.function.Timeout()):
		process.doomed.Store(true)
		return process.link.late(p.function.Timeout())
	}
}
