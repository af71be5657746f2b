//go:build unix && !linux

package e2e

import "syscall"

// childAttributes gives a process a group of its own, so that nothing of a terminal reaches it.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
