package main

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	// minPause is the pause before another attempt if the recorder requests none.
	minPause = time.Second
	// maxPause is the longest pause that the command makes. If the recorder requests a longer one,
	// the command ends, because its operator is waiting.
	maxPause = 5 * time.Minute
)

// requestedPause returns the pause that a Retry-After header requests, as a number of seconds or as
// a date. The pause is at least minPause.
func requestedPause(header string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(header, 10, 31) // after ErrRange, seconds is the maximum
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return max(minPause, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(minPause, at.Sub(now).Round(time.Second))
	}
	return minPause
}
