package main

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	// minPause is the shortest pause between two attempts. It is used if the recorder requests
	// none.
	minPause = time.Second
	// maxPause is the longest pause between two attempts. If the recorder requests a longer one,
	// the command fails, because its operator is waiting.
	maxPause = 5 * time.Minute
)

// requestedPause returns the pause that a Retry-After header requests. The header holds a number of
// seconds or a date. The pause is at least minPause, and is minPause if the header is invalid.
func requestedPause(header string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(header, 10, 31) // if the error is ErrRange, seconds is the maximum
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return max(minPause, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(minPause, at.Sub(now).Round(time.Second))
	}
	return minPause
}
