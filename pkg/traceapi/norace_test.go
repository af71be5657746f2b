//go:build !race

package traceapi

// lives is the number of devices in the test of a replay.
const lives = 1000
