package e2e

import "syscall"

// childAttributes gives a process a group of its own, so that nothing of a terminal reaches it,
// and ends it if we are killed and cannot.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
