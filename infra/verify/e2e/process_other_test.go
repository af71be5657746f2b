//go:build unix && !linux

package e2e

import "syscall"

// childAttributes puts a child into a process group of its own, so that a terminal's signals do not
// reach it.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
