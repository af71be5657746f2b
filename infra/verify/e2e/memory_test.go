package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// usedMemory matches the line that the function host logs after each call, and captures the
// function's name and the largest amount of memory, in MB, that its process used during the call.
var usedMemory = regexp.MustCompile(`(?m)^(\w+) \| RequestId: \S+, Duration: \S+ ms, Memory Size: \d+ MB, Max Memory Used: (\d+\.\d\d) MB$`)

// peakOf returns the largest amount of memory, in bytes, that any call of the function has used
// since the stack was started. The host resets the peak of a process before each call, so the peak
// of the process itself covers only the last call.
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

// memoryLimits holds, for each function, the maximum number of bytes that it may use, whatever its
// input: seven eighths of memorySize in s.yaml, or one quarter for the compactor. The Go runtime of
// the recorder and of the query function lets garbage grow to four fifths.
var memoryLimits = map[string]int{"recorder": 448 << 20, "query": 448 << 20, "compactor": 256 << 20}

// requireMemory checks the peak memory of the given functions since the stack was started.
func (s *stack) requireMemory(t *testing.T, functions ...string) {
	t.Helper()
	for _, function := range functions {
		peak := s.peakOf(t, function)
		require.Less(t, peak, memoryLimits[function], function)
		t.Logf("peak memory of %s: %d MiB", function, peak>>20)
	}
}
