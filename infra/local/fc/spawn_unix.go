//go:build unix && !linux

package fc

import (
	"os/exec"
	"strconv"
	"syscall"
)

// spawner starts processes that die with the host, even if the host is killed. For each process, a
// shell reads from a pipe. Only the host holds the other end of the pipe open. So when the host
// exits, the shell reads end of file and kills the process.
type spawner struct{}

func newSpawner() *spawner { return &spawner{} }

// start starts a process in its own process group, so that Ctrl-C in the terminal reaches
// only the host, which then stops its processes gracefully.
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

// watch starts a shell that kills a process group once the host process has exited. The shell
// itself exits soon after the group.
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
