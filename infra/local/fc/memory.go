package fc

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

// memory measures how much memory each call of one process uses. The platform ends an instance that
// exceeds memorySize, and its call fails. setrlimit cannot imitate this limit: RLIMIT_AS keeps a Go
// process from starting, and RLIMIT_DATA also counts memory that Go only reserves.
type memory struct {
	meter *meter // nil if memory cannot be measured
	limit int64  // the function's memorySize, in bytes
	poll  time.Duration
	used  int64 // the largest amount seen during the current call, in bytes
}

// begin starts a new measurement. It does not count memory that earlier calls have freed.
func (m *memory) begin() {
	m.used = 0
	m.meter.reset()
}

// exceeded updates m.used. It reports whether the process has used more than the limit since begin,
// even if only for a moment.
func (m *memory) exceeded() bool {
	m.used = max(m.used, m.meter.peak())
	return m.used > m.limit
}

// canMeasure reports whether this system can show and reset the peak memory of a process.
func canMeasure(proc string) bool {
	meter, err := openMeter(proc, os.Getpid())
	meter.close()
	return err == nil
}

// killForMemory kills a process that has exceeded its memorySize, logs the reason, and returns the
// error for the caller.
func (p *process) killForMemory() *Error {
	p.kill()
	megabytes := p.memory.limit >> 20
	p.output.note(fmt.Sprintf("%s exceeded %d MB (memorySize): its process was killed", p.output.function, megabytes))
	return newError(http.StatusBadGateway, "ProcessExited",
		"the function's process exited: it used more memory than its memorySize, %d MB", megabytes)
}

// report logs a line about a call, as the platform does. took is the duration of the call.
func (p *process) report(c *call, took time.Duration) {
	if p.memory.meter == nil {
		return
	}
	p.output.note(fmt.Sprintf("RequestId: %s, Duration: %.2f ms, Memory Size: %d MB, Max Memory Used: %.2f MB",
		c.id, float64(took)/float64(time.Millisecond), p.memory.limit>>20, float64(p.memory.used)/(1<<20)))
}
