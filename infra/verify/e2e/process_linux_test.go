package e2e

import "syscall"

// childAttributes puts a child into a process group of its own, so that a terminal's signals do not
// reach it, and lets the kernel kill it if this process dies without cleaning up.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
