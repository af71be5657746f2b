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

// samples holds one measured value for each of several calls.
type samples []float64

// percentile returns the p-th percentile, or 0 if there are no values. As a side effect it sorts s.
func (s samples) percentile(p int) float64 {
	if len(s) == 0 {
		return 0
	}
	slices.Sort(s)
	return s[min(len(s)*p/100, len(s)-1)]
}

func (s samples) median() float64 { return s.percentile(50) }
func (s samples) max() float64    { return s.percentile(100) }

func (s samples) mean() float64 {
	sum := 0.0
	for _, v := range s {
		sum += v
	}
	return sum / float64(max(len(s), 1))
}

// timeEach calls do with each device, one after another, and returns the duration of each call in
// ms.
func timeEach(devices []device, do func(device) error) (took samples, err error) {
	for _, d := range devices {
		began := time.Now()
		if err := do(d); err != nil {
			return nil, err
		}
		took = append(took, milliseconds(time.Since(began)))
	}
	return took, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / 1e6 }
