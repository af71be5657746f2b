//go:build unix && !linux

package e2e

import "syscall"

// childAttributes returns attributes that put a child process into its own process group, so that
// signals from a terminal do not reach the child.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
