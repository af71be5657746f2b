package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// usedMemory matches the line that the function host logs after each call. It captures the
// function's name and the call's peak memory in MB.
var usedMemory = regexp.MustCompile(`(?m)^(\w+) \| RequestId: \S+, Duration: \S+ ms, Memory Size: \d+ MB, Max Memory Used: (\d+\.\d\d) MB$`)

// peakOf returns the highest peak memory, in bytes, of any call to the function since the stack was
// started. It reads the peaks from the host's log. /proc shows only the peak of a process's last
// call, because the host resets the peak before each call.
func (s *stack) peakOf(t *testing.T, function string) int {
	t.Helper()
	needsProc(t)
	logged, err := os.ReadFile(filepath.Join(s.data, "functions.log"))
	require.NoError(t, err)
	peak := 0.0
	for _, match := range usedMemory.FindAllStringSubmatch(string(logged), -1) {
		used, err := strconv.ParseFloat(match[2], 64)
		require.NoError(t, err)
		if match[1] == function {
			peak = max(peak, used)
		}
	}
	require.NotZero(t, peak, "no call of %s was measured", function)
	return int(peak * (1 << 20))
}

// memoryLimits is the peak memory, in bytes, that each function must stay below, whatever the
// input. The recorder and the query function may use seven eighths of memorySize: the Go runtime
// lets garbage grow to four fifths, and the rest is margin. The compactor must stay below a
// quarter. Its memorySize is higher only because Function Compute requires 1 GB for each core.
var memoryLimits = map[string]int{"recorder": 448 << 20, "query": 448 << 20, "compactor": 256 << 20}

// requireMemory checks that the peak memory of each given function, since the stack was started, is
// below its limit in memoryLimits.
func (s *stack) requireMemory(t *testing.T, functions ...string) {
	t.Helper()
	for _, function := range functions {
		peak := s.peakOf(t, function)
		require.Less(t, peak, memoryLimits[function], function)
		t.Logf("peak memory of %s: %d MiB", function, peak>>20)
	}
}
