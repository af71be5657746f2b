package fc

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
)

// spawner starts processes that die with the host, even if the host is killed. Linux kills each of
// these processes when the thread that started the process exits, even if the host lives on. So one
// thread starts all processes, and this thread lives as long as the host.
type spawner struct {
	starts chan func()
	closed chan struct{}
}

func newSpawner() *spawner {
	s := &spawner{starts: make(chan func()), closed: make(chan struct{})}
	go s.run()
	return s
}

func (s *spawner) run() {
	runtime.LockOSThread()
	// Unlock the thread at the end, because otherwise it would exit with this goroutine. Linux
	// would then kill processes with a Pdeathsig that other goroutines had started on the same
	// thread earlier.
	defer runtime.UnlockOSThread()
	for {
		select {
		case start := <-s.starts:
			start()
		case <-s.closed:
			return
		}
	}
}

// start starts a process in its own process group, so that Ctrl-C in the terminal reaches
// only the host, which then stops its processes gracefully.
func (s *spawner) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	result := make(chan error, 1)
	select {
	case s.starts <- func() { result <- cmd.Start() }:
		return <-result
	case <-s.closed:
		return errors.New("the host has stopped")
	}
}

// close releases the thread that started the processes. It must not be called before all processes
// have exited, because they might die with the thread.
func (s *spawner) close() { close(s.closed) }
