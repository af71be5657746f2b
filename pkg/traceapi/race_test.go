//go:build race

package traceapi

// lives is the number of devices in the test of a replay. It is low with the race detector, which
// slows the Parquet library down by a factor of thirty.
const lives = 40
