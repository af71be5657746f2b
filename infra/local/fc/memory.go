package fc

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// memory measures how much memory the calls of one process use. The platform ends an instance that
// exceeds memorySize, and its calls fail. setrlimit cannot imitate this limit: RLIMIT_AS keeps a Go
// process from starting, and RLIMIT_DATA also counts memory that Go only reserves.
//
// A measurement lasts until the process is idle. Concurrent calls therefore share a measurement,
// and each of them reports the memory of all.
type memory struct {
	meter   *meter // nil if memory cannot be measured
	limit   int64  // the function's memorySize, in bytes
	poll    time.Duration
	isFatal atomic.Bool // whether the process was killed for exceeding the limit

	mu    sync.Mutex
	calls int   // the number of running calls
	used  int64 // the largest amount seen during the measurement, in bytes
}

// begin marks the start of a call. If no other call is running, it starts a new measurement, which
// ignores memory that earlier calls have freed.
func (m *memory) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls == 0 {
		m.used = 0
		m.meter.reset()
	}
	m.calls++
}

// end marks the end of a call and returns the result of exceeded.
func (m *memory) end() bool {
	exceeded := m.exceeded()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls--
	return exceeded
}

// exceeded updates m.used. It reports whether the process has used more than the limit since the
// measurement began, even if only for a moment.
func (m *memory) exceeded() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used = max(m.used, m.meter.peak())
	return m.used > m.limit
}

// peak returns the largest memory use during the measurement, in bytes.
func (m *memory) peak() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// canMeasure reports whether this system can show and reset the peak memory of a process.
func canMeasure(proc string) bool {
	meter, err := openMeter(proc, os.Getpid())
	meter.close()
	return err == nil
}

// killForMemory kills a process that has exceeded its memorySize, logs the reason once, and returns
// the error for the caller.
func (p *process) killForMemory() *Error {
	if !p.memory.isFatal.Swap(true) {
		p.kill()
		p.output.note(fmt.Sprintf("%s exceeded %d MB (memorySize): its process was killed", p.output.function, p.memory.limit>>20))
	}
	return errExited(p.describeEnd())
}

// report logs a line about a call, as the platform does. took is the duration of the call.
func (p *process) report(c *call, took time.Duration) {
	if p.memory.meter == nil {
		return
	}
	p.output.note(fmt.Sprintf("RequestId: %s, Duration: %.2f ms, Memory Size: %d MB, Max Memory Used: %.2f MB",
		c.id, float64(took)/float64(time.Millisecond), p.memory.limit>>20, float64(p.memory.peak())/(1<<20)))
}
