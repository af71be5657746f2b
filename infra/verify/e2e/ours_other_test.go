//go:build unix && !linux

package e2e

import "syscall"

// ofOurs gives a process a group of its own, so that nothing of a terminal reaches it.
func ofOurs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
