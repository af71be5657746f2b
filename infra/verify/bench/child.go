package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// childArgument makes this program do one thing in a process of its own, so that its
// memory is its own.
const childArgument = "child-compact"

// peaks are what a process took at most, in MB.
type peaks struct {
	HeapMB     float64 `json:"heap_mb"`
	ResidentMB float64 `json:"resident_mb"`
	StartMB    float64 `json:"start_mb"` // resident before it did anything
}

// compactInChild compacts a bucket in a process of its own.
func compactInChild(ctx context.Context, bucket, dir string) (p peaks, err error) {
	program, err := os.Executable()
	if err != nil {
		return p, err
	}
	cmd := exec.CommandContext(ctx, program, childArgument, bucket, dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("compact in a child: %w", err)
	}
	return p, json.Unmarshal(out, &p)
}

// child is that process.
func child(ctx context.Context, arguments []string) error {
	p := peaks{StartMB: resident()}
	stop := watchHeap()
	if _, err := compactClosed(ctx, storeIn(arguments[0]), arguments[1]); err != nil {
		return err
	}
	p.HeapMB, p.ResidentMB = stop(), resident()
	return json.NewEncoder(os.Stdout).Encode(p)
}

// resident is the most that was resident so far, in MB.
func resident() float64 {
	kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(fieldOf("/proc/self/status", "VmHWM"), " kB"), 64)
	return kilobytes / 1024
}

// watchHeap looks at the heap every two milliseconds until it is stopped, and then
// tells the most that it saw, in MB.
func watchHeap() (stop func() float64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	var most atomic.Uint64
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			metrics.Read(sample)
			most.Store(max(most.Load(), sample[0].Value.Uint64()))
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(done)
		<-gone
		return float64(most.Load()) / (1 << 20)
	}
}
