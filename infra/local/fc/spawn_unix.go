//go:build unix && !linux

package fc

import (
	"os/exec"
	"strconv"
	"syscall"
)

// spawner starts processes that die with the host, even if the host is killed. Each
// process has a shell beside it that waits for the end of a pipe, which only the host
// holds open, and then kills the process.
type spawner struct{}

func newSpawner() *spawner { return &spawner{} }

// start starts a process in a group of its own, so that Ctrl-C in the terminal reaches
// only the host, which then ends its processes in order.
func (s *spawner) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := watch(cmd.Process.Pid); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return err
	}
	return nil
}

// watch starts a shell that kills the group once the host has gone. The shell ends soon
// after the group does.
func watch(group int) error {
	const script = `while kill -0 -- "-$0" 2>/dev/null; do read -r -t 1 line; [ $? -eq 1 ] && kill -9 -- "-$0"; done`
	watcher := exec.Command("/bin/bash", "-c", script, strconv.Itoa(group))
	watcher.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if _, err := watcher.StdinPipe(); err != nil {
		return err
	}
	if err := watcher.Start(); err != nil {
		return err
	}
	go watcher.Wait()
	return nil
}

func (s *spawner) close() {}
