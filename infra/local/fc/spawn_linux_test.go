package fc

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Closing the spawner must not end the thread that it uses. Other code may have started processes
// with a Pdeathsig on the same thread, and the kernel would kill these processes when the thread
// exits.
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
