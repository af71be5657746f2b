//go:build unix && !linux

package fc

import (
	"os/exec"
	"strconv"
	"syscall"
)

// spawner starts processes that die with the host, even if that is killed: beside
// each stands a shell that waits for the end of a pipe only the host holds open, and
// then kills the process.
type spawner struct{}

func newSpawner() *spawner { return &spawner{} }

// start starts a process in a group of its own: Ctrl-C in the terminal is the
// host's, which then ends its processes in order.
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

// watch leaves a shell behind that kills the group when the host has gone. It stops
// by itself soon after the group has.
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
