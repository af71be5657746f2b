package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// cpu is what this process has used so far, user and system.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// timing is how long calls took.
type timing struct {
	each []time.Duration // sorted
	cpu  time.Duration   // of all together
}

// timeEach calls do(0) to do(n-1), one after the other.
func timeEach(n int, do func(i int) error) (timing, error) {
	t := timing{each: make([]time.Duration, n)}
	runtime.GC() // what came before is not counted
	before := cpu()
	for i := range n {
		began := time.Now()
		if err := do(i); err != nil {
			return timing{}, err
		}
		t.each[i] = time.Since(began)
	}
	t.cpu = cpu() - before
	slices.Sort(t.each)
	return t, nil
}

// percentile is the least time that so many of a hundred calls do not exceed, in ms.
func (t timing) percentile(p float64) float64 {
	if len(t.each) == 0 {
		return 0
	}
	at := min(int(p/100*float64(len(t.each))), len(t.each)-1)
	return milliseconds(t.each[at])
}

// cpuEach is the mean of a call, in ms.
func (t timing) cpuEach() float64 {
	return milliseconds(t.cpu) / float64(max(len(t.each), 1))
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }

func microseconds(d time.Duration) float64 { return float64(d) / 1e3 }

// perSecond is a rate; 0 where nothing took time.
func perSecond(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}
