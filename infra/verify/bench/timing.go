package main

import (
	"slices"
	"syscall"
	"time"
)

// cpu returns the CPU time that this process has used, both user and system time, including garbage
// collection. Unlike the elapsed time, the CPU time hardly depends on how busy the machine is.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// durations holds the elapsed time of each call.
type durations []time.Duration

// timeEach calls do with each device, one after another, and returns the duration of each call.
func timeEach(devices []device, do func(device) error) (took durations, err error) {
	for _, d := range devices {
		began := time.Now()
		if err := do(d); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// percentile returns the p-th percentile in ms. As a side effect it sorts d.
func (d durations) percentile(p int) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return milliseconds(d[min(len(d)*p/100, len(d)-1)])
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }
