//go:build linux && !race

package diagnose_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// busyDayVariable is an environment variable. If it is set to the name of a busy day,
// TestBusyDaysTakeLittleMemory only processes that day and prints the peak memory of the process.
const busyDayVariable = "DIAGNOSE_BUSY_DAY"

// A process that reads and explains one of the busiest days must stay within 256 MB.
func TestBusyDaysTakeLittleMemory(t *testing.T) {
	if name := os.Getenv(busyDayVariable); name != "" {
		busyDay(busy, busyDays[name])
		status, err := os.ReadFile("/proc/self/status")
		require.NoError(t, err)
		fmt.Printf("%s\n", regexp.MustCompile(`VmHWM:\s+\d+ kB`).Find(status))
		return
	}
	for _, name := range []string{"flapping", "logins perhaps refused", "a node for each connect"} { // the last two in this list take more memory than any other busy day
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBusyDaysTakeLittleMemory$")
		child.Env = append(os.Environ(), busyDayVariable+"="+name)
		output, err := child.CombinedOutput()
		require.NoError(t, err, "%s", output)
		var peak int
		_, err = fmt.Sscanf(string(output), "VmHWM: %d kB", &peak)
		require.NoError(t, err, "%s", output)
		t.Logf("%s: peak %d MB", name, peak>>10)
		require.Less(t, peak, 256<<10, name)
	}
}
