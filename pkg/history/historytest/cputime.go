package historytest

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// CPUTime returns the CPU time that do takes. Meanwhile, garbage is collected only if memory
// exceeds 1 GiB. Other load on the machine can only lengthen the result, so CPUTime returns the
// shortest of three attempts. No other test may run at the same time in this process.
func CPUTime(t require.TestingT, do func()) time.Duration {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	shortest := time.Hour
	for range 3 {
		runtime.GC()
		before := usage(t)
		do()
		shortest = min(shortest, usage(t)-before)
	}
	return shortest
}

func usage(t require.TestingT) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
