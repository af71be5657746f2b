package fc

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
)

// spawner starts processes that die with the host, even if that is killed. Linux
// watches the thread that started a process, not its parent process; so one thread
// starts them all, and lives as long as the host.
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
	// A thread whose goroutine ends while it is locked ends, too, and with it what others had
	// started on it before.
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

// start starts a process in a group of its own: Ctrl-C in the terminal is the
// host's, which then ends its processes in order.
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

// close must not come before the end of the processes: their thread is not kept any more.
func (s *spawner) close() { close(s.closed) }
