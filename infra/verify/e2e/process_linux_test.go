package e2e

import "syscall"

// childAttributes returns attributes for starting a child process. The child gets its own process
// group, so that signals from a terminal do not reach it. If this process dies, the kernel kills
// the child.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
