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

// peakOf returns the largest amount of memory, in bytes, that any call of the function has used since
// the stack was started. The host resets the peak of a process before each call, so the peak of the
// process itself covers only the last call.
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
