package e2e

import "syscall"

// childAttributes returns attributes that put a child process into its own process group, so that
// signals from a terminal do not reach the child. The kernel kills the child if this process dies
// without cleaning up.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
