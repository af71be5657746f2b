package fc

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClosedSpawnerKillsNothingElse: the thread that it takes may have started processes
// that are to die with it.
func TestClosedSpawnerKillsNothingElse(t *testing.T) {
	for range 50 {
		other := exec.Command("sleep", "60")
		other.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		require.NoError(t, other.Start())
		s := newSpawner()
		ours := exec.Command("true")
		require.NoError(t, s.start(ours))
		require.NoError(t, ours.Wait())
		s.close()
		require.NoError(t, exec.Command("true").Run()) // time for a thread to end
		require.NoError(t, other.Process.Signal(syscall.SIGTERM))
		require.ErrorContains(t, other.Wait(), "terminated")
	}
}
