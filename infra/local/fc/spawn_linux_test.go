package fc

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Other code may have started processes on the thread that the spawner uses. If the thread exits,
// those with a Pdeathsig are killed. Closing the spawner must therefore not end the thread.
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
		require.NoError(t, exec.Command("true").Run()) // gives the spawner's thread time to exit
		require.NoError(t, other.Process.Signal(syscall.SIGTERM))
		require.ErrorContains(t, other.Wait(), "terminated")
	}
}
