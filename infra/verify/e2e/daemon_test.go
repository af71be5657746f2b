package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// daemon is a process that runs until the test stops it, or until the test ends.
type daemon struct {
	cmd    *exec.Cmd
	output *output
	exited chan struct{} // closed when the process has exited
	err    error         // the result of cmd.Wait; may be read once exited is closed
}

// startDaemon starts a process and logs its output if the test fails. If awaited is not nil,
// startDaemon waits until the output matches awaited. It then returns the match and its capture
// groups.
func startDaemon(t *testing.T, cmd *exec.Cmd, awaited *regexp.Regexp) (d *daemon, match []string) {
	t.Helper()
	d = &daemon{cmd: cmd, output: newOutput(awaited), exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = d.output, d.output, childAttributes()
	require.NoError(t, cmd.Start())
	go func() {
		d.err = cmd.Wait()
		close(d.exited)
	}()
	t.Cleanup(func() { d.end(t) })
	if awaited != nil {
		match = d.awaitOutput(t)
	}
	return d, match
}

// end kills the process if it is still running, and logs its output if the test failed.
func (d *daemon) end(t *testing.T) {
	select {
	case <-d.exited: // the process has exited, so its id may already belong to another process
	default:
		killFamily(d.cmd.Process.Pid)
		<-d.exited
	}
	if t.Failed() {
		t.Logf("output of %s:\n%s", d, d.output.tail())
	}
}

func (d *daemon) String() string { return filepath.Base(d.cmd.Path) }

// killFamily kills a process and the other processes in its process group. It also kills the
// children of the process, which have process groups of their own.
func killFamily(pid int) {
	offspring := children(pid)
	syscall.Kill(-pid, syscall.SIGKILL)
	for _, p := range offspring {
		p.kill()
	}
}

func (d *daemon) awaitOutput(t *testing.T) (match []string) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case match = <-d.output.found:
	case <-d.exited:
		require.FailNow(t, d.String()+" ended before it was ready", "%v\n%s", d.err, d.output.tail())
	case <-limit.C:
		require.FailNow(t, d.String()+" did not become ready in time", d.output.tail())
	}
	return match
}

func (d *daemon) awaitExit(t *testing.T) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-d.exited:
	case <-limit.C:
		require.FailNow(t, d.String()+" did not stop in time", d.output.tail())
	}
}

// stop asks the process to stop by sending it a signal. The process must stop cleanly, with exit
// status 0.
func (d *daemon) stop(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, d.cmd.Process.Signal(signal))
	d.awaitExit(t)
	require.NoError(t, d.err, d.output.tail())
}

// kill kills the process without warning and waits until it has exited.
func (d *daemon) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, d.cmd.Process.Kill())
	d.awaitExit(t)
}
